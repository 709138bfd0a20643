locals {
  boot = templatefile("${path.module}/../boot/cloud-config.yaml.tftpl", {
    identity    = trimspace(file("${path.module}/identity.sh"))
    packages    = ["docker.io"]
    image       = module.image.image
    greeting    = var.greeting
    memory      = var.memory
    certificate = var.certificate
    # The service's output goes to systemd, from there to syslog, and on as logs.tf says.
    log_options = "--log-driver none"
  })
}

# Keeps the machines serving: one whose service does not answer the load balancer is replaced. A new configuration
# starts new machines, waits until they serve, and only then ends the old ones:
# https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-maxsurge
resource "azurerm_linux_virtual_machine_scale_set" "this" {
  # checkov:skip=CKV_AZURE_97:every disk is encrypted by Azure; encryption on the host too must be turned on for the subscription first
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  sku                 = var.machine_type
  instances           = var.machines
  zones               = ["1", "2", "3"]
  custom_data         = base64encode(local.boot)
  overprovision       = false
  secure_boot_enabled = true
  vtpm_enabled        = true

  # Azure requires a key. This one opens nothing: it is not derived from a private half, but is a digest of the sentence
  # "Nobody holds the private half of this key, 2". The boot configuration accepts no key either.
  admin_username                  = "nobody-logs-in"
  disable_password_authentication = true

  admin_ssh_key {
    username   = "nobody-logs-in"
    public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM0Ma70LJv0CiYPteInHTm7qg0UaRtQDFM93IgiqE32g"
  }

  # The newest Ubuntu 24.04 when a machine is created, supported until 2029.
  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
    disk_size_gb         = 30 # 2.40 USD a month
  }

  network_interface {
    name    = "network"
    primary = true

    ip_configuration {
      name                                   = "machine"
      primary                                = true
      subnet_id                              = azurerm_subnet.this.id
      load_balancer_backend_address_pool_ids = [azurerm_lb_backend_address_pool.this.id]
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.machine.id]
  }

  # The machine's output during boot, in a storage account of Azure's own.
  boot_diagnostics {}

  health_probe_id = azurerm_lb_probe.this.id
  upgrade_mode    = "Rolling"

  rolling_upgrade_policy {
    maximum_surge_instances_enabled         = true
    max_batch_instance_percent              = 100
    max_unhealthy_instance_percent          = 100
    max_unhealthy_upgraded_instance_percent = 0
    pause_time_between_batches              = "PT0S"
    cross_zone_upgrades_enabled             = true
    prioritize_unhealthy_instances_enabled  = true
  }

  automatic_instance_repair {
    enabled = true
    action  = "Replace"
    # The shortest that Azure accepts; time to start, install Docker and pull the image.
    grace_period = "PT10M"
  }

  extension {
    name                       = "AzureMonitorLinuxAgent"
    publisher                  = "Microsoft.Azure.Monitor"
    type                       = "AzureMonitorLinuxAgent"
    type_handler_version       = "1.33"
    auto_upgrade_minor_version = true
    automatic_upgrade_enabled  = true
    settings = jsonencode({
      authentication = { managedIdentity = { identifier-name = "mi_res_id", identifier-value = azurerm_user_assigned_identity.machine.id } }
    })
  }

  # A machine that starts before these can neither be reached, nor pull its image.
  depends_on = [
    azurerm_subnet_network_security_group_association.this,
    azurerm_lb_rule.this,
    azurerm_lb_outbound_rule.this,
    azurerm_role_assignment.pull,
    azurerm_role_assignment.certificate,
  ]
}
