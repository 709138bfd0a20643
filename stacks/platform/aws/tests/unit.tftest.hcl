# What services share, and the values that they get.
mock_provider "aws" {
  source          = "../../../modules/aws"
  override_during = plan
}

variables {
  services = { orders = { slot = 1 }, stock = { slot = 29, request_seconds = 120 } }
  previews = 20
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = length(output.services) == 22 && output.services["orders"] == "https://orders.services.example.com" && output.services["p20"] == "https://p20.services.example.com"
    error_message = "Each service and each preview must have its own name below the domain."
  }
  assert {
    condition     = length(distinct([for service in output.tfvars.platform.services : service.slot])) == 22 && output.tfvars.platform.services["p20"].slot == 30 && output.tfvars.platform.services["p1"].slot == 49
    error_message = "Every slot must be different, and previews must have the last ones."
  }
  assert {
    condition     = output.tfvars.platform.name == "prod" && output.name == "prod-platform" && output.tfvars.platform.network_id == "vpc-1"
    error_message = "The output name must begin with the platform's name, and services must get the platform's network."
  }
  assert {
    condition     = keys(terraform_data.stands) == keys(output.services)
    error_message = "There must be a check for each service, so that a destroy refuses while the service exists."
  }
}

run "accepts_as_many_services_as_a_load_balancer_allows" {
  command = plan
  variables {
    services = { for number in range(1, 50) : "s${number}" => { slot = number } }
    previews = 0
  }
  assert {
    condition     = length(output.services) == 49
    error_message = "49 services must be accepted, with two rules and two target groups each."
  }
}
