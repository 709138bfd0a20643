# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "azurerm" {
  source          = "../../modules/azure"
  override_during = plan
}

override_resource {
  target          = module.service.terraform_data.ready
  values          = { output = "test--abc0001" }
  override_during = plan
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = output.url == "http://test-01234567.westeurope.cloudapp.azure.com" && output.image == var.image && output.canary == null
    error_message = "By default the stack must serve the given image on port 80 under Azure's name, without a canary."
  }
  assert {
    condition     = output.checks == [{ path = "/now", status = 200 }] && output.meridian && output.principal == "99999999-1111-2222-3333-444444444444" && endswith(output.network_id, "/virtualNetworks/test") && output.firewall_source == "10.20.128.0/20"
    error_message = "Outputs must say what to check from outside, and what others need in order to let the service in."
  }
  assert {
    condition     = startswith(output.dashboard_url, "https://portal.azure.com/#@")
    error_message = "The output must lead to the dashboard in the portal."
  }
  assert {
    condition     = azurerm_resource_group.this.name == "meridian" && azurerm_resource_group.this.location == "westeurope"
    error_message = "The resource group must have the stack's name and region."
  }
}

run "accepts_an_image_from_the_stacks_own_registry" {
  command = plan
  variables {
    image = "meridian0123abcd.azurecr.io/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = output.image == var.image
    error_message = "An image from the stack's own registry must be accepted: a rollback names one by digest."
  }
}

run "accepts_an_image_from_the_shared_registry" {
  command = plan
  variables {
    image          = "shared.azurecr.io/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = "shared.azurecr.io/meridian"
  }
  assert {
    condition     = output.image == var.image
    error_message = "An image from the given registry must be accepted: the service may pull from it."
  }
}

# The provider accepts whatever a variable accepts: both ends of every range.
run "accepts_every_minimum" {
  command = plan
  variables {
    name        = "abc"
    cidr        = "192.168.4.0/22"
    cpu         = 0.25
    memory      = 512
    instances   = { min = 2, max = 2 }
    probe       = { every_minutes = 1 }
    keep_images = 10
  }
}

run "accepts_every_maximum" {
  command = plan
  variables {
    name        = "sixteen-letters0"
    cidr        = "10.20.0.0/16"
    cpu         = 4
    memory      = 8192
    instances   = { min = 300, max = 300 }
    probe       = { every_minutes = 60 }
    keep_images = 1000
    domain = {
      name        = "time.sixty-four-letters-are-what-a-certificate-takes.example.com"
      certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/k/providers/Microsoft.KeyVault/vaults/v/secrets/s"
    }
  }
}

run "a_service_other_than_meridian_needs_only_variables" {
  command = plan
  variables {
    service = {
      meridian        = false
      port            = 9898
      entrypoint      = ["/app"]
      args            = ["serve"]
      health          = { ready = "/readyz" }
      start_seconds   = 90
      stop_seconds    = 30
      check           = { path = "/", status = 302 }
      paths           = { "/version" = 200 }
      secrets         = { TOKEN = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/vaults/providers/Microsoft.KeyVault/vaults/ours/secrets/token" }
      egress_ports    = [5432]
      request_seconds = 120
      log_days        = 90
    }
    scale = { cpu = 60, requests = 20 }
    probe = null
  }
  assert {
    condition     = output.checks == [{ path = "/", status = 302 }, { path = "/version", status = 200 }] && !output.meridian && length(module.probe) == 0
    error_message = "The checks must be the service's own, without Meridian's and without a probe from its image."
  }
}

run "a_probe_may_use_another_image" {
  command = plan
  variables {
    service = { meridian = false }
    probe   = { every_minutes = 15, image = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
  }
  assert {
    condition     = length(module.probe) == 1
    error_message = "With Meridian's image, a probe must check any service that reports the time."
  }
}

run "the_resource_group_has_the_expiry" {
  command = plan
  variables {
    expires      = "2026-12-03-1400"
    pull_request = 7
  }
  assert {
    condition     = azurerm_resource_group.this.tags == tomap({ expires = "2026-12-03-1400", pull_request = "7" })
    error_message = "The resource group must have the tags expires and pull_request: doctor reads the expiry there."
  }
}
