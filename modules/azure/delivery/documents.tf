data "azurerm_client_config" "current" {}

locals {
  # Names of the stores that stacks/azure creates, by environment, as its module documents computes them.
  documents = {
    for environment, stack in var.environments : environment =>
    "${replace(stack, "-", "")}${substr(sha256("${data.azurerm_client_config.current.subscription_id} ${stack} ${stack}"), 0, 8)}"
  }
  # Stores of a platform's services match by prefix; hyphens are removed from their names.
  account = "@Resource[Microsoft.Storage/storageAccounts:name]"
  of_stores = { for environment, store in local.documents : environment => concat(
    ["${local.account} StringEquals '${store}'"],
    [for platform in [lookup(var.platforms, environment, "")] : "${local.account} StringStartsWith '${platform}'" if platform != ""],
  ) }
  # Condition that limits reading and writing blobs to some stores, and there to the container of the documents.
  of_documents = {
    for who, stores in merge(local.of_stores, { "" = flatten(values(local.of_stores)) }) : who => <<-EOT
      (
        (
          !(ActionMatches{'${local.blobs}/read'})
          AND !(ActionMatches{'${local.blobs}/write'})
          AND !(ActionMatches{'${local.blobs}/add/action'})
          AND !(ActionMatches{'${local.blobs}/delete'})
        )
        OR
        (
          @Resource[${trimsuffix(local.blobs, "/blobs")}:name] StringEquals 'documents'
          AND
          (
            ${join(" OR ", stores)}
          )
        )
      )
    EOT
  }
}

# The documents of the environment's stack, no matter who deployed it first. The planner reads them; nobody who plans
# writes them.
resource "azurerm_role_assignment" "deployer_documents" {
  for_each = var.environments

  scope                = data.azurerm_subscription.current.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.deployer[each.key].principal_id
  principal_type       = "ServicePrincipal"

  condition_version = "2.0"
  condition         = local.of_documents[each.key]
}

# Whoever creates the pipelines may also deploy after them.
resource "azurerm_role_assignment" "person_documents" {
  scope                = data.azurerm_subscription.current.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = data.azurerm_client_config.current.object_id

  condition_version = "2.0"
  condition         = local.of_documents[""]

  lifecycle {
    ignore_changes = [principal_id]
  }
}
