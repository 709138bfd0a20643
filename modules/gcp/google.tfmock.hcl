# Fake Google responses for tests without a project, with ids in the form that the provider checks.
mock_resource "google_service_account" {
  defaults = {
    email  = "test-service@test-project.iam.gserviceaccount.com"
    member = "serviceAccount:test-service@test-project.iam.gserviceaccount.com"
  }
}

mock_resource "google_compute_network" {
  defaults = {
    id = "projects/test-project/global/networks/test"
  }
}

mock_resource "google_compute_global_address" {
  defaults = {
    address = "203.0.113.10"
  }
}

mock_resource "google_compute_region_network_endpoint_group" {
  defaults = {
    id = "projects/test-project/regions/us-central1/networkEndpointGroups/test"
  }
}

mock_resource "google_cloud_run_v2_service" {
  defaults = {
    id                      = "projects/test-project/locations/us-central1/services/test"
    latest_created_revision = "projects/test-project/locations/us-central1/services/test/revisions/test-00001-abc"
    latest_ready_revision   = "projects/test-project/locations/us-central1/services/test/revisions/test-00001-abc"
  }
}

mock_data "google_cloud_run_v2_service" {
  defaults = {
    traffic                 = []
    latest_created_revision = "projects/test-project/locations/us-central1/services/test/revisions/test-00001-abc"
    latest_ready_revision   = "projects/test-project/locations/us-central1/services/test/revisions/test-00001-abc"
  }
}

mock_resource "google_cloud_run_v2_job" {
  defaults = {
    id = "projects/test-project/locations/us-central1/jobs/test-probe"
  }
}

mock_resource "google_certificate_manager_dns_authorization" {
  defaults = {
    id = "projects/test-project/locations/global/dnsAuthorizations/test"
    dns_resource_record = [{
      name = "_acme-challenge.time.example.com."
      type = "CNAME"
      data = "proof.authorize.certificatemanager.goog."
    }]
  }
}

mock_resource "google_certificate_manager_certificate" {
  defaults = {
    id = "projects/test-project/locations/global/certificates/test"
  }
}

mock_resource "google_certificate_manager_certificate_map" {
  defaults = {
    id = "projects/test-project/locations/global/certificateMaps/test"
  }
}

mock_resource "google_monitoring_dashboard" {
  defaults = {
    id = "projects/123456789012/dashboards/00000000-0000-0000-0000-000000000000"
  }
}

mock_resource "google_monitoring_notification_channel" {
  defaults = {
    id = "projects/test-project/notificationChannels/1"
  }
}

mock_resource "google_monitoring_uptime_check_config" {
  defaults = {
    uptime_check_id = "test-from-outside-1"
  }
}
