mock_provider "google" {
  source = "./.."
}

override_resource {
  target = google_service_account.schedule
  values = {
    email  = "test-schedule@test-project.iam.gserviceaccount.com"
    member = "serviceAccount:test-schedule@test-project.iam.gserviceaccount.com"
  }
}

variables {
  tag                = null
  name               = "test"
  image              = "us-central1-docker.pkg.dev/test-project/test/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  url                = "http://203.0.113.10"
  every_minutes      = 5
  platform           = "projects/test-project/locations/us-central1"
  identity_id        = "test-service@test-project.iam.gserviceaccount.com"
  network_id         = "projects/test-project/global/networks/test"
  private_subnet_ids = ["projects/test-project/regions/us-central1/subnetworks/test-service", "projects/test-project/regions/us-central1/subnetworks/test-jobs"]
  channel            = "projects/test-project/notificationChannels/1"
}

run "with_the_variables_above" {
  assert {
    condition = (
      google_cloud_scheduler_job.this.schedule == "*/5 * * * *"
      && google_cloud_run_v2_job.this.template[0].template[0].containers[0].args == tolist([
        "probe",
        "--patience",
        "100s",
        "--format",
        "json",
        "http://203.0.113.10",
      ])
    )
    error_message = "The service's own probe must check the public address every five minutes."
  }
  assert {
    condition = (
      google_cloud_scheduler_job.this.http_target[0].uri
      == "https://run.googleapis.com/v2/projects/test-project/locations/us-central1/jobs/test-probe:run"
    )
    error_message = "The schedule must start this job."
  }
  assert {
    condition = (
      google_monitoring_alert_policy.this.conditions[0].condition_prometheus_query_language[0].query
      == join("", [
        "(sum(increase(run_googleapis_com:job_completed_execution_count{",
        "job_name=\"test-probe\",location=\"us-central1\",monitored_resource=\"cloud_run_job\",result=\"succeeded\"",
        "}[10m])) or vector(0)) < 1",
      ])
    )
    error_message = "The alert must go off without a success in ten minutes, which covers a failing service and a silent probe."
  }
  assert {
    condition     = google_monitoring_alert_policy.this.notification_channels == tolist([var.channel])
    error_message = "The alert must notify the channel."
  }
  assert {
    condition     = google_cloud_run_v2_job.this.template[0].template[0].max_retries == 0 && google_cloud_scheduler_job.this.retry_config[0].retry_count == 0
    error_message = "Neither a failed run nor its start may be retried: a failure is a result."
  }
  assert {
    condition = (
      google_cloud_run_v2_job.this.template[0].template[0].vpc_access[0].egress == "ALL_TRAFFIC"
      && google_cloud_run_v2_job.this.template[0].template[0].vpc_access[0].network_interfaces[0].subnetwork == var.private_subnet_ids[1]
    )
    error_message = "The probe must use the jobs' subnet for all egress: otherwise it would use up the addresses of the service's subnet."
  }
  assert {
    condition = (
      google_compute_firewall.egress[0].target_tags == toset(google_cloud_run_v2_job.this.template[0].template[0].vpc_access[0].network_interfaces[0].tags)
      && [for rule in google_compute_firewall.egress[0].allow : rule.ports] == [tolist(["80", "443"])]
    )
    error_message = "The probe must reach ports 80 and 443 only."
  }
  assert {
    condition = (
      google_cloud_run_v2_job_iam_member.schedule.name == "test-probe"
      && google_cloud_run_v2_job_iam_member.schedule.role == "roles/run.invoker"
      && google_cloud_run_v2_job_iam_member.schedule.member == "serviceAccount:test-schedule@test-project.iam.gserviceaccount.com"
    )
    error_message = "The schedule's account must have the right to start this job."
  }
  assert {
    condition = (
      google_cloud_run_v2_job.this.template[0].template[0].service_account == var.identity_id
      && google_cloud_scheduler_job.this.http_target[0].oauth_token[0].service_account_email != var.identity_id
    )
    error_message = "The probe must run with the service's identity, and another identity must start it."
  }
}

run "every_60_minutes_runs_on_the_hour" {
  variables {
    every_minutes = 60
  }
  assert {
    condition     = google_cloud_scheduler_job.this.schedule == "0 * * * *"
    error_message = "The schedule must be on the hour, because */60 is not valid."
  }
}

run "the_longest_name_is_valid_for_an_account" {
  variables {
    name = "name-of-sixteen0"
  }
  assert {
    condition     = length(google_service_account.schedule.account_id) <= 30
    error_message = "An account's id must have at most 30 characters, which is Google's limit."
  }
}
