output "network_id" {
  description = "Id of the virtual network."
  value       = azurerm_virtual_network.this.id
}

output "public_subnet_ids" {
  description = "Id of the public subnet, for the gateway; one, because it spans all zones."
  value       = [azurerm_subnet.public.id]
}

output "private_subnet_ids" {
  description = <<-EOT
    Id of the private subnet, for Container Apps; one, because it spans all zones. Usable once it is closed to
    all but the gateway and has its way out.
  EOT
  value       = [azurerm_subnet.private.id]

  depends_on = [
    azurerm_nat_gateway_public_ip_association.this,
    azurerm_subnet_nat_gateway_association.private,
    azurerm_subnet_network_security_group_association.private,
  ]
}

output "firewall_source" {
  description = "Range of the private subnet, from which the service calls: for rules elsewhere that let it in."
  value       = local.private
}
