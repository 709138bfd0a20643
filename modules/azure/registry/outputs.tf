output "repository_url" {
  description = <<-EOT
    Address of the repository, HOST/PATH without tag. It becomes available five minutes after the right to pull is granted, because Azure needs that
    long to apply the right.
  EOT
  value       = var.repository_url == null ? "${azurerm_container_registry.this[0].login_server}/${var.name}" : var.repository_url

  depends_on = [terraform_data.pull, azurerm_container_registry_task.purge]
}
