# What a wrong value is told before anything is made.
mock_provider "azurerm" {
  source = "../../../modules/azure"
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

# Every value once for each of its conditions.
run "refuses_the_first_of_each" {
  command = plan
  variables {
    name         = "two--hyphens"
    region       = "westus" # without zones
    account      = "my subscription"
    greeting     = "  "
    cidr         = "10.30.1.0/16"      # host bits
    machine_type = "Standard_B2pls_v2" # another processor
    machines     = 0
    memory       = 256
    keep_images  = 9
    certificate = {
      name   = "hello"
      secret = "https://hello.vault.azure.net/secrets/hello"
      proxy  = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    }
  }
  expect_failures = [
    var.name, var.region, var.account, var.greeting, var.cidr, var.machine_type, var.machines, var.memory, var.keep_images, var.certificate,
  ]
}

run "refuses_the_second_of_each" {
  command = plan
  variables {
    greeting     = "Hello\nWorld"
    cidr         = "8.8.0.0/16" # public
    machine_type = "small"
    machines     = 11
    image        = "example.com/meridian:latest"
    certificate = {
      name   = "hello.example.com"
      secret = "hello.pem"
      proxy  = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    }
  }
  expect_failures = [var.greeting, var.cidr, var.machine_type, var.machines, var.image, var.certificate]
}

run "refuses_the_third_of_each" {
  command = plan
  variables {
    cidr  = "10.30.0.0/25" # too small
    image = "other.azurecr.io/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    certificate = {
      name   = "hello.example.com"
      secret = "https://hello.vault.azure.net/secrets/hello"
      proxy  = "haproxy:latest"
    }
  }
  expect_failures = [var.cidr, var.image, var.certificate]
}

run "refuses_a_repository_with_a_scheme" {
  command = plan
  variables {
    image          = null # which depends on it
    repository_url = "https://example.com/meridian"
  }
  expect_failures = [var.repository_url]
}

# What a variable accepts, the provider accepts: both ends of every range.
run "accepts_the_least_of_everything" {
  command = plan
  variables {
    name        = "abc"
    cidr        = "192.168.4.0/24"
    greeting    = "!"
    machines    = 1
    memory      = 512
    keep_images = 10
  }
}

run "accepts_the_most_of_everything" {
  command = plan
  variables {
    name        = "sixteen-letters0"
    cidr        = "10.0.0.0/16"
    greeting    = join("", [for i in range(200) : "x"])
    machines    = 10
    keep_images = 1000
  }
}
