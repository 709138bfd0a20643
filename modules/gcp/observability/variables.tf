variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, a letter first."
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
  description = "What the stack's variable `service` says of checks from outside: path and status, and whether it is Meridian, whose time is checked."
  type        = object({ meridian = bool, check = object({ path = string, status = number }) })
}

variable "backend" {
  description = "The service's backend where the load balancer has several, as metrics name it; null: the load balancer has no other."
  type        = string
  nullable    = true
}
