output "image" {
  description = "The image by digest, REPOSITORY@sha256:…, pushed and ready to run."
  value       = var.image == null ? "${var.repository_url}@${terraform_data.digest[0].output}" : var.image

  # Even a given image waits until its readers may pull it.
  depends_on = [var.repository_url]

  precondition {
    condition = local.has_digest
    error_message = join(" ", [
      "${local.target} was pushed, but the apply ended before its digest was recorded. Repeat that step, which builds",
      "nothing twice: terraform apply -replace='module.image.terraform_data.push[0]'",
    ])
  }
}
