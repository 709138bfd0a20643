# Whom the network lets in and out, and what it costs.
mock_provider "google" {
  source = "./.."
}

variables {
  name  = "test"
  place = { project = "test-project", region = "us-central1" }
  cidr  = "10.20.0.0/16"
  nat   = "single"
}

run "with_the_variables_above" {
  assert {
    condition     = output.firewall_source == google_compute_subnetwork.private["service"].ip_cidr_range
    error_message = "What the service calls sees addresses of its subnet."
  }
  assert {
    condition     = !google_compute_network.this.auto_create_subnetworks
    error_message = "The network has no subnets but ours: Google would make one in every region, without flow logs."
  }
  assert {
    condition = (
      { for key, subnet in google_compute_subnetwork.private : key => subnet.ip_cidr_range }
      == { service = "10.20.128.0/20", jobs = "10.20.144.0/20" }
    )
    error_message = "Two private subnets reach Google without NAT: the blocks of the private subnets of the other clouds."
  }
  assert {
    condition     = alltrue([for subnet in google_compute_subnetwork.private : subnet.private_ip_google_access && subnet.region == "us-central1"])
    error_message = "Storage and the registry must not be billed as NAT."
  }
  assert {
    condition = (
      output.private_subnet_ids == [google_compute_subnetwork.private["service"].id, google_compute_subnetwork.private["jobs"].id]
      && length(output.public_subnet_ids) == 0
    )
    error_message = "The service comes first and nothing is public: the service's subnet, then that of jobs; the load balancer is outside."
  }
  assert {
    condition = (
      google_compute_firewall.deny_egress.direction == "EGRESS"
      && google_compute_firewall.deny_egress.priority == 65534
      && google_compute_firewall.deny_egress.destination_ranges == toset(["0.0.0.0/0"])
      && one(google_compute_firewall.deny_egress.deny).protocol == "all"
    )
    error_message = "Nothing gets in and nothing out without a rule that says so: all of it, behind every other rule."
  }
  assert {
    condition     = length(google_compute_firewall.deny_egress.allow) == 0 && google_compute_firewall.deny_egress.target_tags == null
    error_message = "For everything in the network, and no rule lets anybody in."
  }
  assert {
    condition = (
      length(google_compute_router_nat.this) == 1
      && google_compute_router_nat.this[0].source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS"
      && length(google_compute_router_nat.this[0].subnetwork) == 2
    )
    error_message = "One NAT for our subnets only: both subnets, by name."
  }
  assert {
    condition     = google_compute_router_nat.this[0].nat_ip_allocate_option == "AUTO_ONLY" && google_compute_router_nat.this[0].enable_dynamic_port_allocation
    error_message = "Addresses and ports as they are needed."
  }
  assert {
    condition = alltrue([
      for subnet in google_compute_subnetwork.private :
      subnet.log_config[0].flow_sampling == 0.5 && subnet.log_config[0].aggregation_interval == "INTERVAL_10_MIN"
    ])
    error_message = "Flows are logged: every second flow, in both subnets."
  }
}

run "without_nat_nothing_is_billed_and_google_is_all_there_is" {
  variables {
    nat = "none"
  }
  assert {
    condition     = length(google_compute_router.this) == 0 && length(google_compute_router_nat.this) == 0
    error_message = "Neither router nor NAT."
  }
}

run "the_smallest_network_has_the_smallest_subnets_that_cloud_run_takes" {
  variables {
    cidr = "192.168.4.0/22"
  }
  assert {
    condition     = alltrue([for subnet in google_compute_subnetwork.private : endswith(subnet.ip_cidr_range, "/26")])
    error_message = "Each a /26."
  }
}
