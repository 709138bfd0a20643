output "service_id" {
  description = "Id of the container app."
  value       = azurerm_container_app.this.id
}

output "platform" {
  description = "The Container Apps environment, on which the probe runs too, and the workspace with its logs."
  value = {
    environment_id = var.compute.environment_id
    workspace_id   = var.compute.workspace_id
  }

  # Whatever runs beside the service waits until its revision is ready.
  depends_on = [terraform_data.ready]
}

# Depends only on the environment, so that the gateway, which takes as long, is created while the service starts.
output "origin" {
  description = "Host name of the service inside the network, HTTPS on 443; usable once the network resolves it."
  value       = "${var.name}.${var.compute.domain}"
}

output "revision" {
  description = "Name of the stable revision, NAME--SUFFIX, never the canary's: the value for canary.stable."
  # A revision that was requested but did not become ready serves nobody.
  value = var.canary == null ? terraform_data.ready.output : var.canary.stable

  depends_on = [terraform_data.ready]
}
