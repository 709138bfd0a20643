provider "aws" {
  region              = var.region
  allowed_account_ids = var.account == null ? null : [var.account]

  default_tags {
    tags = {
      Project = "meridian"
      Stack   = local.name
    }
  }
}
