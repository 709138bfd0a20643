locals {
  # Maps each environment variable to the secret's name in Container Apps, which allows no capitals and no _, and to its
  # address in Key Vault. Without a version, the newest arrives within half an hour and restarts the instances:
  # https://learn.microsoft.com/azure/container-apps/manage-secrets#key-vault-secret-uri-and-secret-rotation
  secrets = { for variable, id in var.service.secrets : variable => {
    name = lower(replace(variable, "_", "-"))
    url  = "https://${split("/", id)[8]}.vault.azure.net/secrets/${split("/", id)[10]}"
  } }
}

resource "azurerm_role_assignment" "secret" {
  for_each = toset(values(var.service.secrets))

  scope                = each.key
  role_definition_name = "Key Vault Secrets User"
  principal_id         = var.principal
  principal_type       = "ServicePrincipal"

  # Deleted only after the service no longer uses the secret.
  lifecycle {
    create_before_destroy = true
  }
}

# As for the gateway's certificate, the right takes minutes to take effect, and Azure refuses a revision without it.
resource "terraform_data" "secrets" {
  count = length(var.service.secrets) > 0 ? 1 : 0

  triggers_replace = values(azurerm_role_assignment.secret)[*].id

  provisioner "local-exec" {
    interpreter = ["bash", "-c"]
    command     = "echo 'Waiting 3 minutes until the service may read its secrets' >&2; sleep $${SPREAD:-180}"
  }

  lifecycle {
    create_before_destroy = true
  }
}
