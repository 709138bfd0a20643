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
    error_message = "By default the stack must serve the given image on port 80 under the load balancer's name, with a probe."
  }
  assert {
    condition     = startswith(output.revision, "arn:aws:ecs:") && startswith(output.dashboard_url, "https://us-east-1.console.aws.amazon.com/")
    error_message = "Outputs must name the revision and the dashboard."
  }
  assert {
    condition     = output.checks == [{ path = "/now", status = 200 }] && output.meridian && output.principal == "meridian-task" && output.network_id == "vpc-1" && output.firewall_source == "sg-1"
    error_message = "Outputs must say what to check from outside, and what others need in order to let the service in."
  }
  assert {
    condition     = var.nat == "single" && var.instances.min == 2 && !var.waf
    error_message = "The defaults must be one NAT gateway, two tasks and no WAF, as in the guide's costs."
  }
}

run "without_nat_there_is_no_probe" {
  command = plan
  variables {
    nat   = "none"
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = length(module.probe) == 0
    error_message = "Without NAT there must be no probe: nothing in the private subnets reaches the public address."
  }
}

run "accepts_an_image_from_the_shared_repository" {
  command = plan
  variables {
    image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other"
  }
  assert {
    condition     = output.image == var.image
    error_message = "An image from the given repository must be accepted: the tasks may pull from it."
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
      user            = "app"
      health          = { ready = "/readyz" }
      start_seconds   = 90
      stop_seconds    = 30
      check           = { path = "/", status = 302 }
      paths           = { "/version" = 200 }
      secrets         = { TOKEN = "arn:aws:ssm:us-east-1:123456789012:parameter/meridian/token" }
      egress_ports    = [5432]
      writable        = { "/tmp" = 64 }
      request_seconds = 120
      log_days        = 90
    }
    scale = { cpu = 60 }
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
