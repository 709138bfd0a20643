variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Id of the project, and region, such as us-central1, of all resources here."
  type        = object({ project = string, region = string })
}

variable "service_id" {
  description = "Id of the Cloud Run service, projects/PROJECT/locations/REGION/services/NAME, from the module service."
  type        = string
}

variable "edge_id" {
  description = "The load balancer as Cloud Monitoring names it, from the module edge: its URL map."
  type        = string
}

variable "url" {
  description = "Where the service is found, from the module edge; requested from outside every minute, and shown on the dashboard."
  type        = string
}

variable "channel" {
  description = "Id of the notification channel for alerts, from the module alerts; null for none."
  type        = string
  nullable    = true
}

variable "service" {
  description = <<-EOT
    The parts of the stack's variable `service` that the uptime check uses: path and status, and whether the service is Meridian. If it is, and the
    path is /now, the check also looks for the time.
  EOT
  type        = object({ meridian = bool, check = object({ path = string, status = number }) })
}

variable "backend" {
  description = "Name of the service's backend in metrics, if the load balancer has several backends; null: it has only one."
  type        = string
  nullable    = true
}
