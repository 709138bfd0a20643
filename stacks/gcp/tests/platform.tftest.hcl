# A service on a platform, whose resources are passed in.
mock_provider "google" {
  source = "../../modules/gcp"
}

variables {
  project = "test-project"
  image   = "us-central1-docker.pkg.dev/test-project/meridian/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  platform = {
    name               = "stg"
    domain             = "staging.example.com"
    nat                = "single"
    network_id         = "projects/test-project/global/networks/stg-platform"
    private_subnet_ids = ["projects/test-project/regions/us-central1/subnetworks/stg-platform-service", "projects/test-project/regions/us-central1/subnetworks/stg-platform-jobs"]
    firewall_source    = "10.31.128.0/20"
    edge_id            = "stg-platform"
    channel            = "projects/test-project/notificationChannels/1"
    repository_url     = "us-central1-docker.pkg.dev/test-project/stg-platform/meridian"
    services = {
      orders = { url = "https://orders.staging.example.com", slot = 1, request_seconds = 30 }
      p1     = { url = "https://p1.staging.example.com", slot = 98, request_seconds = 30 }
    }
  }
}

run "on_a_platform_only_the_service_is_created" {
  command = plan
  variables {
    name  = "stg-orders"
    image = "us-central1-docker.pkg.dev/test-project/stg-platform/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = length(concat(module.network, module.edge, module.alerts)) == 0 && length(google_project_service.this) == 0 && length(module.observability) == 1
    error_message = "On a platform the stack must create the alarms, but no network, load balancer or channel, and enable no APIs."
  }
  assert {
    condition     = output.url == "https://orders.staging.example.com" && output.network_id == var.platform.network_id && output.firewall_source == "10.31.128.0/20"
    error_message = "The URL, the network and the firewall source must be the platform's."
  }
}

run "a_preview_has_no_alarms_probe_or_documents" {
  command = plan
  variables {
    name  = "stg-p1"
    image = "us-central1-docker.pkg.dev/test-project/stg-platform/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = length(concat(module.observability, module.probe, module.documents)) == 0 && output.dashboard_url == null
    error_message = "A preview must have no alarms, probe, dashboard or documents."
  }
}
