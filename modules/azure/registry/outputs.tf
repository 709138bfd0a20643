output "repository_url" {
  description = <<-EOT
    Address of the repository, HOST/PATH without tag. Terraform gives it out five minutes after granting the right to pull, because Azure needs that
    long to apply it.
  EOT
  value       = var.repository_url == null ? "${azurerm_container_registry.this[0].login_server}/${var.name}" : var.repository_url

  depends_on = [terraform_data.pull, azurerm_container_registry_task.purge]
}
