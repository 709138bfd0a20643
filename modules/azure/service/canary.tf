# LATEST's share goes to the newest ready revision: until a new one is ready, to the one before it. So a canary whose
# image is on trial ends in steps, each of them one apply that ends when its revision is ready:
#   promote   { image = C, percent = 100 }, then image = C and null
#   withdraw  { image = C, percent = 0 }, { image = IMAGE, percent = 0 }, { image = IMAGE, percent = 100 }, then null
# Requests move before the mode changes: Azure has turned off an app whose newest revision had no requests when the mode
# became Single: https://github.com/microsoft/azure-container-apps/issues/679
data "azurerm_resources" "before" {
  type = "Microsoft.App/containerApps"
  name = var.name
}

# The app before this apply changes it; none on the first apply.
data "azurerm_container_app" "before" {
  count = length([for app in data.azurerm_resources.before.resources : app if lower(app.resource_group_name) == lower(var.place.resource_group)])

  name                = var.name
  resource_group_name = var.place.resource_group
}

locals {
  # Image and share of the newest revision, while a canary runs.
  trial = one([
    for app in data.azurerm_container_app.before : {
      image   = app.template[0].container[0].image
      percent = sum(concat([0], [for part in app.ingress[0].traffic_weight : part.percentage if part.latest_revision]))
    } if app.revision_mode == "Multiple"
  ])
  asked = var.canary == null ? 100 : var.canary.percent
}

# Read again after each change: the resource itself shows the previous revision's name until the next plan.
data "azurerm_container_app" "this" {
  name                = azurerm_container_app.this.name
  resource_group_name = var.place.resource_group

  depends_on = [azurerm_container_app.this]
}

# An apply ends when the newest revision is ready. If it does not become ready, every apply fails.
resource "terraform_data" "ready" {
  input = data.azurerm_container_app.this.latest_revision_name
  # Includes the image, so that a registry that is no longer used is deleted after this.
  triggers_replace = [data.azurerm_container_app.this.latest_revision_name, local.image]

  provisioner "local-exec" {
    interpreter = ["bash"]
    command     = "${path.module}/await"

    environment = {
      APP      = azurerm_container_app.this.id
      REVISION = data.azurerm_container_app.this.latest_revision_name
    }
  }
}
