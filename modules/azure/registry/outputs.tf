output "repository_url" {
  description = "Address of the repository, HOST/PATH without tag. Given out five minutes after the reader got the right to pull, so that it works."
  value       = var.repository_url == null ? "${azurerm_container_registry.this[0].login_server}/${var.name}" : var.repository_url

  depends_on = [terraform_data.pull, azurerm_container_registry_task.purge]
}
