provider "aws" {
  region              = var.region
  allowed_account_ids = var.account == null ? null : [var.account]

  default_tags {
    tags = merge(
      { Project = "meridian", Stack = var.name },
      var.expires == null ? {} : { Expires = var.expires },
      var.pull_request == null ? {} : { PullRequest = var.pull_request },
    )
  }
}
