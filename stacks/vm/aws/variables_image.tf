variable "image" {
  description = "Image to run, by digest; null builds app/ and pushes it to the repository."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be given by digest, HOST/PATH@sha256:<64 hex digits>, or null to build it; it is \"${coalesce(var.image, "null")}\"."
  }

  validation {
    # The machines may pull from one ECR repository: the stack's own, which has its name, or the shared one.
    condition = (
      var.image == null || !can(regex("\\.dkr\\.ecr\\.", var.image)) || split("@", coalesce(var.image, "@"))[0] == var.repository_url
      || (var.repository_url == null
      && can(regex("^${coalesce(var.account, "[0-9]{12}")}\\.dkr\\.ecr\\.${var.region}\\.amazonaws\\.com/${var.name}@", var.image)))
    )
    error_message = "The machines have no right to pull image from its ECR repository; set repository_url to \"${split("@", coalesce(var.image, "@"))[0]}\"."
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
      123456789012.dkr.ecr.eu-central-1.amazonaws.com/meridian; it is "${coalesce(var.repository_url, "null")}".
    EOT
  }
}

variable "keep_images" {
  description = "How many of the newest images the stack's own repository keeps, 10 to 1000."
  type        = number

  validation {
    condition     = var.keep_images >= 10 && var.keep_images <= 1000 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number from 10 to 1000; it is ${var.keep_images}."
  }
}

variable "certificate" {
  description = <<-EOT
    TLS: 443 serves, and 80 redirects there. name is the certificate's host name. secret is the ARN of a Secrets
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
    # The machine's right to it must name the complete ARN, with its last six characters.
    condition = (
      var.certificate == null
      || can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$", var.certificate.secret))
    )
    error_message = <<-EOT
      certificate.secret must be the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX; it is
      "${try(var.certificate.secret, "null")}".
    EOT
  }

  validation {
    condition     = var.certificate == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$", var.certificate.proxy))
    error_message = "certificate.proxy must be an image by digest, HOST/PATH@sha256:<64 hex digits>; it is \"${try(var.certificate.proxy, "null")}\"."
  }

  validation {
    # As for image.
    condition = (
      !can(regex("\\.dkr\\.ecr\\.", var.certificate.proxy)) || try(split("@", var.certificate.proxy)[0] == var.repository_url, false)
      || (var.repository_url == null
      && can(regex("^${coalesce(var.account, "[0-9]{12}")}\\.dkr\\.ecr\\.${var.region}\\.amazonaws\\.com/${var.name}@", var.certificate.proxy)))
    )
    error_message = "The machines have no right to pull certificate.proxy from its ECR repository; it is \"${try(var.certificate.proxy, "null")}\"."
  }
}
