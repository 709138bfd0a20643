variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}

variable "keep_images" {
  description = "How many of the newest images the registry keeps, 10 to 1000; at 45 MB each, 200 fit the 10 GB that its price includes."
  type        = number

  validation {
    # Fewer would delete images that a rollback needs, or that a service not deployed for a long time still runs.
    condition     = var.keep_images >= 10 && var.keep_images <= 1000 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number from 10 to 1000; it is ${var.keep_images}."
  }
}

variable "repository_url" {
  description = <<-EOT
    Address of a repository that exists already, such as one shared by several stacks; null makes one. A
    registry of Azure must be in the subscription of this stack.
  EOT
  type        = string
  nullable    = true

  validation {
    condition     = var.repository_url == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$", var.repository_url))
    error_message = <<-EOT
      repository_url must be HOST/PATH without scheme, tag or digest, such as
      meridian0123abcd.azurecr.io/meridian; it is "${coalesce(var.repository_url, "null")}".
    EOT
  }
}

variable "reader" {
  description = "Output principal of the module identity, which may pull from the registry."
  type        = string
}
