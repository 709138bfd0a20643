variable "image" {
  description = "Image to use as it is, by digest: REPOSITORY@sha256:…; null builds the sources and pushes them."
  type        = string
  nullable    = true

  validation {
    condition     = var.image == null || can(regex("^[^@[:space:]]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be given by digest, REPOSITORY@sha256:<64 hex digits>, or null to build it; it is \"${coalesce(var.image, "null")}\"."
  }
}

variable "repository_url" {
  description = "Where a built image is pushed: HOST/PATH without tag, from the module registry."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$", var.repository_url))
    error_message = "repository_url must be HOST/PATH without scheme, tag or digest; it is \"${var.repository_url}\"."
  }
}

variable "app" {
  description = "Folder of the service's sources, with its pom.xml."
  type        = string

  validation {
    condition     = var.image != null || fileexists("${var.app}/pom.xml")
    error_message = "app must be a folder with a pom.xml, unless an image is given; \"${var.app}\" has none."
  }
}
