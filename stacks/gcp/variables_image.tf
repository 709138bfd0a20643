variable "image" {
  description = "Image to run, by digest; null builds app/ and pushes it to the repository."
  type        = string
  default     = null

  validation {
    # https://cloud.google.com/run/docs/deploying#images
    condition     = var.image == null || can(regex("^([a-z0-9-]+-docker\\.pkg\\.dev|([a-z]+\\.)?gcr\\.io|docker\\.io)/", var.image))
    error_message = <<-EOT
      image must be in Artifact Registry (REGION-docker.pkg.dev/…) or on Docker Hub (docker.io/…), since Cloud Run
      fetches from nowhere else; it is "${coalesce(var.image, "null")}".
    EOT
  }

  validation {
    # If another repository is named, the stack's own is deleted with its images.
    condition = (
      var.image == null || var.repository_url == null
      || !startswith(coalesce(var.image, "@"), "${var.region}-docker.pkg.dev/${var.project}/${var.name}/")
    )
    error_message = <<-EOT
      image is in the stack's own repository, which is deleted if repository_url is set. Set image to an image in the repository that repository_url
      names, or leave image out to build one.
    EOT
  }
}

variable "repository_url" {
  description = "Existing repository for the images, HOST/PATH; null makes one for this stack."
  type        = string
  default     = null

  validation {
    condition     = var.repository_url == null || can(regex("^[a-z0-9-]+-docker\\.pkg\\.dev/[^/]+/[^/]+/.+$", var.repository_url))
    error_message = <<-EOT
      repository_url must be REGION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, since Cloud Run fetches images from
      Artifact Registry; it is "${coalesce(var.repository_url, "null")}".
    EOT
  }
}

variable "keep_images" {
  description = "How many of the newest images the stack's own repository keeps at least, 10 to 1000."
  type        = number
  default     = 30
}

variable "canary" {
  description = "A second image for a share of the requests: image, by digest; percent, 0 to 100; stable, the value of the output `revision`. null for none."
  type        = object({ image = string, percent = number, stable = string })
  default     = null
}
