variable "name" {
  description = "Prefix of what the environments share: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
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
    condition = length(distinct(values(var.environments))) == length(var.environments) && alltrue([
      for stack in values(var.environments) :
      can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", stack)) && length(stack) >= 3 && length(stack) <= 16
    ])
    error_message = <<-EOT
      environments must give each environment a different stack name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter;
      the stack names are "${join("\", \"", values(var.environments))}".
    EOT
  }
}

variable "machines" {
  description = <<-EOT
    Maps each environment of the pipeline to the name of its virtual machine's stack, such as { production = "meridian-hello" }; {} where none is
    deployed.
  EOT
  type        = map(string)

  validation {
    condition = alltrue([for environment, stack in var.machines :
      contains(keys(var.environments), environment) && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", stack)) && length(stack) >= 3 && length(stack) <= 16
    ])
    error_message = <<-EOT
      machines must map keys of `environments` to stack names, which the variable `name` of stacks/vm/aws must accept; it maps
      ${join(", ", [for environment, stack in var.machines : "${environment} ${stack}"])}.
    EOT
  }

  validation {
    # Rights match prefixes of names, so no production name may begin with another environment's name.
    condition = alltrue(flatten([for environment, stack in merge(var.environments, { for key, name in var.machines : "${key}/machine" => name }) : [
      for name in compact([lookup(var.environments, "production", ""), lookup(var.machines, "production", "")]) : !startswith(name, stack)
    ] if split("/", environment)[0] != "production"]))
    error_message = "A production stack's name must not begin with another environment's stack name: that environment's deployer could reach production."
  }
}

variable "platforms" {
  description = <<-EOT
    Maps each environment of the pipeline to the name of its platform, such as { production = "prod" }. The environment's deployer then gets rights to
    resources named NAME-*. Use {} if there are no platforms.
  EOT
  type        = map(string)

  validation {
    condition = alltrue([for environment, name in var.platforms :
      can(regex("^[a-z][a-z0-9]{1,6}$", name)) && contains(keys(var.environments), environment)
    ]) && length(distinct(values(var.platforms))) == length(var.platforms)
    error_message = <<-EOT
      platforms must map keys of `environments` to platform names, each different. A platform name has 2 to 7 lower-case letters and digits, and
      starts with a letter. The variable maps ${join(", ", [for environment, name in var.platforms : "${environment} ${name}"])}.
    EOT
  }

  validation {
    condition = alltrue(flatten([for environment, name in var.platforms : [
      for other, stack in merge(var.environments, { for key, machine in var.machines : "${key}/machine" => machine }) :
      !startswith(stack, "${name}-") && !startswith("${name}-", stack) if split("/", other)[0] != environment
    ]]))
    error_message = <<-EOT
      platforms: a deployer's rights cover all names that begin with its stack's name, or with its platform's name and a hyphen. They must not cover
      another environment's names. For example, a platform prod would cover the stack prod-eu. The platforms are ${join(", ", values(var.platforms))}.
    EOT
  }
}

variable "zones" {
  description = <<-EOT
    Maps each environment of the pipeline to the id of its domain's Route 53 zone. The environment's deployer may change the records in it. Use {} if
    there are no domains.
  EOT
  type        = map(string)

  validation {
    condition     = alltrue([for environment, zone in var.zones : contains(keys(var.environments), environment) && can(regex("^[A-Z0-9]{8,32}$", zone))])
    error_message = <<-EOT
      zones must map keys of `environments` to ids of hosted zones, such as Z0123456789ABCDEFGHIJ; it maps
      ${join(", ", [for environment, zone in var.zones : "${environment} ${zone}"])}.
    EOT
  }
}

variable "github" {
  description = <<-EOT
    Repository on GitHub whose workflows get the identities; null: none. It has owner, repository and branch, and the numeric ids that `gh api
    repos/OWNER/REPOSITORY --jq '.owner.id, .id'` prints. If the AWS account already has an OIDC provider for GitHub, set provider to its ARN.
  EOT
  type = object({
    owner         = string
    owner_id      = number
    repository    = string
    repository_id = number
    branch        = optional(string, "main")
    provider      = optional(string)
  })
  nullable = true

  validation {
    condition = var.github == null || (
      can(regex("^[A-Za-z0-9-]+$", var.github.owner)) && can(regex("^[A-Za-z0-9._-]+$", var.github.repository))
      && can(regex("^[A-Za-z0-9._/-]+$", var.github.branch)) && !can(regex("^refs/", var.github.branch))
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
  description = "ARN of the bucket that holds the states, from the module state."
  type        = string
}

variable "repository_url" {
  description = "URL of the ECR repository that the stacks share."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/.+$", var.repository_url))
    error_message = "repository_url must be a repository of ECR; it is \"${var.repository_url}\"."
  }
}
