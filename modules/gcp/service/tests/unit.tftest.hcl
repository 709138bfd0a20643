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
    error_message = "From the internet the service must be reached through the load balancer only."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.default_uri_disabled
    error_message = "The service must not have a run.app address."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.invoker_iam_disabled && length(google_cloud_run_v2_service_iam_member.everybody) == 0
    error_message = "The invoker check must be off, so that no member allUsers is needed, which organisations may forbid."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].vpc_access[0].egress == "ALL_TRAFFIC"
      && google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].subnetwork == var.private_subnet_ids[0]
    )
    error_message = "All egress must go through the private subnet."
  }
  assert {
    condition = (
      google_compute_firewall.egress[0].target_tags == toset(google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].tags)
      && [for rule in google_compute_firewall.egress[0].allow : "${rule.protocol} ${join(",", rule.ports)}"] == ["tcp 443"]
    )
    error_message = "The service's tag must have TCP 443 open, and nothing else."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.scaling[0].min_instance_count == 2 && google_cloud_run_v2_service.this.scaling[0].max_instance_count == 6
    error_message = "Two to six instances must run, counted over all revisions with traffic."
  }
  assert {
    condition = alltrue([
      for scaling in google_cloud_run_v2_service.this.template[0].scaling :
      try(scaling.min_instance_count, null) == null || scaling.min_instance_count == 0
    ])
    error_message = "Revisions must have no minimum of their own: it would keep instances of a withdrawn canary for ever."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].resources[0].cpu_idle
      && google_cloud_run_v2_service.this.template[0].containers[0].resources[0].limits == tomap({ cpu = "1", memory = "2048Mi" })
    )
    error_message = "The service must have 1 vCPU and 2,048 MiB, with CPU billed only while requests run."
  }
  assert {
    condition = { for key, probe in {
      start = google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0]
      live  = google_cloud_run_v2_service.this.template[0].containers[0].liveness_probe[0]
      ready = google_cloud_run_v2_service.this.template[0].containers[0].readiness_probe[0]
    } : key => "${probe.http_get[0].port} ${probe.http_get[0].path}" } == { start = "8081 /started", live = "8081 /live", ready = "8081 /ready" }
    error_message = "All three probes must use port 8081, which is never public."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].period_seconds
      * google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].failure_threshold
      >= 120
    )
    error_message = "The startup probe must allow at least two minutes: getting an address in the network may take one."
  }
  assert {
    condition = { for variable in google_cloud_run_v2_service.this.template[0].containers[0].env : variable.name => variable.value } == {
      MERIDIAN_ADMIN_PORT         = "8081"
      MERIDIAN_VERSION            = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      MERIDIAN_CLIENT_ADDRESS     = "header:X-Client-Address"
      MERIDIAN_DOCUMENTS_LOCATION = "gs://test-documents"
      MERIDIAN_DOCUMENTS_WAIT     = "100s"
    }
    error_message = "The environment must name what the service needs, but not PORT, which Cloud Run sets."
  }
  assert {
    condition = (
      [for target in google_cloud_run_v2_service.this.traffic : "${target.type} ${target.percent}"]
      == ["TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST 100"]
    )
    error_message = "Without a canary the latest revision must get every request, explicitly: otherwise the old weights would stay."
  }
  assert {
    condition     = output.revision == "test-00001-abc"
    error_message = "The output must be the revision's name alone, as a canary needs it."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].revision == null
    error_message = "Cloud Run must name the revisions: a given name could never be used again."
  }
  assert {
    condition = (
      output.origin == "us-central1/test" && output.platform == "projects/test-project/locations/us-central1"
      && output.service_id == "projects/test-project/locations/us-central1/services/test"
    )
    error_message = "The outputs must say where the service is, in the form that the edge and the probe need."
  }
  assert {
    condition     = !google_cloud_run_v2_service.this.deletion_protection
    error_message = "Deletion protection must be off: it would block a destroy, and replacing a service that never started."
  }
}

