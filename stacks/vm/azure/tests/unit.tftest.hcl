# terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "azurerm" {
  source = "../../../modules/azure"

  mock_resource "azurerm_lb" {
    defaults = { id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/loadBalancers/test" }
  }

  mock_resource "azurerm_lb_backend_address_pool" {
    defaults = {
      id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/loadBalancers/test/backendAddressPools/machines"
    }
  }

  mock_resource "azurerm_lb_probe" {
    defaults = { id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/loadBalancers/test/probes/now" }
  }

  mock_resource "azurerm_linux_virtual_machine_scale_set" {
    defaults = { id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Compute/virtualMachineScaleSets/test" }
  }

  mock_resource "azurerm_monitor_data_collection_rule" {
    defaults = { id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Insights/dataCollectionRules/test" }
  }
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "with_the_variables_above" {
  assert {
    condition = toset([
      for rule in azurerm_network_security_group.this.security_rule :
      "${rule.protocol} ${rule.destination_port_range} from ${rule.source_address_prefix}" if rule.direction == "Inbound" && rule.access == "Allow"
      ]) == toset([
      "Tcp 80 from 0.0.0.0/0",
      "Tcp 443 from 0.0.0.0/0",
      "Icmp * from 0.0.0.0/0",
      "Tcp 22 from 104.154.0.0/15",
      "Tcp * from 10.30.0.0/16",
      "Udp * from 10.30.0.0/16",
    ])
    error_message = "The firewall must let in exactly what the list says."
  }
  assert {
    condition = alltrue([
      for rule in azurerm_network_security_group.this.security_rule :
      length(coalesce(rule.source_address_prefixes, [])) == 0 &&
      length(coalesce(rule.destination_port_ranges, [])) == 0 &&
      rule.source_port_range == "*" &&
      rule.destination_address_prefix == "*"
    ])
    error_message = "Each rule must have only the source and port compared above."
  }
  assert {
    # Azure's own rules begin at 65000; our last one stops everything before them.
    condition = [
      for rule in azurerm_network_security_group.this.security_rule :
      "${rule.access} ${rule.protocol} ${rule.destination_port_range} from ${rule.source_address_prefix}" if rule.direction == "Inbound" &&
      rule.priority == max([for each in azurerm_network_security_group.this.security_rule : each.priority if each.direction == "Inbound"]...)
    ] == ["Deny * * from *"]
    error_message = "The last rule must deny the rest: Azure's own rules follow it."
  }
  assert {
    condition     = length([for rule in azurerm_network_security_group.this.security_rule : rule if rule.access == "Deny"]) == 1
    error_message = "No other rule may deny anything."
  }
  assert {
    condition = [
      for rule in azurerm_network_security_group.this.security_rule :
      "${rule.priority} ${rule.access} ${rule.protocol} ${rule.destination_port_range} to ${rule.destination_address_prefix}" if rule.direction == "Outbound"
    ] == ["100 Allow * * to *"]
    error_message = "The firewall must let everything out."
  }
  assert {
    condition = (
      azurerm_lb.this.sku == "Standard" &&
      toset([for rule in azurerm_lb_rule.this : "${rule.protocol} ${rule.frontend_port} ${rule.backend_port}"]) == toset(["Tcp 22 22", "Tcp 80 80"])
    )
    error_message = "The load balancer must forward each port to the same port: the firewall decides what it lets in."
  }
  assert {
    condition = (
      azurerm_public_ip.this.allocation_method == "Static" &&
      azurerm_lb.this.frontend_ip_configuration[0].public_ip_address_id == azurerm_public_ip.this.id &&
      output.addresses == [azurerm_public_ip.this.ip_address] &&
      output.url == "http://${azurerm_public_ip.this.ip_address}"
    )
    error_message = "The load balancer must have the static address, which outlives the machines, and the outputs must name it."
  }
  assert {
    condition = (
      azurerm_linux_virtual_machine_scale_set.this.upgrade_mode == "Rolling" &&
      !azurerm_linux_virtual_machine_scale_set.this.overprovision &&
      azurerm_linux_virtual_machine_scale_set.this.rolling_upgrade_policy[0].maximum_surge_instances_enabled &&
      azurerm_linux_virtual_machine_scale_set.this.rolling_upgrade_policy[0].max_unhealthy_upgraded_instance_percent == 0
    )
    error_message = "New machines must be created beside the old ones, and an upgrade must stop if one of them is not healthy."
  }
  assert {
    condition = (
      azurerm_linux_virtual_machine_scale_set.this.automatic_instance_repair[0].enabled &&
      azurerm_linux_virtual_machine_scale_set.this.automatic_instance_repair[0].action == "Replace" &&
      azurerm_linux_virtual_machine_scale_set.this.instances == 1
    )
    error_message = "There must be one machine, which is replaced when it is unhealthy."
  }
  assert {
    # The check comes from one of Azure's addresses; the rule for 80 lets it in like everybody.
    condition = (
      azurerm_linux_virtual_machine_scale_set.this.health_probe_id == azurerm_lb_probe.this.id &&
      azurerm_lb_probe.this.port == 80 &&
      azurerm_lb_probe.this.request_path == "/now"
    )
    error_message = "The health probe must check the service's own response."
  }
  assert {
    condition = (
      azurerm_linux_virtual_machine_scale_set.this.disable_password_authentication &&
      azurerm_linux_virtual_machine_scale_set.this.admin_password == null
    )
    error_message = "There must be no password."
  }
  assert {
    # After 19 bytes for the kind of key, the last 30 of the digest's 32 bytes.
    condition = (
      endswith(one(azurerm_linux_virtual_machine_scale_set.this.admin_ssh_key[*].public_key), "M0Ma70LJv0CiYPteInHTm7qg0UaRtQDFM93IgiqE32g") &&
      one(azurerm_linux_virtual_machine_scale_set.this.admin_ssh_key[*].username) == azurerm_linux_virtual_machine_scale_set.this.admin_username
    )
    error_message = "The key must be the one that nobody holds; tests/clouds/test_terraform.py computes it."
  }
  assert {
    condition     = yamldecode(local.boot).allow_public_ssh_keys == false && yamldecode(local.boot).ssh_pwauth == false
    error_message = "Neither SSH keys nor passwords may be accepted."
  }
  assert {
    condition     = azurerm_linux_virtual_machine_scale_set.this.secure_boot_enabled && azurerm_linux_virtual_machine_scale_set.this.vtpm_enabled
    error_message = "Trusted launch must be on, so that only a signed system boots."
  }
  assert {
    condition = strcontains(
      [for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/meridian/prepare.sh"][0],
      "for address in 169.254.169.254 168.63.129.16"
    )
    error_message = "The container must not reach the metadata servers, where it could get credentials."
  }
  assert {
    condition = (
      azurerm_log_analytics_workspace.this.retention_in_days == 30 &&
      azurerm_monitor_data_collection_rule.this.data_sources[0].syslog[0].facility_names == tolist(["local0"]) &&
      strcontains(local.boot, "SyslogFacility=local0")
    )
    error_message = "The log facility that the service writes to must be collected, and the log kept for 30 days."
  }
  assert {
    condition = (
      [output.name, output.region, output.greeting, output.group] == [var.name, var.region, var.greeting, azurerm_linux_virtual_machine_scale_set.this.name] &&
      strcontains(output.logs, "--workspace ${azurerm_log_analytics_workspace.this.workspace_id} ") &&
      strcontains(output.session, "--name ${output.group} ")
    )
    error_message = "Outputs must name what a destroy needs, the greeting, and the commands for logs and a session."
  }
}

run "the_machine_runs_the_image_by_digest_with_the_greeting" {
  variables {
    greeting = "100 % \"$HOME\" \\ <b>#1</b> · ©"
  }
  assert {
    condition = [
      for file in yamldecode(local.boot).write_files :
      file.content if file.path == "/etc/meridian/environment"
    ][0] == "MERIDIAN_HOME=hello\nMERIDIAN_GREETING=${var.greeting}\nMERIDIAN_VERSION=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    error_message = "The environment file must hold the greeting as written and the image's digest."
  }
  assert {
    condition = (
      strcontains([for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian.service"][0], "--publish 80:8080") &&
      base64decode(azurerm_linux_virtual_machine_scale_set.this.custom_data) == local.boot &&
      output.image == var.image
    )
    error_message = "The unit must publish port 80, and the machine must get this configuration."
  }
}

run "an_image_from_elsewhere_needs_no_registry" {
  variables {
    repository_url = "example.com/meridian"
  }
  assert {
    condition     = length(azurerm_role_assignment.pull) == 0 && length(azurerm_container_registry.this) == 0
    error_message = "There must be no registry and no right to pull."
  }
}

run "the_machine_may_pull_from_one_registry_only" {
  command = apply
  variables {
    image          = "shared.azurecr.io/other@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = "shared.azurecr.io/meridian"
  }
  assert {
    condition     = azurerm_role_assignment.pull[0].role_definition_name == "AcrPull" && endswith(azurerm_role_assignment.pull[0].scope, "/registries/shared")
    error_message = "The right to pull must be on the shared registry."
  }
}

run "with_a_certificate_443_serves_and_80_redirects" {
  variables {
    certificate = {
      name   = "hello.example.com"
      secret = "https://hello.vault.azure.net/secrets/hello"
      proxy  = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    }
  }
  assert {
    condition     = toset(keys(azurerm_lb_rule.this)) == toset(["22", "80", "443"]) && output.url == "https://hello.example.com"
    error_message = "The load balancer must forward both ports, and the URL must use HTTPS."
  }
  assert {
    condition = (
      strcontains([for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian-proxy.service"][0], "--publish 80:8080 --publish 443:8443") &&
      !strcontains([for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian.service"][0], "--publish")
    )
    error_message = "The proxy must publish both ports, and the service none."
  }
  assert {
    condition = (
      azurerm_role_assignment.certificate[0].role_definition_name == "Key Vault Secrets User" &&
      endswith(azurerm_role_assignment.certificate[0].scope, "/secrets/hello")
    )
    error_message = "The machine must read only the certificate's secret."
  }
}

run "refuses_a_vault_that_is_not_found" {
  command = plan
  variables {
    certificate = {
      name   = "hello.example.com"
      secret = "https://hello.vault.azure.net/secrets/hello"
      proxy  = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    }
  }
  override_data {
    target = data.azurerm_resources.vault[0]
    values = { resources = [] }
  }
  expect_failures = [data.azurerm_resources.vault[0]]
}

run "refuses_a_registry_that_is_not_found" {
  command = plan
  variables {
    repository_url = "shared.azurecr.io/meridian"
  }
  override_data {
    target = data.azurerm_resources.shared[0]
    values = { resources = [] }
  }
  expect_failures = [data.azurerm_resources.shared[0]]
}

# The provider accepts whatever a variable accepts: both ends of every range.
run "accepts_every_minimum" {
  command = plan
  variables {
    name        = "abc"
    cidr        = "192.168.4.0/24"
    greeting    = "!"
    machines    = 1
    memory      = 512
    keep_images = 10
  }
}

run "accepts_every_maximum" {
  command = plan
  variables {
    name        = "sixteen-letters0"
    cidr        = "10.0.0.0/16"
    greeting    = join("", [for i in range(200) : "x"])
    machines    = 10
    keep_images = 1000
  }
}

run "a_shared_registry_whose_host_name_has_a_hash" {
  command = plan
  variables {
    repository_url = "shared-f9b2h3a7c4d6e8x0.azurecr.io/meridian"
  }
  assert {
    condition     = data.azurerm_resources.shared[0].name == "shared" && length(azurerm_role_assignment.pull) == 1
    error_message = "The registry's name in Azure must be the part before the hyphen."
  }
}
