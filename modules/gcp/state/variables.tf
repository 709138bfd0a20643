variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, a letter first."
  type        = string
}

variable "place" {
  description = "Where it stands: id of the project, and region, such as us-central1."
  type        = object({ project = string, region = string })
}
