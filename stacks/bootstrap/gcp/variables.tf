variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, starting with a letter, no hyphen at the end; it is \"${var.name}\"."
  }

  validation {
    # https://cloud.google.com/storage/docs/buckets#naming
    condition     = !can(regex("g[o0][o0]g[l1]e", var.name))
    error_message = "name must not contain \"google\" or anything like it, which Cloud Storage refuses in the name of a bucket; it is \"${var.name}\"."
  }

  validation {
    # https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/create
    condition     = !startswith("${var.name}-", "gcp-")
    error_message = "name must not be \"gcp\" nor begin with \"gcp-\", which Google keeps in the ids of workload identity pools; it is \"${var.name}\"."
  }
}

variable "project" {
  description = "Id of the Google Cloud project to deploy to, such as my-project-123456; not its name and not its number."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = <<-EOT
      project must be the id of a project, 6 to 30 lower-case letters, digits and hyphens, a letter first, such as
      my-project-123456; it is "${var.project}".
    EOT
  }
}

variable "region" {
  description = "Google Cloud region, such as us-central1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be the id of a Google Cloud region, such as us-central1, without a zone's letter; it is \"${var.region}\"."
  }
}

variable "environments" {
  description = <<-EOT
    Maps each environment of the pipeline to the name of its stack, as in stacks/gcp: in terraform.tfvars for production, in ENV.tfvars for any other
    environment.
  EOT
  type        = map(string)
}

variable "platforms" {
  description = "Maps each environment of the pipeline to the name of its platform, as in stacks/platform/gcp, for those that have one."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "keep_images" {
  description = <<-EOT
    How many of the newest images the shared repository keeps at least, 10 to 1000. Google deletes no image that an
    immutable tag names; one of 45 MB costs 0.0045 USD a month.
  EOT
  type        = number

  validation {
    # Fewer would delete images that a rollback needs, or that a service not deployed for a long time still runs.
    condition     = var.keep_images >= 10 && var.keep_images <= 1000 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number from 10 to 1000; it is ${var.keep_images}."
  }
}

variable "github" {
  description = <<-EOT
    Repository on GitHub whose workflows deploy; null: none. It has owner, repository and branch, and the numeric
    ids that `gh api repos/OWNER/REPOSITORY --jq '.owner.id, .id'` prints.
  EOT
  type        = object({ owner = string, owner_id = number, repository = string, repository_id = number, branch = optional(string, "main") })
  default     = null
}

variable "circleci" {
  description = <<-EOT
    Project on CircleCI that deploys; null: none. organization_id and project_id are the UUIDs in its settings. repository is HOST/OWNER/NAME. branch
    is the branch that is deployed.
  EOT
  type        = object({ organization_id = string, project_id = string, repository = string, branch = optional(string, "main") })
  default     = null
}
