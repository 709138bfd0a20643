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
    error_message = "The firewall source must be the service's subnet: the service's calls come from its addresses."
  }
  assert {
    condition     = !google_compute_network.this.auto_create_subnetworks
    error_message = "Subnets must not be created automatically: Google would create one in every region, without flow logs."
  }
  assert {
    condition = (
      { for key, subnet in google_compute_subnetwork.private : key => subnet.ip_cidr_range }
      == { service = "10.20.128.0/20", jobs = "10.20.144.0/20" }
    )
    error_message = "The private subnets must have these ranges, which are those of the private subnets in the other clouds."
  }
  assert {
    condition     = alltrue([for subnet in google_compute_subnetwork.private : subnet.private_ip_google_access && subnet.region == "us-central1"])
    error_message = "Both subnets must reach Google without NAT, so that traffic to storage and the registry is not billed."
  }
  assert {
    condition = (
      output.private_subnet_ids == [google_compute_subnetwork.private["service"].id, google_compute_subnetwork.private["jobs"].id]
      && length(output.public_subnet_ids) == 0
    )
    error_message = "The service's subnet must come first, then the one for jobs, and there must be no public subnet."
  }
  assert {
    condition = (
      google_compute_firewall.deny_egress.direction == "EGRESS"
      && google_compute_firewall.deny_egress.priority == 65534
      && google_compute_firewall.deny_egress.destination_ranges == toset(["0.0.0.0/0"])
      && one(google_compute_firewall.deny_egress.deny).protocol == "all"
    )
    error_message = "All egress must be denied unless a rule with a higher priority allows it."
  }
  assert {
    condition     = length(google_compute_firewall.deny_egress.allow) == 0 && google_compute_firewall.deny_egress.target_tags == null
    error_message = "The denial must apply to the whole network and allow nothing."
  }
  assert {
    condition = (
      length(google_compute_router_nat.this) == 1
      && google_compute_router_nat.this[0].source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS"
      && length(google_compute_router_nat.this[0].subnetwork) == 2
    )
    error_message = "One NAT must serve the two listed subnets only."
  }
  assert {
    condition     = google_compute_router_nat.this[0].nat_ip_allocate_option == "AUTO_ONLY" && google_compute_router_nat.this[0].enable_dynamic_port_allocation
    error_message = "NAT must allocate addresses and ports as they are needed."
  }
  assert {
    condition = alltrue([
      for subnet in google_compute_subnetwork.private :
      subnet.log_config[0].flow_sampling == 0.5 && subnet.log_config[0].aggregation_interval == "INTERVAL_10_MIN"
    ])
    error_message = "Every second flow must be logged in both subnets."
  }
}

run "without_nat_nothing_is_billed_and_only_google_is_reached" {
  variables {
    nat = "none"
  }
  assert {
    condition     = length(google_compute_router.this) == 0 && length(google_compute_router_nat.this) == 0
    error_message = "Without NAT there must be neither a router nor a NAT."
  }
}

run "the_smallest_network_has_the_smallest_subnets_that_cloud_run_accepts" {
  variables {
    cidr = "192.168.4.0/22"
  }
  assert {
    condition     = alltrue([for subnet in google_compute_subnetwork.private : endswith(subnet.ip_cidr_range, "/26")])
    error_message = "Each subnet must be a /26."
  }
}
