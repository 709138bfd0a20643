# terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "google" {
  source = "../../../modules/gcp"
}

variables {
  project = "test-project"
  image   = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

# Skips the wait for Google's delay after an API is enabled.
override_resource {
  target = terraform_data.apis
}

run "with_the_variables_above" {
  assert {
    condition = toset([
      for rule in google_compute_firewall.ingress : join(" ", [
        one(rule.allow).protocol,
        try(join(",", one(rule.allow).ports), "") == "" ? "all" : join(",", one(rule.allow).ports),
        "from",
        join(",", rule.source_ranges),
      ])
      ]) == toset([
      "tcp 80 from 0.0.0.0/0",
      "tcp 443 from 0.0.0.0/0",
      "icmp all from 0.0.0.0/0",
      "tcp 22 from 104.154.0.0/15",
      "tcp all from 10.30.0.0/16",
      "udp all from 10.30.0.0/16",
    ])
    error_message = "The firewall must let in exactly what the list says."
  }
  assert {
    condition = alltrue([
      for rule in google_compute_firewall.ingress :
      rule.direction == "INGRESS" && rule.disabled != true && length(rule.deny) == 0 && rule.source_tags == null
      && rule.source_service_accounts == null && rule.target_tags == null && rule.target_service_accounts == null
    ])
    error_message = "Each rule must apply to the whole network and have only the source compared above."
  }
  assert {
    condition = (
      google_compute_firewall.egress.direction == "EGRESS"
      && google_compute_firewall.egress.destination_ranges == toset(["0.0.0.0/0"])
      && [for allow in google_compute_firewall.egress.allow : allow.protocol] == ["all"]
      && length(google_compute_firewall.egress.deny) == 0
    )
    error_message = "The firewall must let everything out."
  }
  assert {
    condition     = google_compute_network.this.auto_create_subnetworks == false && google_compute_network.this.name != "default"
    error_message = "The network must have no automatic subnets and not be named default: only that one gets Google's own firewall rules."
  }
  assert {
    condition     = alltrue([for rule in google_compute_firewall.ingress : rule.priority < 65535])
    error_message = "The rules must come before Google's last one, which denies the rest."
  }
  assert {
    condition = (
      google_compute_forwarding_rule.this.load_balancing_scheme == "EXTERNAL"
      && google_compute_forwarding_rule.this.ip_protocol == "L3_DEFAULT"
      && google_compute_forwarding_rule.this.all_ports
      && google_compute_region_backend_service.this.protocol == "UNSPECIFIED"
    )
    error_message = "The load balancer must pass on all packets unchanged: the firewall decides by the client's address."
  }
  assert {
    condition = (
      google_compute_address.this.address_type == "EXTERNAL"
      && google_compute_forwarding_rule.this.ip_address == google_compute_address.this.address
      && output.addresses == [google_compute_address.this.address]
    )
    error_message = "The load balancer must have the static address, which outlives the machines, and the output must name it."
  }
  assert {
    condition = (
      google_compute_region_instance_group_manager.this.update_policy[0].type == "PROACTIVE"
      && google_compute_region_instance_group_manager.this.update_policy[0].minimal_action == "REPLACE"
      && google_compute_region_instance_group_manager.this.update_policy[0].replacement_method == "SUBSTITUTE"
      && google_compute_region_instance_group_manager.this.update_policy[0].max_unavailable_fixed == 0
      && google_compute_region_instance_group_manager.this.update_policy[0].max_surge_fixed >= 3
    )
    error_message = "New machines must be created beside the old ones, and none may be unavailable meanwhile."
  }
  assert {
    condition = (
      google_compute_region_instance_group_manager.this.wait_for_instances
      && google_compute_region_instance_group_manager.this.wait_for_instances_status == "UPDATED"
    )
    error_message = "The apply must not end before the new machines serve."
  }
  assert {
    condition = (
      google_compute_region_instance_group_manager.this.auto_healing_policies[0].health_check == google_compute_health_check.healing.id
      && google_compute_region_instance_group_manager.this.auto_healing_policies[0].initial_delay_sec == 240
      && google_compute_health_check.healing.http_health_check[0].request_path == "/now"
      && google_compute_health_check.healing.http_health_check[0].port == 80
      && google_compute_region_instance_group_manager.this.target_size == 1
    )
    error_message = "There must be one machine, which is replaced when the service does not respond."
  }
  assert {
    # Google's checks come from its own addresses; the rule for 80 lets them in like everybody.
    condition = (
      google_compute_region_health_check.serving.http_health_check[0].request_path == "/now"
      && google_compute_region_backend_service.this.health_checks == toset([google_compute_region_health_check.serving.id])
    )
    error_message = "The load balancer must check the service itself."
  }
  assert {
    condition = (
      google_compute_region_instance_template.this.metadata["block-project-ssh-keys"] == "TRUE"
      && google_compute_region_instance_template.this.metadata["enable-oslogin"] == "TRUE"
      && google_compute_region_instance_template.this.metadata["serial-port-enable"] == "FALSE"
      && !contains(keys(google_compute_region_instance_template.this.metadata), "ssh-keys")
    )
    error_message = "There must be no SSH key in the metadata, no project key, and no serial console."
  }
  assert {
    condition     = yamldecode(local.boot).allow_public_ssh_keys == false && yamldecode(local.boot).ssh_pwauth == false
    error_message = "Neither SSH keys nor passwords may be accepted."
  }
  assert {
    condition = (
      google_compute_region_instance_template.this.shielded_instance_config[0].enable_secure_boot
      && google_compute_region_instance_template.this.shielded_instance_config[0].enable_vtpm
      && google_compute_region_instance_template.this.shielded_instance_config[0].enable_integrity_monitoring
    )
    error_message = "Secure boot, the vTPM and integrity monitoring must be on."
  }
  assert {
    condition = strcontains(
      [for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/meridian/prepare.sh"][0],
      "for address in 169.254.169.254 168.63.129.16"
    )
    error_message = "The container must not reach the metadata server, where it could get credentials."
  }
  assert {
    condition = (
      google_compute_region_instance_template.this.metadata["google-logging-enabled"] == "true"
      && strcontains(local.boot, "--log-driver json-file")
      && contains(keys(google_project_iam_member.machine), "roles/logging.logWriter")
    )
    error_message = "The logging agent must be on, must find the container's log files, and must have the right to write."
  }
  assert {
    condition = (
      [output.name, output.region, output.greeting, output.group]
      == [var.name, var.region, var.greeting, google_compute_region_instance_group_manager.this.name]
      && strcontains(output.logs, "gcloud logging read") && strcontains(output.session, "gcloud compute ssh")
    )
    error_message = "Outputs must name what a destroy needs, the greeting, and the commands for logs and a session."
  }
}

run "the_machine_runs_the_image_by_digest_with_the_greeting" {
  variables {
    greeting = "100 % \"$HOME\" \\ <b>#1</b> · ©"
  }
  assert {
    condition = (
      [for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/meridian/environment"][0]
      == "MERIDIAN_HOME=hello\nMERIDIAN_GREETING=${var.greeting}\nMERIDIAN_VERSION=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    )
    error_message = "The environment file must hold the greeting as written and the image's digest."
  }
  assert {
    condition = (
      strcontains(
        [for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian.service"][0],
        "--publish 80:8080"
      )
      && google_compute_region_instance_template.this.metadata["user-data"] == local.boot && output.image == var.image
    )
    error_message = "The unit must publish port 80, and the machine must get this configuration."
  }
}

run "an_image_from_elsewhere_needs_no_registry" {
  variables {
    repository_url = "example.com/meridian"
  }
  assert {
    condition     = length(google_artifact_registry_repository_iam_member.pull) == 0 && length(google_artifact_registry_repository.this) == 0
    error_message = "There must be no repository and no right to pull."
  }
}

run "the_machine_may_pull_from_one_repository_only" {
  variables {
    image          = "europe-west1-docker.pkg.dev/other-project/images/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = "europe-west1-docker.pkg.dev/other-project/images/meridian"
  }
  assert {
    condition = (
      [for member in google_artifact_registry_repository_iam_member.pull : "${member.role} ${member.project} ${member.location} ${member.repository}"]
      == ["roles/artifactregistry.reader other-project europe-west1 images"]
    )
    error_message = "The right to pull must name the shared repository only."
  }
}

run "with_an_existing_account_none_is_created_and_no_right_granted" {
  variables {
    image          = "us-central1-docker.pkg.dev/test-project/images/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = "us-central1-docker.pkg.dev/test-project/images/meridian"
    machine        = "meridian-machine@test-project.iam.gserviceaccount.com"
    certificate = {
      name   = "hello.example.com"
      secret = "projects/test-project/secrets/hello/versions/1"
      proxy  = "us-central1-docker.pkg.dev/test-project/images/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    }
  }
  assert {
    condition     = google_compute_region_instance_template.this.service_account[0].email == var.machine && length(google_service_account.machine) == 0
    error_message = "The machines must use the given account, and none may be created."
  }
  assert {
    condition = (
      length(google_artifact_registry_repository_iam_member.pull) + length(google_project_iam_member.machine)
      + length(google_secret_manager_secret_iam_member.certificate) == 0
    )
    error_message = "No rights may be granted, so that the deployer needs no right to grant them."
  }
}

run "with_a_certificate_443_serves_and_80_redirects" {
  variables {
    certificate = {
      name   = "hello.example.com"
      secret = "projects/test-project/secrets/hello/versions/1"
      proxy  = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    }
  }
  assert {
    condition = (
      strcontains(
        [for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian-proxy.service"][0],
        "--publish 80:8080 --publish 443:8443"
      )
      && !strcontains([for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian.service"][0], "--publish")
      && output.url == "https://hello.example.com"
    )
    error_message = "The proxy must publish both ports, and the service none."
  }
  assert {
    condition = (
      google_secret_manager_secret_iam_member.certificate[0].secret_id == "projects/test-project/secrets/hello"
      && contains(keys(google_project_service.this), "secretmanager")
    )
    error_message = "The machine must read only the certificate's secret."
  }
}

run "without_a_certificate_no_secret_is_read" {
  assert {
    condition     = length(google_secret_manager_secret_iam_member.certificate) == 0 && output.url == "http://${google_compute_address.this.address}"
    error_message = "Without a certificate there must be no right to a secret, and the URL must use plain HTTP."
  }
}

run "a_newer_machine_type_gets_a_disk_type_that_it_supports" {
  command = plan
  variables {
    machine_type = "n4-standard-2"
  }
  assert {
    condition     = google_compute_region_instance_template.this.disk[0].disk_type == "hyperdisk-balanced"
    error_message = "From the fourth generation on the disk must be a Hyperdisk: there is no pd-balanced for it."
  }
}
