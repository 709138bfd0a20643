variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "service_id" {
  description = "ARN of the ECS service, …:service/CLUSTER/SERVICE, from the module service."
  type        = string
}

variable "edge_id" {
  description = "The load balancer as CloudWatch names it, app/NAME/ID, from the module edge."
  type        = string
}

variable "entry" {
  description = <<-EOT
    From the module entry: the load balancer's target groups, whose unhealthy instances are counted, and the host name. If host is set, several
    services share the load balancer. Responses are then counted for the service's target groups, not for the whole load balancer.
  EOT
  type = object({
    host          = string
    target_groups = map(object({ arn = string, metric = string }))
  })
}

variable "url" {
  description = "Where the service is found, from the module edge; shown on the dashboard."
  type        = string
}

variable "channel" {
  description = "ARN of the topic for alarms, from the module alerts."
  type        = string
}
