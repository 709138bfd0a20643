variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Id of the project, and region, such as us-central1, of all resources here."
  type        = object({ project = string, region = string })
}

variable "keep_images" {
  description = <<-EOT
    How many of the newest images the registry keeps at least, 10 to 1000. Google deletes no image that an immutable
    tag names, so only those without a tag are cleaned up; one of 45 MB costs 0.0045 USD a month.
  EOT
  type        = number

  validation {
    # Fewer would delete images that a rollback needs, or that a service not deployed for a long time still runs.
    condition     = var.keep_images >= 10 && var.keep_images <= 1000 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number from 10 to 1000; it is ${var.keep_images}."
  }
}

variable "repository_url" {
  description = "Address of a repository that exists already, such as one shared by several stacks; null makes one."
  type        = string
  nullable    = true

  validation {
    condition     = var.repository_url == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$", var.repository_url))
    error_message = <<-EOT
      repository_url must be HOST/PATH without scheme, tag or digest, such as
      us-central1-docker.pkg.dev/my-project/meridian/meridian; it is "${coalesce(var.repository_url, "null")}".
    EOT
  }
}
