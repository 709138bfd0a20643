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
    condition     = output.checks == [{ path = "/now", status = 200 }] && output.meridian && output.principal == "serviceAccount:test-service@test-project.iam.gserviceaccount.com" && output.network_id == "projects/test-project/global/networks/test" && output.firewall_source == "10.20.128.0/20"
    error_message = "Outputs must say what to check from outside, and what others need in order to let the service in."
  }
  assert {
    condition     = output.revision == "test-00001-abc" && output.canary == null && startswith(output.dashboard_url, "https://console.cloud.google.com/")
    error_message = "Outputs name the revision and the dashboard."
  }
  assert {
    condition     = alltrue([for api in google_project_service.this : !api.disable_on_destroy]) && length(setintersection(["dns", "secretmanager"], keys(google_project_service.this))) == 0
    error_message = "Interfaces stay on after a destroy: others in the project may need them; those of a domain or of secrets are not asked for without one."
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

run "an_own_service_by_variables_alone" {
  variables {
    service = {
      meridian        = false
      port            = 9898
      entrypoint      = ["/app"]
      args            = ["serve"]
      health          = { ready = "/readyz" }
      start_seconds   = 90
      stop_seconds    = 10
      check           = { path = "/", status = 302 }
      paths           = { "/version" = 200 }
      secrets         = { TOKEN = "projects/test-project/secrets/token" }
      egress_ports    = [5432]
      request_seconds = 120
      log_days        = 30
    }
    scale = { requests = 20 }
    probe = null
  }
  assert {
    condition     = output.checks == [{ path = "/", status = 302 }, { path = "/version", status = 200 }] && !output.meridian && length(module.probe) == 0
    error_message = "The checks must be the service's own, without Meridian's and without a probe from its image."
  }
  assert {
    condition     = contains(keys(google_project_service.this), "secretmanager")
    error_message = "Secrets ask for their interface."
  }
}

run "a_probe_may_be_of_another_image" {
  variables {
    service = { meridian = false }
    probe   = { every_minutes = 15, image = "docker.io/someone/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
  }
  assert {
    condition     = length(module.probe) == 1
    error_message = "With Meridian's image, a probe must check any service that reports the time."
  }
}
