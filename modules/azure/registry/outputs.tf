output "repository_url" {
  description = "Address of the repository, HOST/PATH without tag; usable once the reader has the right to pull, which takes minutes to spread."
  value       = var.repository_url == null ? "${azurerm_container_registry.this[0].login_server}/${var.name}" : var.repository_url

  depends_on = [azurerm_role_assignment.pull, azurerm_container_registry_task.purge]
}