run "with_the_invoker_check_everybody_is_a_member" {
  variables {
    invoker = "all_users"
  }
  assert {
    condition = (
      !google_cloud_run_v2_service.this.invoker_iam_disabled
      && google_cloud_run_v2_service_iam_member.everybody[0].member == "allUsers"
      && google_cloud_run_v2_service_iam_member.everybody[0].role == "roles/run.invoker"
    )
    error_message = "With all_users the invoker check must stay on, and everybody must be able to call this service."
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

run "refuses_to_give_all_requests_to_a_revision_that_is_not_ready" {
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
    error_message = "The latest revision must get every request."
  }
}

run "a_canary_gets_its_percentage_and_the_named_stable_revision_the_rest" {
  variables {
    canary = { image = "example.com/b@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 10, stable = "test-00001-abc" }
  }
  assert {
    condition = (
      [for target in google_cloud_run_v2_service.this.traffic : join(" ", compact([target.type, target.revision, target.percent]))]
      == ["TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION test-00001-abc 90", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST 10"]
    )
    error_message = "The named stable revision must get 90 percent and the latest 10."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].image == var.canary.image
      && { for each in google_cloud_run_v2_service.this.template[0].containers[0].env : each.name => each.value }["MERIDIAN_VERSION"]
      == "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    )
    error_message = "The latest revision must run the canary's image and name its digest."
  }
  assert {
    condition     = output.revision == "test-00001-abc"
    error_message = "The output must keep the name of the stable revision, which the next step needs."
  }
}

run "a_withdrawn_canary_gets_no_requests" {
  variables {
    canary = { image = "example.com/b@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 0, stable = "test-00001-abc" }
  }
  assert {
    condition = (
      [for target in google_cloud_run_v2_service.this.traffic : join(" ", compact([target.type, target.revision, target.percent]))]
      == ["TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION test-00001-abc 100"]
    )
    error_message = "The stable revision must get every request."
  }
}

run "the_second_step_of_a_withdrawal_creates_a_revision_of_the_stable_image" {
  variables {
    canary = { image = "example.com/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", percent = 0, stable = "test-00001-abc" }
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].image == var.image && output.revision == "test-00001-abc"
    error_message = "The new revision must run the stable image, and the output must keep the name of the stable revision."
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
    error_message = "The latest revision must get every request."
  }
}

run "refuses_to_report_a_revision_that_did_not_start" {
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

run "a_service_other_than_meridian" {
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
    error_message = "The container must have the given start command, port and request timeout."
  }
  assert {
    condition = [
      for probe in concat(google_cloud_run_v2_service.this.template[0].containers[0].startup_probe, google_cloud_run_v2_service.this.template[0].containers[0].readiness_probe) :
      "${probe.http_get[0].port} ${probe.http_get[0].path}"
    ] == ["9898 /readyz", "9898 /readyz"] && length(google_cloud_run_v2_service.this.template[0].containers[0].liveness_probe) == 0
    error_message = "With one path given, it must be checked on the service's port, and there must be no liveness probe."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].period_seconds
      * google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].failure_threshold == 240
    )
    error_message = "The startup probe must allow four minutes, which is Cloud Run's limit."
  }
  assert {
    condition = { for env in google_cloud_run_v2_service.this.template[0].containers[0].env : env.name => "${env.value_source[0].secret_key_ref[0].secret} ${env.value_source[0].secret_key_ref[0].version}" if length(env.value_source) > 0 } == {
      TOKEN = "token latest"
      OTHER = "projects/other-project/secrets/token latest"
    }
    error_message = "Secrets must be given by reference, never by value."
  }
  assert {
    condition = toset([for right in google_secret_manager_secret_iam_member.secret : "${right.project} ${right.secret_id} ${right.role} ${right.member}"]) == toset([
      for project in ["test-project", "other-project"] : "${project} token roles/secretmanager.secretAccessor serviceAccount:${var.identity_id}"
    ]) && length(terraform_data.secrets) == 1
    error_message = "The service must have the rights to these secrets only, and must wait until they work."
  }
  assert {
    condition     = [for rule in google_compute_firewall.egress[0].allow : "${rule.protocol} ${join(",", rule.ports)}"] == ["tcp 443,5432"]
    error_message = "The firewall must open the database's port and HTTPS, and nothing else."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 34 && google_cloud_run_v2_service.this.scaling[0].min_instance_count == 0
    error_message = "Concurrency must be 34, so that instances are added at the given 20 requests (60 percent), and the minimum must be 0."
  }
}

run "on_a_platform_the_platforms_firewall_rule_applies" {
  command = plan
  variables {
    tag = "stg-platform-service"
  }
  assert {
    condition     = length(google_compute_firewall.egress) == 0 && google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].tags == tolist(["stg-platform-service"])
    error_message = "The service must have the platform's tag, and no firewall rule of its own."
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
    error_message = "With scale = null the number of instances must stay at the minimum."
  }
}
