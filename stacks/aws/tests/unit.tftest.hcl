# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "aws" {
  source          = "../../modules/aws"
  override_during = plan
}

override_resource {
  target          = module.service.terraform_data.healthy
  values          = { output = "arn:aws:ecs:us-east-1:123456789012:task-definition/meridian-stable:1" }
  override_during = plan
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = output.url == "http://test-1.us-east-1.elb.amazonaws.com" && output.image == var.image && length(module.probe) == 1
    error_message = "The defaults serve on port 80 and are checked from outside: plain HTTP under the load balancer's name, the given image, and a probe."
  }
  assert {
    condition     = startswith(output.revision, "arn:aws:ecs:") && startswith(output.dashboard_url, "https://us-east-1.console.aws.amazon.com/")
    error_message = "Outputs name the revision and the dashboard."
  }
  assert {
    condition     = var.nat == "single" && var.instances.min == 2 && !var.waf
    error_message = "The defaults bill one NAT gateway, two tasks and no firewall: what the guide says it costs."
  }
}

run "without_nat_there_is_no_probe_that_would_alarm_for_ever" {
  command = plan
  variables {
    nat   = "none"
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = length(module.probe) == 0
    error_message = "Nothing in the private subnets reaches the public address."
  }
}

run "accepts_an_image_of_the_shared_repository" {
  command = plan
  variables {
    image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other"
  }
  assert {
    condition     = output.image == var.image
    error_message = "The tasks may pull from the repository that is named."
  }
}

run "refuses_wrong_values" {
  command = plan
  variables {
    # a name too long for a target group
    name = "name-of-seventeen"
    # a zone for a region
    region = "us-east-1a"
    # an account that lost its leading zero
    account = "12345678901"
  }
  expect_failures = [var.name, var.region, var.account]
}

run "refuses_wrong_values_by_the_second_rule" {
  command = plan
  variables {
    name   = "internal-time" # which AWS keeps for private load balancers
    region = "cn-north-1"    # another partition
  }
  expect_failures = [var.name, var.region]
}

run "refuses_an_image_of_ecr_that_tasks_may_not_pull" {
  command = plan
  variables {
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  expect_failures = [var.image]
}

run "refuses_an_image_out_of_reach_without_nat" {
  command = plan
  variables {
    nat   = "none"
    image = "ghcr.io/someone/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  expect_failures = [var.image]
}

run "refuses_a_repository_out_of_reach_without_nat" {
  command = plan
  variables {
    nat            = "none"
    image          = null
    repository_url = "ghcr.io/someone/meridian"
  }
  expect_failures = [var.repository_url]
}
