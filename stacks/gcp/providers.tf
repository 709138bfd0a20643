provider "google" {
  project = var.project
  region  = var.region

  default_labels = merge(
    { project = "meridian", stack = var.name },
    var.expires == null ? {} : { expires = var.expires },
    var.pull_request == null ? {} : { pull_request = var.pull_request },
  )
}
