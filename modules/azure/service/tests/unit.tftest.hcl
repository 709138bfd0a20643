# What runs, where it can be reached, and how it changes.
mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name        = "test"
  place       = { resource_group = "test", location = "westeurope" }
  image       = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  canary      = null
  cpu         = 1
  memory      = 2048
  instances   = { min = 2, max = 6 }
  environment = { MERIDIAN_DOCUMENTS_LOCATION = "azblob://test01234567.blob.core.windows.net/documents" }
  identity_id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.ManagedIdentity/userAssignedIdentities/test"
  puller      = null
  compute = {
    environment_id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.App/managedEnvironments/test"
    workspace_id   = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.OperationalInsights/workspaces/test"
    domain         = "happy-test.westeurope.azurecontainerapps.io"
  }
  principal = "99999999-1111-2222-3333-444444444444"
  service = {
    port          = 8080
    entrypoint    = null
    args          = null
    user          = null
    health        = { port = 8081, started = "/started", live = "/live", ready = "/ready" }
    start_seconds = 60
    stop_seconds  = 10
    secrets       = {}
    egress_ports  = []
    writable      = {}
    log_days      = 30
  }
  scale = { cpu = null, memory = null, requests = null }
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition = (
      azurerm_container_app.this.workload_profile_name == "Consumption" &&
      azurerm_container_app.this.template[0].min_replicas == 2 &&
      azurerm_container_app.this.template[0].max_replicas == 6
    )
    error_message = "The service must run in the Consumption profile with 2 to 6 instances."
  }
  assert {
    condition     = output.origin == "test.happy-test.westeurope.azurecontainerapps.io"
    error_message = "The origin must be the service's name in the environment's domain, so that the gateway finds it."
  }
  assert {
    # In an internal environment, external means only the network.
    condition = (
      azurerm_container_app.this.ingress[0].external_enabled &&
      !azurerm_container_app.this.ingress[0].allow_insecure_connections &&
      azurerm_container_app.this.ingress[0].target_port == 8080
    )
    error_message = "The service must be reached from the network by TLS only, on its port 8080."
  }
  assert {
    condition = (
      azurerm_container_app.this.template[0].container[0].startup_probe[0].path == "/started" &&
      azurerm_container_app.this.template[0].container[0].readiness_probe[0].path == "/ready" &&
      azurerm_container_app.this.template[0].container[0].liveness_probe[0].path == "/live"
    )
    error_message = "Each of the three probes must use its own path."
  }
  assert {
    condition = alltrue([
      for probe in concat(
        azurerm_container_app.this.template[0].container[0].startup_probe,
        azurerm_container_app.this.template[0].container[0].readiness_probe,
        azurerm_container_app.this.template[0].container[0].liveness_probe
      ) :
      probe.port == 8081 && probe.transport == "HTTP"
    ])
    error_message = "The probes must use port 8081, which the ingress does not lead to."
  }
  assert {
    condition = {
      for rule in azurerm_container_app.this.template[0].custom_scale_rule :
      rule.custom_rule_type => rule.metadata
    } == { cpu = tomap({ type = "Utilization", value = "80" }), memory = tomap({ type = "Utilization", value = "80" }) }
    error_message = "Instances must be added at 80 percent of CPU or memory."
  }
  assert {
    condition     = azurerm_container_app.this.template[0].http_scale_rule[0].concurrent_requests == "100"
    error_message = "Each instance must get at most 100 concurrent requests before another is added."
  }
  assert {
    condition     = azurerm_container_app.this.template[0].termination_grace_period_seconds == 30
    error_message = "Requests in flight must have 30 seconds to end; the service needs 8."
  }
  assert {
    condition = { for variable in azurerm_container_app.this.template[0].container[0].env : variable.name => variable.value } == {
      PORT                        = "8080"
      MERIDIAN_ADMIN_PORT         = "8081"
      MERIDIAN_VERSION            = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      MERIDIAN_CLIENT_ADDRESS     = "header:X-Client-IP"
      MERIDIAN_DOCUMENTS_LOCATION = "azblob://test01234567.blob.core.windows.net/documents"
    }
    error_message = "The environment must name the ports, the image's digest, the source of the client's address, and the documents."
  }
  assert {
    condition     = length(azurerm_container_app.this.registry) == 0
    error_message = "An image from elsewhere must be pulled without an identity: its registry does not know it."
  }
  assert {
    condition = (
      azurerm_container_app.this.revision_mode == "Single" &&
      [for weight in azurerm_container_app.this.ingress[0].traffic_weight : [weight.latest_revision, weight.percentage]] == [[true, 100]]
    )
    error_message = "Without a canary the latest revision must get every request, in single mode, so that no other revision is billed."
  }
  assert {
    condition     = azurerm_container_app.this.max_inactive_revisions == 10
    error_message = "Ten inactive revisions must be kept, which cost nothing."
  }
}

