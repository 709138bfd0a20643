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
    error_message = "By default the stack must serve the given image on port 80 under the load balancer's address, with a probe."
  }
  assert {
    condition     = output.checks == [{ path = "/now", status = 200 }] && output.meridian && output.principal == "serviceAccount:test-service@test-project.iam.gserviceaccount.com" && output.network_id == "projects/test-project/global/networks/test" && output.firewall_source == "10.20.128.0/20"
    error_message = "Outputs must say what to check from outside, and what others need in order to let the service in."
  }
  assert {
    condition     = output.revision == "test-00001-abc" && output.canary == null && startswith(output.dashboard_url, "https://console.cloud.google.com/")
    error_message = "Outputs must name the revision and the dashboard, and no canary."
  }
  assert {
    condition     = alltrue([for api in google_project_service.this : !api.disable_on_destroy]) && length(setintersection(["dns", "secretmanager"], keys(google_project_service.this))) == 0
    error_message = "A destroy must not disable APIs, which others may need; those for domains and secrets must not be enabled by default."
  }
}

run "a_domain_enables_the_apis_it_needs" {
  variables {
    domain = { name = "time.example.com", zone = "example-com" }
  }
  assert {
    condition     = length(setsubtract(["certificatemanager", "dns"], keys(google_project_service.this))) == 0 && output.url == "https://time.example.com"
    error_message = "With a domain the APIs of Certificate Manager and Cloud DNS must be enabled."
  }
}

run "without_nat_there_is_no_probe" {
  variables {
    nat = "none"
  }
  assert {
    condition     = length(module.probe) == 0
    error_message = "Without NAT there must be no probe: nothing in the private subnets reaches the public address."
  }
}

run "a_service_other_than_meridian_needs_only_variables" {
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
    error_message = "With secrets the API of Secret Manager must be enabled."
  }
}

run "a_probe_may_use_another_image" {
  variables {
    service = { meridian = false }
    probe   = { every_minutes = 15, image = "docker.io/someone/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
  }
  assert {
    condition     = length(module.probe) == 1
    error_message = "With Meridian's image, a probe must check any service that reports the time."
  }
}
