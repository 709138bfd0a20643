output "repository_url" {
  description = "Address of the repository, HOST/PATH without tag. It becomes available after the repository exists."
  # A repository of Artifact Registry holds packages; ours has one.
  value = var.repository_url != null ? var.repository_url : join("/", [
    "${var.place.region}-docker.pkg.dev",
    var.place.project,
    google_artifact_registry_repository.this[0].repository_id,
    "meridian",
  ])
}
