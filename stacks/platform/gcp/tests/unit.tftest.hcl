# What services share: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "google" {
  source          = "../../../modules/gcp"
  override_during = plan
}

variables {
  name     = "stg"
  project  = "test-project"
  services = { orders = { slot = 1 }, users = { slot = 2, check = { path = "/health", status = 204 }, request_seconds = 120 } }
  previews = 2
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition = output.services == {
      orders = "https://orders.services.example.com", users = "https://users.services.example.com"
      p1     = "https://p1.services.example.com", p2 = "https://p2.services.example.com"
    }
    error_message = "Each service and each preview must have its own host."
  }
  assert {
    condition     = { for key, service in output.tfvars.platform.services : key => "${service.slot} ${service.request_seconds}" } == { orders = "1 30", users = "2 120", p1 = "98 30", p2 = "97 30" }
    error_message = "Services must keep their slots and request times, and previews must have the last slots."
  }
  assert {
    condition     = output.tfvars.platform.compute == null && output.tfvars.platform.edge_id == "stg-platform" && output.name == "stg-platform"
    error_message = "The values for a service's stack must name the platform's load balancer."
  }
  assert {
    condition     = keys(terraform_data.stands) == ["orders", "p1", "p2", "users"] && terraform_data.stands["users"].input.platform == "stg"
    error_message = "There must be a check for each service, so that a destroy refuses while the service exists."
  }
}

run "accepts_as_many_services_as_there_are_slots" {
  command = plan
  variables {
    services = { for slot in range(1, 79) : "s${slot}" => { slot = slot } }
    previews = 20
  }
  assert {
    condition     = length(distinct([for service in output.tfvars.platform.services : service.slot])) == 98
    error_message = "Every slot must be different, including those of previews."
  }
}
