variable "image" {
  description = "Image to run, by digest; null builds app/ and pushes it to the repository."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be given by digest, HOST/PATH@sha256:<64 hex digits>, or null to build it; it is \"${coalesce(var.image, "null")}\"."
  }

  validation {
    # The machines may pull from one repository of Artifact Registry: the stack's own, or the shared one.
    condition = (
      var.image == null || !can(regex("-docker\\.pkg\\.dev/", var.image))
      || split("@", coalesce(var.image, "@"))[0] == var.repository_url
      || (var.repository_url == null && startswith(coalesce(var.image, "@"), "${var.region}-docker.pkg.dev/${var.project}/${var.name}/"))
    )
    error_message = <<-EOT
      The machines have no right to pull image from its Artifact Registry repository; set repository_url to
      "${split("@", coalesce(var.image, "@"))[0]}".
    EOT
  }
}

variable "repository_url" {
  description = "Existing repository for the images, HOST/PATH; null makes one for this stack."
  type        = string
  default     = null

  validation {
    condition     = var.repository_url == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$", var.repository_url))
    error_message = <<-EOT
      repository_url must be HOST/PATH without scheme, tag or digest, such as
      us-central1-docker.pkg.dev/my-project-123456/images/meridian; it is "${coalesce(var.repository_url, "null")}".
    EOT
  }
}

variable "machine" {
  description = <<-EOT
    E-mail address of the machines' service account, such as the one that the bootstrap makes. It must have the right to pull from repository_url, to
    write logs and metrics, and to read certificate.secret. null makes one for this stack, with these rights.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.machine == null || can(regex("^[a-z0-9-]+@[a-z0-9.-]+\\.gserviceaccount\\.com$", var.machine))
    error_message = "machine must be the e-mail address of a service account, NAME@PROJECT.iam.gserviceaccount.com; it is \"${coalesce(var.machine, "null")}\"."
  }

  validation {
    condition     = var.machine == null || var.repository_url != null
    error_message = <<-EOT
      The service account that `machine` names has no right to a repository that this stack makes. Set repository_url to an existing repository that the
      account can pull from.
    EOT
  }
}

variable "keep_images" {
  description = "How many of the newest images the stack's own repository keeps at least, 10 to 1000."
  type        = number

  validation {
    condition     = var.keep_images >= 10 && var.keep_images <= 1000 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number from 10 to 1000; it is ${var.keep_images}."
  }
}

variable "certificate" {
  description = <<-EOT
    TLS: 443 serves, and 80 redirects there. name is the certificate's host name. secret is the version of a Secret
    Manager secret, with private key and certificate chain as PEM. proxy is an image of HAProxy by digest; the
    machines must have the right to pull it. null: port 80 only.
  EOT
  type        = object({ name = string, secret = string, proxy = string })
  default     = null

  validation {
    condition     = var.certificate == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+([a-z]{2,63}|xn--[a-z0-9-]+)$", var.certificate.name))
    error_message = "certificate.name must be a fully qualified name in lower case, such as hello.example.com; it is \"${try(var.certificate.name, "null")}\"."
  }

  validation {
    condition     = var.certificate == null || can(regex("^projects/[a-z0-9-]+/secrets/[A-Za-z0-9_-]+/versions/([0-9]+|latest)$", var.certificate.secret))
    error_message = <<-EOT
      certificate.secret must be the version of a secret, projects/PROJECT/secrets/NAME/versions/VERSION; it is
      "${try(var.certificate.secret, "null")}".
    EOT
  }

  validation {
    condition     = var.certificate == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$", var.certificate.proxy))
    error_message = "certificate.proxy must be an image by digest, HOST/PATH@sha256:<64 hex digits>; it is \"${try(var.certificate.proxy, "null")}\"."
  }

  validation {
    # As for image: the right covers a repository with all its images. Only its creator knows another account's rights.
    condition = (
      var.machine != null || !can(regex("-docker\\.pkg\\.dev/", var.certificate.proxy))
      || try(
        slice(split("/", var.certificate.proxy), 0, 3)
        == slice(split("/", coalesce(var.repository_url, "${var.region}-docker.pkg.dev/${var.project}/${var.name}/meridian")), 0, 3),
        false
      )
    )
    error_message = <<-EOT
      The machines have no right to pull certificate.proxy from its Artifact Registry repository; it is "${try(var.certificate.proxy, "null")}".
    EOT
  }
}
