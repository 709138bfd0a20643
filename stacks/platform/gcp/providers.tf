provider "google" {
  project = var.project
  region  = var.region

  default_labels = {
    project = "meridian"
    stack   = local.name
  }
}
