variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "image" {
  description = "Image to run, by digest: REPOSITORY@sha256:…, built for linux/amd64."
  type        = string

  validation {
    condition     = can(regex("^[^@[:space:]]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be given by digest, REPOSITORY@sha256:<64 hex digits>, since a tag can come to mean something else; it is \"${var.image}\"."
  }
}

variable "canary" {
  description = <<-EOT
    A second image that gets a part of the requests; null: none. image: by digest; percent: share of the requests, 0 to 100; at 0 the canary gets
    none, but one task still runs. stable: the value that the output `revision` had before the canary began.
  EOT
  type        = object({ image = string, percent = number, stable = string })
  nullable    = true

  validation {
    condition     = var.canary == null || can(regex("^[^@[:space:]]+@sha256:[0-9a-f]{64}$", var.canary.image))
    error_message = "canary.image must be given by digest, REPOSITORY@sha256:<64 hex digits>; it is \"${try(var.canary.image, "null")}\"."
  }

  validation {
    condition     = var.canary == null || try(var.canary.percent >= 0 && var.canary.percent <= 100 && floor(var.canary.percent) == var.canary.percent, false)
    error_message = "canary.percent must be a whole number from 0 to 100; it is ${try(var.canary.percent, "null")}."
  }

  validation {
    # The other clouds need this value to keep the stable revision in place. Here a separate service does that, so this
    # only checks that the value comes from the output.
    condition     = var.canary == null || can(regex("^arn:aws[a-z-]*:ecs:.+:task-definition/.+:[0-9]+$", var.canary.stable))
    error_message = "canary.stable must be the value of the output `revision`, the ARN of a task definition; it is \"${try(var.canary.stable, "null")}\"."
  }

  validation {
    # The stable service runs `image`: if both were the same, everybody would get the new image at once.
    condition     = var.canary == null || try(var.canary.image != var.image, false)
    error_message = "canary.image, the image to try, must differ from `image`, the one that runs now."
  }
}

variable "cpu" {
  description = "CPU of an instance in vCPU: 0.25, 0.5, 1, 2, 4, 8 or 16."
  type        = number

  validation {
    condition     = contains([0.25, 0.5, 1, 2, 4, 8, 16], var.cpu)
    error_message = "cpu must be 0.25, 0.5, 1, 2, 4, 8 or 16 vCPU; it is ${var.cpu}."
  }
}

variable "memory" {
  description = <<-EOT
    Memory of an instance in MiB. Fargate accepts 2048 to 8192 per vCPU, and at most 7680 per vCPU from 4 vCPU on. The step is 1024; with 8 vCPU it is
    4096, with 16 vCPU 8192. With 0.25 vCPU, 512 is also accepted.
  EOT
  type        = number

  validation {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
    condition = contains(lookup({
      "0.25" = [512, 1024, 2048]
      "0.5"  = range(1024, 4096 + 1, 1024)
      "1"    = range(2048, 8192 + 1, 1024)
      "2"    = range(4096, 16384 + 1, 1024)
      "4"    = range(8192, 30720 + 1, 1024)
      "8"    = range(16384, 61440 + 1, 4096)
      "16"   = range(32768, 122880 + 1, 8192)
    }, tostring(var.cpu), []), var.memory)
    error_message = <<-EOT
      memory is ${var.memory} MiB, which Fargate does not pair with cpu ${var.cpu}. Fargate accepts cpu 0.25 with 512, 1024 or 2048;
      0.5 with 1024 to 4096, 1 with 2048 to 8192, 2 with 4096 to 16384 and 4 with 8192 to 30720, in steps of 1024;
      8 with 16384 to 61440, in steps of 4096; 16 with 32768 to 122880, in steps of 8192.
    EOT
  }
}

variable "instances" {
  description = <<-EOT
    How many instances run. min must be at least 2, max at most 1000. Instances are added, up to max, when CPU or memory exceeds the percentages in
    scale.
  EOT
  type        = object({ min = number, max = number })

  validation {
    condition     = floor(var.instances.min) == var.instances.min && var.instances.min >= 2
    error_message = <<-EOT
      instances.min must be a whole number, at least 2; it is ${var.instances.min}. With one instance the service is down while that instance's host
      or zone fails. With 0 nothing runs: on ECS a request starts no instance.
    EOT
  }

  validation {
    condition     = floor(var.instances.max) == var.instances.max && var.instances.max >= var.instances.min && var.instances.max <= 1000
    error_message = "instances.max must be a whole number from instances.min (${var.instances.min}) to 1000; it is ${var.instances.max}."
  }
}

variable "identity_id" {
  description = "ARNs of the roles task and execution, from the module identity."
  type        = object({ task = string, execution = string })
}

variable "network_id" {
  description = "Id of the VPC, from the module network."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets in at least two zones, from the module network."
  type        = list(string)

  validation {
    condition     = length(var.private_subnet_ids) >= 2
    error_message = "private_subnet_ids must have at least two subnets, in two zones; it has ${length(var.private_subnet_ids)}."
  }
}

variable "entry" {
  description = <<-EOT
    Output entry of the module entry: the load balancer's security group and listener, the host and priority of the service's rule, its ports and its
    target groups.
  EOT
  type = object({
    security_group_id = string
    listener_arn      = string
    host              = string
    priority          = number
    ports             = object({ service = number, health = number })
    target_groups     = map(object({ arn = string, metric = string }))
  })
}
