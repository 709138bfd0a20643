# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "azurerm" {
  source          = "../../modules/azure"
  override_during = plan
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = output.url == "http://test-01234567.westeurope.cloudapp.azure.com" && output.image == var.image && output.canary == null
    error_message = "The defaults serve on port 80 and are checked from outside: plain HTTP under Azure's name, the given image, and no canary."
  }
  assert {
    condition     = startswith(output.dashboard_url, "https://portal.azure.com/#@")
    error_message = "The dashboard in the portal."
  }
  assert {
    condition     = azurerm_resource_group.this.name == "meridian" && azurerm_resource_group.this.location == "westeurope"
    error_message = "Everything is in one group of the stack's name: so that nothing is left behind elsewhere."
  }
}

run "refuses_an_image_that_the_service_may_not_pull" {
  command = plan
  variables {
    image = "other.azurecr.io/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  expect_failures = [var.image]
}

run "accepts_an_image_of_the_stacks_own_registry" {
  command = plan
  variables {
    image = "meridian0123abcd.azurecr.io/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = output.image == var.image
    error_message = "A rollback names it by digest."
  }
}

run "accepts_an_image_of_the_shared_registry" {
  command = plan
  variables {
    image          = "shared.azurecr.io/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = "shared.azurecr.io/meridian"
  }
  assert {
    condition     = output.image == var.image
    error_message = "The service may pull from the registry that is named."
  }
}

run "refuses_a_name_too_long_for_a_store_a_region_without_zones_and_a_subscriptions_name_for_its_id" {
  command = plan
  variables {
    name    = "name-of-seventeen"
    region  = "westus"
    account = "Pay-As-You-Go"
    image   = null # which depends on the name
  }
  expect_failures = [var.name, var.region, var.account]
}

# What a variable accepts, the provider accepts: both ends of every range.
run "accepts_the_least_of_everything" {
  command = plan
  variables {
    name          = "abc"
    cidr          = "192.168.4.0/22"
    cpu           = 0.25
    memory        = 512
    instances     = { min = 2, max = 2 }
    every_minutes = 1
    keep_images   = 10
  }
}

run "accepts_the_most_of_everything" {
  command = plan
  variables {
    name          = "sixteen-letters0"
    cidr          = "10.20.0.0/16"
    cpu           = 4
    memory        = 8192
    instances     = { min = 300, max = 300 }
    every_minutes = 60
    keep_images   = 1000
    domain = {
      name        = "time.sixty-four-letters-are-what-a-certificate-takes.example.com"
      certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/k/providers/Microsoft.KeyVault/vaults/v/secrets/s"
    }
  }
}
