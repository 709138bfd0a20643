output "repository_url" {
  description = "Address of the repository, HOST/PATH without tag. Terraform waits five minutes for the reader's right to pull, then gives it out."
  value       = var.repository_url == null ? "${azurerm_container_registry.this[0].login_server}/${var.name}" : var.repository_url

  depends_on = [terraform_data.pull, azurerm_container_registry_task.purge]
}
