variable "name" {
  description = "Prefix of every resource's name: 2 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}

variable "log_days" {
  description = "Days that the workspace keeps logs, 30 to 730."
  type        = number
}

variable "network_id" {
  description = "Id of the virtual network, from the module network. A private DNS zone for the environment's default domain is linked to it."
  type        = string
}

variable "private_subnet_ids" {
  description = "The one private subnet, from the module network; it spans all zones."
  type        = list(string)
}
