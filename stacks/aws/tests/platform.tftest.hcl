# A service on a platform, whose resources are passed in.
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
  platform = {
    name               = "staging"
    domain             = "staging.example.com"
    nat                = "single"
    network_id         = "vpc-2"
    private_subnet_ids = ["subnet-3", "subnet-4"]
    door = {
      listener_arn      = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/staging-platform/0123456789abcdef/0123456789abcdef"
      security_group_id = "sg-2"
    }
    edge_id        = "app/staging-platform/0123456789abcdef"
    channel        = "arn:aws:sns:us-east-1:123456789012:staging-platform-alarms"
    repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/staging-platform"
    services = {
      orders = { url = "https://orders.staging.example.com", slot = 7, request_seconds = 30 }
      p1     = { url = "https://p1.staging.example.com", slot = 49, request_seconds = 30 }
    }
  }
}

run "on_a_platform_it_has_no_network_and_no_load_balancer" {
  command = plan
  variables {
    name = "staging-orders"
  }
  assert {
    condition     = length(module.network) == 0 && length(module.edge) == 0 && length(module.alerts) == 0 && length(module.probe) == 1
    error_message = "On a platform the stack must create a probe, but no network, load balancer or alarm channel."
  }
  assert {
    condition     = output.url == "https://orders.staging.example.com" && output.network_id == "vpc-2"
    error_message = "The URL must be the service's name below the platform's domain, and the network must be the platform's."
  }
  assert {
    condition     = module.entry.entry.priority == 107 && module.entry.entry.host == "orders.staging.example.com" && module.entry.entry.security_group_id == "sg-2"
    error_message = "The service must register with the priority of its slot."
  }
}

run "a_preview_has_neither_alarms_nor_documents" {
  command = plan
  variables {
    name = "staging-p1"
  }
  assert {
    condition     = length(module.observability) == 0 && length(module.documents) == 0 && length(module.probe) == 0 && output.dashboard_url == null
    error_message = "A preview must have no alarms, probe, dashboard or documents."
  }
}
