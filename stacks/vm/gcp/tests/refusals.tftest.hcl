# What a wrong value is told before anything is made.
mock_provider "google" {
  source = "../../../modules/gcp"
}

variables {
  project = "test-project"
  image   = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

# The run fails if one of these is not refused.
run "refuses" {
  command = plan
  variables {
    # a name with two hyphens
    name = "two--hyphens"
    # a zone for a region
    region = "us-central1-a"
    # the number of a project
    project = "123456789012"
    # an empty greeting
    greeting = "  "
    # a range with host bits
    cidr = "10.30.1.0/16"
    # a machine of another processor
    machine_type = "t2a-standard-1"
    # no machine at all
    machines = 0
    # less memory than the service needs
    memory = 256
    # a repository with a scheme
    repository_url = "https://example.com/meridian"
    # to keep too few images
    keep_images = 1
    # a certificate without a host name
    certificate = { name = "hello", secret = "projects/p/secrets/s/versions/1", proxy = var.image }
  }
  expect_failures = [
    var.name,
    var.region,
    var.project,
    var.greeting,
    var.cidr,
    var.machine_type,
    var.machines,
    var.memory,
    var.repository_url,
    var.keep_images,
    var.certificate,
  ]
}

run "refuses_2" {
  command = plan
  variables {
    # a greeting of two lines
    greeting = "Hello\nWorld"
    # a public range
    cidr = "8.8.0.0/16"
    # what is no machine type
    machine_type = "small"
    # an image of artifact registry that the machine may not pull
    image = "us-central1-docker.pkg.dev/test-project/other/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    # a certificate that is no secret
    certificate = { name = "hello.example.com", secret = "hello.pem", proxy = var.image }
  }
  expect_failures = [var.greeting, var.cidr, var.machine_type, var.image, var.certificate]
}

run "refuses_3" {
  command = plan
  variables {
    # a range too small
    cidr = "10.30.0.0/25"
    # an image by tag
    image = "example.com/meridian:latest"
    # a proxy by tag
    certificate = { name = "hello.example.com", secret = "projects/test-project/secrets/hello/versions/1", proxy = "haproxy:latest" }
  }
  expect_failures = [var.cidr, var.image, var.certificate]
}
