data "azurerm_subscription" "current" {}

locals {
  # A repository that was created, renamed or moved since 15 July 2026 has its ids in the subject; an older one does
  # not: https://docs.github.com/en/actions/reference/security/oidc
  # Entra compares only whole subjects, so a subject without ids is only as safe as the names in it; a repository that
  # has the new form does not need it.
  subjects = var.github == null ? {} : merge(
    { ids = "repo:${var.github.owner}@${var.github.owner_id}/${var.github.repository}@${var.github.repository_id}" },
    { for form in ["names"] : form => "repo:${var.github.owner}/${var.github.repository}" if var.github.old_subject },
  )
  issuer   = "https://token.actions.githubusercontent.com"
  audience = ["api://AzureADTokenExchange"]

  # The only claim about a branch that a subject can predictably contain: `ref` differs for each pull request.
  protected = { for answer in ["true", "false"] : answer => try(var.github.protected, false) ? ":ref_protected:${answer}" : "" }

  planner_jobs = {
    "pull-request" = "pull_request${local.protected["false"]}"
    branch         = "ref:refs/heads/${try(var.github.branch, "")}${local.protected["true"]}"
  }
  planner_trust = {
    for pair in setproduct(keys(local.planner_jobs), keys(local.subjects)) :
    join("-", pair) => "${local.subjects[pair[1]]}:${local.planner_jobs[pair[0]]}"
  }
  deployer_trust = {
    for pair in setproduct(keys(var.environments), keys(local.subjects)) : join("-", pair) => {
      environment = pair[0]
      subject     = "${local.subjects[pair[1]]}:environment:${pair[0]}${local.protected["true"]}"
    }
  }
}

resource "azurerm_user_assigned_identity" "planner" {
  name                = "${var.name}-planner"
  resource_group_name = var.place.resource_group
  location            = var.place.location
}

resource "azurerm_user_assigned_identity" "deployer" {
  for_each = var.environments

  name                = "${each.value}-deployer"
  resource_group_name = var.place.resource_group
  location            = var.place.location
}

resource "azurerm_federated_identity_credential" "planner" {
  for_each = local.planner_trust

  name                      = each.key
  user_assigned_identity_id = azurerm_user_assigned_identity.planner.id
  issuer                    = local.issuer
  audience                  = local.audience
  subject                   = each.value
}

resource "azurerm_federated_identity_credential" "deployer" {
  for_each = local.deployer_trust

  name                      = each.key
  user_assigned_identity_id = azurerm_user_assigned_identity.deployer[each.value.environment].id
  issuer                    = local.issuer
  audience                  = local.audience
  subject                   = each.value.subject
}
