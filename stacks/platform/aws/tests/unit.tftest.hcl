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
    error_message = "Each service has a name below the domain, and so has each preview."
  }
  assert {
    condition     = length(distinct([for service in output.tfvars.platform.services : service.slot])) == 22 && output.tfvars.platform.services["p20"].slot == 30 && output.tfvars.platform.services["p1"].slot == 49
    error_message = "No slot twice, those of previews the last."
  }
  assert {
    condition     = output.tfvars.platform.name == "prod" && output.name == "prod-platform" && output.tfvars.platform.network_id == "vpc-1"
    error_message = "What the platform makes has a name that begins as those of its services."
  }
  assert {
    condition     = keys(terraform_data.stands) == keys(output.services)
    error_message = "Each is asked for before anything goes that it stands on."
  }
}

run "accepts_as_many_as_a_load_balancer" {
  command = plan
  variables {
    services = { for number in range(1, 50) : "s${number}" => { slot = number } }
    previews = 0
  }
  assert {
    condition     = length(output.services) == 49
    error_message = "49: two rules and two target groups each."
  }
}
