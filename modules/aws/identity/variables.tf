variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "boundary" {
  description = "ARN of the permissions boundary of the roles that are made here; null: none."
  type        = string
}
