# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "google" {
  source = "../../modules/gcp"
}

variables {
  project = "test-project"
  image   = "us-central1-docker.pkg.dev/test-project/meridian/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "with_the_variables_above" {
  assert {
    condition     = output.url == "http://203.0.113.10" && output.image == var.image && length(module.probe) == 1
    error_message = "The defaults serve on port 80 and are checked from outside: plain HTTP under the load balancer's address, the given image, and a probe."
  }
  assert {
    condition     = output.revision == "test-00001-abc" && output.canary == null && startswith(output.dashboard_url, "https://console.cloud.google.com/")
    error_message = "Outputs name the revision and the dashboard."
  }
  assert {
    condition     = alltrue([for api in google_project_service.this : !api.disable_on_destroy]) && !contains(keys(google_project_service.this), "dns")
    error_message = "Interfaces stay on after a destroy: others in the project may need them; those of a domain are not asked for without one."
  }
}

run "a_domain_asks_for_the_interfaces_it_needs" {
  variables {
    domain = { name = "time.example.com", zone = "example-com" }
  }
  assert {
    condition     = length(setsubtract(["certificatemanager", "dns"], keys(google_project_service.this))) == 0 && output.url == "https://time.example.com"
    error_message = "Certificate Manager and Cloud DNS."
  }
}

run "without_nat_there_is_no_probe_that_would_alarm_for_ever" {
  variables {
    nat = "none"
  }
  assert {
    condition     = length(module.probe) == 0
    error_message = "Nothing in the private subnets reaches the public address."
  }
}

# The run fails if one of these is not refused.
run "refuses" {
  command = plan
  variables {
    # too long for other resources
    name = "name-of-seventeen"
    # the number of a project for its id
    project = "123456789012"
    # a zone for a region
    region = "us-central1-a"
    # more instances than the subnet has addresses
    cidr      = "10.20.0.0/22"
    instances = { min = 2, max = 40 }
  }
  expect_failures = [var.name, var.project, var.region, var.instances]
}

run "refuses_2" {
  command = plan
  variables {
    # no bucket may have it
    name = "my-google-clock"
    # a repository that Cloud Run cannot fetch from
    repository_url = "ghcr.io/someone/meridian"
  }
  expect_failures = [var.name, var.repository_url]
}

run "refuses_an_image_of_the_repository_that_would_go" {
  command = plan
  variables {
    repository_url = "us-central1-docker.pkg.dev/test-project/meridian-shared/meridian"
  }
  expect_failures = [var.image]
}

run "refuses_an_image_that_cloud_run_cannot_fetch" {
  command = plan
  variables {
    image = "ghcr.io/someone/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  expect_failures = [var.image]
}