run "an_image_in_azures_registry_is_pulled_with_the_identity_and_no_password" {
  command = plan
  variables {
    image = "test01234567.azurecr.io/test@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition = (
      [for registry in azurerm_container_app.this.registry : [registry.server, registry.identity]] == [["test01234567.azurecr.io", var.identity_id]] &&
      length(azurerm_container_app.this.secret) == 0
    )
    error_message = "The image must be pulled with the user-assigned identity, without a password."
  }
}

run "a_canary_gets_its_percentage_and_the_named_stable_revision_the_rest" {
  command = plan
  variables {
    canary = { image = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 10, stable = "test--abc1234" }
  }
  assert {
    condition = (
      azurerm_container_app.this.revision_mode == "Multiple" &&
      [for weight in azurerm_container_app.this.ingress[0].traffic_weight : "${weight.revision_suffix == null ? "" : weight.revision_suffix} ${weight.percentage}"] == ["abc1234 90", " 10"] &&
      azurerm_container_app.this.ingress[0].traffic_weight[1].latest_revision
    )
    error_message = "The stable revision must get 90 percent and the canary, as the latest revision, 10."
  }
  assert {
    condition     = azurerm_container_app.this.template[0].container[0].image == var.canary.image && output.revision == "test--abc1234"
    error_message = "The newest revision must run the canary's image, and the output must name the stable revision."
  }
  assert {
    condition = [
      for variable in azurerm_container_app.this.template[0].container[0].env :
      variable.value if variable.name == "MERIDIAN_VERSION"
    ] == ["sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]
    error_message = "The canary's revision must name its own image's digest."
  }
}

run "a_promoted_canary_changes_traffic_but_no_revision" {
  command = plan
  variables {
    image = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
  }
  assert {
    condition     = azurerm_container_app.this.template[0].container[0].image == var.image && azurerm_container_app.this.revision_mode == "Single"
    error_message = "The promoted image must run in single mode, so that it gets every request."
  }
}

run "a_withdrawn_canary_gets_no_requests" {
  command = plan
  variables {
    canary = { image = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 0, stable = "test--abc1234" }
  }
  assert {
    condition     = [for weight in azurerm_container_app.this.ingress[0].traffic_weight : weight.percentage] == [100, 0]
    error_message = "The stable revision must get 100 percent and the canary 0."
  }
}

run "a_quarter_of_a_cpu_is_written_in_azures_form" {
  command = plan
  variables {
    cpu    = 0.25
    memory = 512
  }
  assert {
    condition     = azurerm_container_app.this.template[0].container[0].memory == "0.5Gi" && azurerm_container_app.this.template[0].container[0].cpu == 0.25
    error_message = "512 MiB must be written as 0.5Gi, and a quarter of a CPU as 0.25."
  }
}

run "refuses_to_give_a_canary_more_than_its_share" {
  command = plan
  override_data {
    target = data.azurerm_resources.before
    values = { resources = [{ resource_group_name = "Test" }] }
  }
  override_data {
    target = data.azurerm_container_app.before[0]
    values = {
      revision_mode = "Multiple"
      ingress       = [{ traffic_weight = [{ revision_suffix = "abc1234", latest_revision = false, percentage = 90 }, { latest_revision = true, percentage = 10 }] }]
      template      = [{ container = [{ image = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }] }]
    }
  }
  expect_failures = [azurerm_container_app.this]
}

run "a_service_other_than_meridian" {
  command = plan
  variables {
    service = {
      port          = 9898
      entrypoint    = ["/bin/serve"]
      args          = ["--port", "9898"]
      user          = null
      health        = { port = null, started = null, live = null, ready = "/readyz" }
      start_seconds = 240
      stop_seconds  = 60
      secrets       = { API_TOKEN = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/vaults/providers/Microsoft.KeyVault/vaults/ours/secrets/token" }
      egress_ports  = [5432]
      writable      = {}
      log_days      = 90
    }
    scale = { cpu = 50, memory = 70, requests = 20 }
  }
  assert {
    condition = (
      azurerm_container_app.this.ingress[0].target_port == 9898 &&
      azurerm_container_app.this.template[0].container[0].command == tolist(["/bin/serve"]) &&
      azurerm_container_app.this.template[0].container[0].args == tolist(["--port", "9898"]) &&
      azurerm_container_app.this.template[0].termination_grace_period_seconds == 60
    )
    error_message = "The container must have the given start command, port and time to stop."
  }
  assert {
    condition = [
      for probe in concat(azurerm_container_app.this.template[0].container[0].startup_probe, azurerm_container_app.this.template[0].container[0].readiness_probe) :
      "${probe.port} ${probe.path}"
    ] == ["9898 /readyz", "9898 /readyz"] && length(azurerm_container_app.this.template[0].container[0].liveness_probe) == 0
    error_message = "With one path given, it must be checked on the service's port, and there must be no liveness probe."
  }
  assert {
    condition = (
      azurerm_container_app.this.template[0].container[0].startup_probe[0].interval_seconds * azurerm_container_app.this.template[0].container[0].startup_probe[0].failure_count_threshold == 240 &&
      azurerm_container_app.this.template[0].container[0].startup_probe[0].failure_count_threshold <= 30
    )
    error_message = "The startup probe must allow four minutes, in no more than the 30 attempts that Container Apps accepts."
  }
  assert {
    condition = (
      [for secret in azurerm_container_app.this.secret : "${secret.name} ${secret.key_vault_secret_id}" if secret.identity == var.identity_id] == ["api-token https://ours.vault.azure.net/secrets/token"] &&
      [for env in azurerm_container_app.this.template[0].container[0].env : env.secret_name if env.name == "API_TOKEN"] == ["api-token"]
    )
    error_message = "The secret must be read from the vault with the service's identity, and be passed by reference."
  }
  assert {
    condition     = [for right in azurerm_role_assignment.secret : "${right.role_definition_name} ${right.principal_id} ${right.scope}"] == ["Key Vault Secrets User ${var.principal} /subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/vaults/providers/Microsoft.KeyVault/vaults/ours/secrets/token"] && length(terraform_data.secrets) == 1
    error_message = "The service must have the right to this secret only, and must wait until it works."
  }
  assert {
    condition = (
      [for rule in azurerm_container_app.this.template[0].custom_scale_rule : "${rule.name} ${rule.metadata.value}"] == ["cpu 50", "memory 70"] &&
      azurerm_container_app.this.template[0].http_scale_rule[0].concurrent_requests == "20"
    )
    error_message = "Scaling must use the given values."
  }
}

run "a_platforms_identity_pulls_instead_of_the_services_own" {
  command = plan
  variables {
    image  = "shared.azurecr.io/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    puller = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/stg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/stg-puller"
  }
  assert {
    condition = (
      one(azurerm_container_app.this.registry).identity == var.puller &&
      toset(azurerm_container_app.this.identity[0].identity_ids) == toset([var.identity_id, var.puller])
    )
    error_message = "The platform's identity must pull the image, because it already has the right; the service keeps its own for documents."
  }
}

run "a_preview_is_not_scaled" {
  command = plan
  variables {
    scale = null
  }
  assert {
    condition = (
      azurerm_container_app.this.template[0].max_replicas == 2 && length(azurerm_container_app.this.template[0].custom_scale_rule) == 0 &&
      length(azurerm_container_app.this.template[0].http_scale_rule) == 0
    )
    error_message = "With scale = null the number of instances must stay at the minimum."
  }
}
