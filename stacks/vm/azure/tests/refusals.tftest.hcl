# What a wrong value is told before anything is made.
mock_provider "azurerm" {
  source = "../../../modules/azure"
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "refuses_a_name_with_two_hyphens" {
  command = plan
  variables {
    name = "two--hyphens"
  }
  expect_failures = [var.name]
}

run "refuses_a_region_without_zones" {
  command = plan
  variables {
    region = "westus"
  }
  expect_failures = [var.region]
}

run "refuses_the_name_of_a_subscription" {
  command = plan
  variables {
    account = "my subscription"
  }
  expect_failures = [var.account]
}

run "refuses_an_empty_greeting" {
  command = plan
  variables {
    greeting = "  "
  }
  expect_failures = [var.greeting]
}

run "refuses_a_greeting_of_two_lines" {
  command = plan
  variables {
    greeting = "Hello\nWorld"
  }
  expect_failures = [var.greeting]
}

run "refuses_a_range_with_host_bits" {
  command = plan
  variables {
    cidr = "10.30.1.0/16"
  }
  expect_failures = [var.cidr]
}

run "refuses_a_public_range" {
  command = plan
  variables {
    cidr = "8.8.0.0/16"
  }
  expect_failures = [var.cidr]
}

run "refuses_a_range_too_small" {
  command = plan
  variables {
    cidr = "10.30.0.0/25"
  }
  expect_failures = [var.cidr]
}

run "refuses_a_machine_of_another_processor" {
  command = plan
  variables {
    machine_type = "Standard_B2pls_v2"
  }
  expect_failures = [var.machine_type]
}

run "refuses_what_is_no_machine_type" {
  command = plan
  variables {
    machine_type = "small"
  }
  expect_failures = [var.machine_type]
}

run "refuses_no_machine_at_all" {
  command = plan
  variables {
    machines = 0
  }
  expect_failures = [var.machines]
}

run "refuses_less_memory_than_the_service_needs" {
  command = plan
  variables {
    memory = 256
  }
  expect_failures = [var.memory]
}

run "refuses_an_image_by_tag" {
  command = plan
  variables {
    image = "example.com/meridian:latest"
  }
  expect_failures = [var.image]
}

run "refuses_an_image_of_a_registry_that_the_machine_may_not_pull" {
  command = plan
  variables {
    image = "other.azurecr.io/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  expect_failures = [var.image]
}

run "refuses_a_repository_with_a_scheme" {
  command = plan
  variables {
    repository_url = "https://example.com/meridian"
  }
  expect_failures = [var.repository_url]
}

run "refuses_to_keep_too_few_images" {
  command = plan
  variables {
    keep_images = 1
  }
  expect_failures = [var.keep_images]
}

run "refuses_a_certificate_without_a_host_name" {
  command = plan
  variables {
    certificate = { name = "hello", secret = "https://hello.vault.azure.net/secrets/hello", proxy = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
  }
  expect_failures = [var.certificate]
}

run "refuses_a_certificate_that_is_no_secret" {
  command = plan
  variables {
    certificate = { name = "hello.example.com", secret = "hello.pem", proxy = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
  }
  expect_failures = [var.certificate]
}

run "refuses_a_proxy_by_tag" {
  command = plan
  variables {
    certificate = { name = "hello.example.com", secret = "https://hello.vault.azure.net/secrets/hello", proxy = "haproxy:latest" }
  }
  expect_failures = [var.certificate]
}
