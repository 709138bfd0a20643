data "azurerm_client_config" "current" {}

locals {
  # The stores that stacks/azure makes, by environment: the name that its module documents computes.
  documents = {
    for environment, stack in var.environments : environment =>
    "${replace(stack, "-", "")}${substr(sha256("${data.azurerm_client_config.current.subscription_id} ${stack} ${stack}"), 0, 8)}"
  }
  # And by their beginning those of a platform's services, whose names lose their hyphens.
  account = "@Resource[Microsoft.Storage/storageAccounts:name]"
  of_stores = { for environment, store in local.documents : environment => concat(
    ["${local.account} StringEquals '${store}'"],
    [for platform in [lookup(var.platforms, environment, "")] : "${local.account} StringStartsWith '${platform}'" if platform != ""],
  ) }
  # Condition on reading and writing blobs of some stores, and of those the container with the documents alone.
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

# The documents of its environment's stack, whoever deployed that first. They are read by the planner, and written by
# nobody who plans.
resource "azurerm_role_assignment" "deployer_documents" {
  for_each = var.environments

  scope                = data.azurerm_subscription.current.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.deployer[each.key].principal_id
  principal_type       = "ServicePrincipal"

  condition_version = "2.0"
  condition         = local.of_documents[each.key]
}

# Whoever makes the pipelines may deploy after them.
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
