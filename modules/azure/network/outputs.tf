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
    Id of the private subnet, for Container Apps. There is only one, because it spans all zones. It becomes available after its firewall rules
    and, if there is one, its NAT gateway are attached.
  EOT
  value       = [azurerm_subnet.private.id]

  depends_on = [
    azurerm_nat_gateway_public_ip_association.this,
    azurerm_subnet_nat_gateway_association.private,
    azurerm_subnet_network_security_group_association.private,
  ]
}

output "firewall_source" {
  description = "Address range of the private subnet, from which the service's connections come. Use it in firewall rules, such as a database's."
  value       = local.private
}
