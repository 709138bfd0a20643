variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}

variable "service_id" {
  description = "Id of the container app, from the module service."
  type        = string
}

variable "edge_id" {
  description = "Id of the application gateway, from the module edge."
  type        = string
}

variable "url" {
  description = "Where the service is found, from the module edge; shown on the dashboard."
  type        = string
}

variable "channel" {
  description = "Id of the action group for alarms, from the module alerts."
  type        = string
}

variable "backend" {
  description = <<-EOT
    Key of the service, if several services share the gateway; its listener, pool and settings have this name. null: the gateway serves only this
    service.
  EOT
  type        = string
  nullable    = true
}
