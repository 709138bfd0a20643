# What runs, where it can be reached, and how it changes.
mock_provider "google" {
  source = "./.."
}

variables {
  tag                = null
  name               = "test"
  place              = { project = "test-project", region = "us-central1" }
  image              = "example.com/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  canary             = null
  cpu                = 1
  memory             = 2048
  instances          = { min = 2, max = 6 }
  environment        = { MERIDIAN_DOCUMENTS_LOCATION = "gs://test-documents" }
  identity_id        = "test-service@test-project.iam.gserviceaccount.com"
  network_id         = "projects/test-project/global/networks/test"
  private_subnet_ids = ["projects/test-project/regions/us-central1/subnetworks/test-service", "projects/test-project/regions/us-central1/subnetworks/test-jobs"]
  invoker            = "disabled"
  service = {
    port            = 8080
    entrypoint      = null
    args            = null
    user            = null
    health          = { port = 8081, started = "/started", live = "/live", ready = "/ready" }
    start_seconds   = 60
    stop_seconds    = 10
    secrets         = {}
    egress_ports    = []
    writable        = {}
    request_seconds = 30
    log_days        = 30
  }
  scale = { cpu = null, memory = null, requests = null }
}

run "with_the_variables_above" {
  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    error_message = "The load balancer is the only way in: nothing from the internet that did not pass the load balancer."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.default_uri_disabled
    error_message = "No run.app address."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.invoker_iam_disabled && length(google_cloud_run_v2_service_iam_member.everybody) == 0
    error_message = "Everybody may call without a member that organisations forbid: the check is off, and nobody is a member."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].vpc_access[0].egress == "ALL_TRAFFIC"
      && google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].subnetwork == var.private_subnet_ids[0]
    )
    error_message = "All egress goes through the network by HTTPS only: private subnet, all traffic."
  }
  assert {
    condition = (
      google_compute_firewall.egress[0].target_tags == toset(google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].tags)
      && [for rule in google_compute_firewall.egress[0].allow : "${rule.protocol} ${join(",", rule.ports)}"] == ["tcp 443"]
    )
    error_message = "TCP 443, for what bears the service's tag."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.scaling[0].min_instance_count == 2 && google_cloud_run_v2_service.this.scaling[0].max_instance_count == 6
    error_message = "Instances are kept by the service and not by every revision: two to six, of all revisions with traffic together."
  }
  assert {
    condition = alltrue([
      for scaling in google_cloud_run_v2_service.this.template[0].scaling :
      try(scaling.min_instance_count, null) == null || scaling.min_instance_count == 0
    ])
    error_message = "A minimum in the template would keep instances of a withdrawn canary for ever."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].resources[0].cpu_idle
      && google_cloud_run_v2_service.this.template[0].containers[0].resources[0].limits == tomap({ cpu = "1", memory = "2048Mi" })
    )
    error_message = "CPU is billed while requests run: 1 vCPU, 2048 MiB, idle for a third of the price."
  }
  assert {
    condition = { for key, probe in {
      start = google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0]
      live  = google_cloud_run_v2_service.this.template[0].containers[0].liveness_probe[0]
      ready = google_cloud_run_v2_service.this.template[0].containers[0].readiness_probe[0]
    } : key => "${probe.http_get[0].port} ${probe.http_get[0].path}" } == { start = "8081 /started", live = "8081 /live", ready = "8081 /ready" }
    error_message = "An instance is asked on the port that is never public: start, life and readiness, on 8081."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].period_seconds
      * google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].failure_threshold
      >= 120
    )
    error_message = "An address in the network may take a minute."
  }
  assert {
    condition = { for variable in google_cloud_run_v2_service.this.template[0].containers[0].env : variable.name => variable.value } == {
      MERIDIAN_ADMIN_PORT         = "8081"
      MERIDIAN_VERSION            = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      MERIDIAN_CLIENT_ADDRESS     = "header:X-Client-Address"
      MERIDIAN_DOCUMENTS_LOCATION = "gs://test-documents"
      MERIDIAN_DOCUMENTS_WAIT     = "100s"
    }
    error_message = "Answers name their image and the client is whom the load balancer saw; PORT is Cloud Run's to set."
  }
  assert {
    condition = (
      [for target in google_cloud_run_v2_service.this.traffic : "${target.type} ${target.percent}"]
      == ["TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST 100"]
    )
    error_message = "Without a canary the newest revision has every request. Written out: without traffic in the configuration, the old weights stay."
  }
  assert {
    condition     = output.revision == "test-00001-abc"
    error_message = "The name alone, as a canary takes it."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].revision == null
    error_message = "Revisions are named by Cloud Run: a name could never be used again."
  }
  assert {
    condition = (
      output.origin == "us-central1/test" && output.platform == "projects/test-project/locations/us-central1"
      && output.service_id == "projects/test-project/locations/us-central1/services/test"
    )
    error_message = "The load balancer and the probe are told where the service is: as their modules take it."
  }
  assert {
    condition     = !google_cloud_run_v2_service.this.deletion_protection
    error_message = "A destroy is not held up: Terraform's own protection would stop it, and the replacement of a service that never got up."
  }
}

