variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Id of the project, and region, such as us-central1, of all resources here."
  type        = object({ project = string, region = string })
}

variable "documents" {
  description = <<-EOT
    Documents that the service returns at /api/NAME; maps each NAME to a JSON object. Names have 1 to 63 lower-case letters, digits, - or _, a letter
    or digit first; each object at most 1 MiB.
  EOT
  type        = map(string)

  validation {
    condition     = alltrue([for name in keys(var.documents) : can(regex("^[a-z0-9][a-z0-9_-]{0,62}$", name))])
    error_message = <<-EOT
      documents: names have 1 to 63 lower-case letters, digits, - or _, a letter or digit first; refused:
      ${join(", ", [for name in keys(var.documents) : name if !can(regex("^[a-z0-9][a-z0-9_-]{0,62}$", name))])}.
    EOT
  }

  validation {
    # keys() accepts only objects, so lists and strings are refused; jsondecode refuses broken JSON.
    condition     = alltrue([for document in values(var.documents) : can(keys(jsondecode(document)))])
    error_message = <<-EOT
      documents: each must be a JSON object, {…}; refused:
      ${join(", ", [for name, document in var.documents : name if !can(keys(jsondecode(document)))])}.
    EOT
  }

  validation {
    # The service's default limit, MERIDIAN_DOCUMENTS_MAX_BYTES. Base64 encodes three bytes as four characters.
    condition     = alltrue([for document in values(var.documents) : length(base64encode(document)) <= 4 * ceil(1048576 / 3)])
    error_message = <<-EOT
      documents: each must have at most 1048576 bytes; refused:
      ${join(", ", [for name, document in var.documents : name if length(base64encode(document)) > 4 * ceil(1048576 / 3)])}.
    EOT
  }
}

variable "reader" {
  description = "Output principal of the module identity, which may read the documents."
  type        = string

  validation {
    condition     = startswith(var.reader, "serviceAccount:")
    error_message = "reader must be serviceAccount:EMAIL, because another member, such as allUsers, would open the bucket to others; it is \"${var.reader}\"."
  }
}
