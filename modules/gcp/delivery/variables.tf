variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Id of the project, and region, such as us-central1, of all resources here."
  type        = object({ project = string, region = string })
}

variable "environments" {
  description = "Maps each environment of the pipeline to the name of its stack, such as { production = \"meridian\" }."
  type        = map(string)

  validation {
    # Production uses Terraform's workspace default.
    condition = length(var.environments) > 0 && alltrue([
      for environment in keys(var.environments) : can(regex("^[a-z][a-z0-9-]{0,30}$", environment)) && environment != "default"
    ])
    error_message = <<-EOT
      environments must have at least one entry. A name has at most 31 characters of a-z, 0-9 and -, starts with a letter, and is not "default". The
      names are "${join("\", \"", keys(var.environments))}".
    EOT
  }

  validation {
    # Two environments with the same stack would have each other's rights.
    condition = (
      length(distinct(values(var.environments))) == length(var.environments)
      && alltrue([for stack in values(var.environments) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", stack)) && length(stack) >= 3 && length(stack) <= 16])
    )
    error_message = <<-EOT
      environments must give each environment a different stack name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter;
      the stack names are "${join("\", \"", values(var.environments))}".
    EOT
  }
}

variable "platforms" {
  description = "Maps each environment of the pipeline to the name of its platform, such as { staging = \"staging\" }, for those that have one."
  type        = map(string)

  validation {
    condition = (
      length(setsubtract(keys(var.platforms), keys(var.environments))) == 0 &&
      alltrue([for platform in values(var.platforms) : can(regex("^[a-z][a-z0-9]{1,6}$", platform))])
    )
    error_message = <<-EOT
      platforms must map declared environments to the name of a platform, 2 to 7 lower-case letters and digits; it gives
      ${jsonencode(var.platforms)}.
    EOT
  }

  validation {
    # Rights match prefixes of names.
    condition = alltrue([
      for environment, platform in var.platforms : !anytrue([
        for other in concat(
          [for key, stack in var.environments : replace(stack, "-", "") if key != environment],
          [for key, name in var.platforms : name if key != environment],
        ) : startswith(other, platform)
      ])
    ])
    error_message = <<-EOT
      platforms: if NAME is one environment's platform, no other environment's stack or platform may have a name that begins with NAME. Otherwise the
      first environment's deployer could reach it. Hyphens in stack names are ignored. The names are
      ${join(", ", concat(values(var.platforms), values(var.environments)))}.
    EOT
  }
}

variable "github" {
  description = <<-EOT
    Repository on GitHub whose workflows get the identities; null: none. It has owner, repository and branch, and
    the numeric ids that `gh api repos/OWNER/REPOSITORY --jq '.owner.id, .id'` prints.
  EOT
  type        = object({ owner = string, owner_id = number, repository = string, repository_id = number, branch = optional(string, "main") })
  nullable    = true

  validation {
    condition = (
      var.github == null
      || can(regex("^[A-Za-z0-9-]+$", var.github.owner))
      && can(regex("^[A-Za-z0-9._-]+$", var.github.repository)) && can(regex("^[A-Za-z0-9._/-]+$", var.github.branch))
      && !can(regex("^refs/", var.github.branch))
    )
    error_message = <<-EOT
      github: owner, repository and branch must be names without wildcards, and branch must not start with refs/; they are
      "${try(var.github.owner, "")}", "${try(var.github.repository, "")}", "${try(var.github.branch, "")}".
    EOT
  }

  validation {
    condition     = var.github == null || try(var.github.owner_id > 0 && var.github.repository_id > 0, false)
    error_message = "github: owner_id and repository_id must be the two numbers that `gh api repos/OWNER/REPOSITORY --jq '.owner.id, .id'` prints."
  }
}

variable "circleci" {
  description = <<-EOT
    Project on CircleCI that gets the identities; null: none. organization_id and project_id are the UUIDs in its settings. repository is
    HOST/OWNER/NAME. branch is the branch that is deployed.
  EOT
  type        = object({ organization_id = string, project_id = string, repository = string, branch = optional(string, "main") })
  nullable    = true

  validation {
    condition = (
      var.circleci == null
      || alltrue([for id in try([var.circleci.organization_id, var.circleci.project_id], []) : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", id))])
    )
    error_message = <<-EOT
      circleci: organization_id and project_id are UUIDs in lower case; they are
      "${try(var.circleci.organization_id, "")}" and "${try(var.circleci.project_id, "")}".
    EOT
  }

  validation {
    condition = (
      var.circleci == null
      || can(regex("^[a-z0-9.-]+/[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.circleci.repository)) && can(regex("^[A-Za-z0-9._/-]+$", var.circleci.branch))
      && !can(regex("^refs/", var.circleci.branch))
    )
    error_message = <<-EOT
      circleci: repository must be HOST/OWNER/NAME, and branch must be a name without refs/heads/ and wildcards; they are
      "${try(var.circleci.repository, "")}" and "${try(var.circleci.branch, "")}".
    EOT
  }
}

variable "store" {
  description = "Name of the bucket that holds the states, from the module state."
  type        = string
}

variable "repository_url" {
  description = "Repository for images in Artifact Registry that the stacks share."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+-docker\\.pkg\\.dev/[a-z0-9-]+/[a-z0-9-]+(/.+)?$", var.repository_url))
    error_message = "repository_url must be a repository of Artifact Registry; it is \"${var.repository_url}\"."
  }
}