run "where_the_check_must_stay_everybody_is_a_member" {
  variables {
    invoker = "all_users"
  }
  assert {
    condition = (
      !google_cloud_run_v2_service.this.invoker_iam_disabled
      && google_cloud_run_v2_service_iam_member.everybody[0].member == "allUsers"
      && google_cloud_run_v2_service_iam_member.everybody[0].role == "roles/run.invoker"
    )
    error_message = "Of this one service."
  }
}

run "refuses_to_end_a_canary_in_one_step" {
  command = plan
  override_data {
    target = data.google_cloud_run_v2_service.before
    values = {
      traffic                 = [{ type = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision = "test-00001-abc", percent = 90, tag = "" }]
      template                = [{ containers = [{ image = "example.com/b@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }] }]
      latest_created_revision = "test-00002-def"
      latest_ready_revision   = "test-00002-def"
    }
  }
  expect_failures = [output.revision]
}

run "refuses_to_give_all_to_a_revision_that_is_not_ready" {
  command = plan
  override_data {
    target = data.google_cloud_run_v2_service.before
    values = {
      traffic                 = [{ type = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision = "test-00001-abc", percent = 100, tag = "" }]
      template                = [{ containers = [{ image = "example.com/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }] }]
      latest_created_revision = "test-00003-ghi"
      latest_ready_revision   = "test-00002-def"
    }
  }
  expect_failures = [output.revision]
}

run "promotes_the_canarys_image" {
  command = plan
  override_data {
    target = data.google_cloud_run_v2_service.before
    values = {
      traffic                 = [{ type = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision = "test-00001-abc", percent = 90, tag = "" }]
      template                = [{ containers = [{ image = "example.com/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }] }]
      latest_created_revision = "test-00002-def"
      latest_ready_revision   = "test-00002-def"
    }
  }
  assert {
    condition     = [for target in google_cloud_run_v2_service.this.traffic : target.percent] == [100]
    error_message = "All to the newest, which is ready."
  }
}

run "a_canary_gets_its_percent_and_the_stable_revision_keeps_the_rest_by_name" {
  variables {
    canary = { image = "example.com/b@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 10, stable = "test-00001-abc" }
  }
  assert {
    condition = (
      [for target in google_cloud_run_v2_service.this.traffic : join(" ", compact([target.type, target.revision, target.percent]))]
      == ["TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION test-00001-abc 90", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST 10"]
    )
    error_message = "90 and 10."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].image == var.canary.image
      && { for each in google_cloud_run_v2_service.this.template[0].containers[0].env : each.name => each.value }["MERIDIAN_VERSION"]
      == "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    )
    error_message = "The newest revision is the canary's."
  }
  assert {
    condition     = output.revision == "test-00001-abc"
    error_message = "What is stable stays what it was, also for the next step."
  }
}

run "a_withdrawn_canary_gets_nothing" {
  variables {
    canary = { image = "example.com/b@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 0, stable = "test-00001-abc" }
  }
  assert {
    condition = (
      [for target in google_cloud_run_v2_service.this.traffic : join(" ", compact([target.type, target.revision, target.percent]))]
      == ["TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION test-00001-abc 100"]
    )
    error_message = "All to the stable revision."
  }
}

run "the_second_step_of_a_withdrawal_makes_a_revision_of_the_stable_image" {
  variables {
    canary = { image = "example.com/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", percent = 0, stable = "test-00001-abc" }
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].image == var.image && output.revision == "test-00001-abc"
    error_message = "The same image, without a request."
  }
}

run "a_canary_of_100_percent_leaves_nothing_to_the_stable_revision" {
  variables {
    canary = { image = "example.com/b@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 100, stable = "test-00001-abc" }
  }
  assert {
    condition = (
      [for target in google_cloud_run_v2_service.this.traffic : "${target.type} ${target.percent}"]
      == ["TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST 100"]
    )
    error_message = "All to the newest."
  }
}

run "refuses_to_take_a_revision_that_did_not_get_up_for_one_that_serves" {
  state_key = "failed"
  override_data {
    target = data.google_cloud_run_v2_service.after
    values = {
      latest_created_revision = "projects/test-project/locations/us-central1/services/test/revisions/test-00002-def"
      latest_ready_revision   = "projects/test-project/locations/us-central1/services/test/revisions/test-00001-abc"
    }
  }
  expect_failures = [output.revision]
}

run "an_own_service" {
  variables {
    instances = { min = 0, max = 6 }
    service = {
      port            = 9898
      entrypoint      = ["/bin/serve"]
      args            = ["--port", "9898"]
      user            = null
      health          = { port = null, started = null, live = null, ready = "/readyz" }
      start_seconds   = 240
      stop_seconds    = 10
      secrets         = { TOKEN = "projects/test-project/secrets/token", OTHER = "projects/other-project/secrets/token" }
      egress_ports    = [443, 5432]
      writable        = {}
      request_seconds = 600
      log_days        = 30
    }
    scale = { cpu = null, memory = null, requests = 20 }
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].ports[0].container_port == 9898
      && google_cloud_run_v2_service.this.template[0].containers[0].command == tolist(["/bin/serve"])
      && google_cloud_run_v2_service.this.template[0].containers[0].args == tolist(["--port", "9898"])
      && google_cloud_run_v2_service.this.template[0].timeout == "600s"
    )
    error_message = "Started as asked for, on its own port, with ten minutes for a request."
  }
  assert {
    condition = [
      for probe in concat(google_cloud_run_v2_service.this.template[0].containers[0].startup_probe, google_cloud_run_v2_service.this.template[0].containers[0].readiness_probe) :
      "${probe.http_get[0].port} ${probe.http_get[0].path}"
    ] == ["9898 /readyz", "9898 /readyz"] && length(google_cloud_run_v2_service.this.template[0].containers[0].liveness_probe) == 0
    error_message = "One path is enough, asked where the service serves."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].period_seconds
      * google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].failure_threshold == 240
    )
    error_message = "Four minutes to start, the most that Cloud Run gives."
  }
  assert {
    condition = { for env in google_cloud_run_v2_service.this.template[0].containers[0].env : env.name => "${env.value_source[0].secret_key_ref[0].secret} ${env.value_source[0].secret_key_ref[0].version}" if length(env.value_source) > 0 } == {
      TOKEN = "token latest"
      OTHER = "projects/other-project/secrets/token latest"
    }
    error_message = "Secrets by name, never by value."
  }
  assert {
    condition = toset([for right in google_secret_manager_secret_iam_member.secret : "${right.project} ${right.secret_id} ${right.role} ${right.member}"]) == toset([
      for project in ["test-project", "other-project"] : "${project} token roles/secretmanager.secretAccessor serviceAccount:${var.identity_id}"
    ]) && length(terraform_data.secrets) == 1
    error_message = "The service may read these secrets and no others, and is not made before that is so."
  }
  assert {
    condition     = [for rule in google_compute_firewall.egress[0].allow : "${rule.protocol} ${join(",", rule.ports)}"] == ["tcp 443,5432"]
    error_message = "The database's port is open beside HTTPS, and nothing else."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 34 && google_cloud_run_v2_service.this.scaling[0].min_instance_count == 0
    error_message = "Others are added at 60 percent of 34, which is 20; and none runs while nobody asks."
  }
}

run "on_a_platform_its_rule_lets_the_probe_out" {
  command = plan
  variables {
    tag = "stg-platform-service"
  }
  assert {
    condition     = length(google_compute_firewall.egress) == 0 && google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].tags == tolist(["stg-platform-service"])
    error_message = "No rule of its own for what all services may."
  }
}

run "a_preview_is_not_scaled" {
  command = plan
  variables {
    scale     = null
    instances = { min = 1, max = 6 }
  }
  assert {
    condition     = google_cloud_run_v2_service.this.scaling[0].max_instance_count == 1
    error_message = "As many instances as there are at least."
  }
}
