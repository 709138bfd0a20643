variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
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
      length(distinct(values(var.environments))) == length(var.environments) &&
      alltrue([for stack in values(var.environments) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", stack)) && length(stack) >= 3 && length(stack) <= 16])
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
    Repository on GitHub whose workflows get the identities; null: none. It has owner, repository and branch, and the numeric ids that `gh api
    repos/OWNER/REPOSITORY --jq '.owner.id, .id'` prints. old_subject: whether the repository's tokens still have the subject format from before 15
    July 2026, without ids. protected: whether the subject ends with ref_protected; then only protected branches can deploy. For protected, set the
    subject on GitHub with `gh api --method PUT repos/OWNER/REPOSITORY/actions/oidc/customization/sub -F use_default=false -f
    'include_claim_keys[]=repo' -f 'include_claim_keys[]=context' -f 'include_claim_keys[]=ref_protected'`.
  EOT
  type = object({
    owner         = string
    owner_id      = number
    repository    = string
    repository_id = number
    branch        = optional(string, "main")
    old_subject   = optional(bool, false)
    protected     = optional(bool, false)
  })
  nullable = true

  validation {
    condition = (
      var.github == null ||
      can(regex("^[A-Za-z0-9-]+$", var.github.owner)) &&
      can(regex("^[A-Za-z0-9._-]+$", var.github.repository)) &&
      can(regex("^[A-Za-z0-9._/-]+$", var.github.branch)) && !can(regex("^refs/", var.github.branch))
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

variable "store" {
  description = "Id of the storage container that holds the states, from the module state."
  type        = string
}
