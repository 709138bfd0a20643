resource "google_project_iam_member" "deployer" {
  for_each = { for pair in setproduct(keys(var.environments), local.deployer_roles) : join(" ", pair) => { environment = pair[0], role = pair[1] } }

  project = var.place.project
  role    = each.value.role
  member  = google_service_account.deployer[each.value.environment].member
}

# Lets it push to the shared repository, but not delete that or what others pushed.
resource "google_artifact_registry_repository_iam_member" "deployer" {
  for_each = var.environments

  project    = local.shared.project
  location   = local.shared.location
  repository = local.shared.repository
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deployer[each.key].member
}

# Creating a bucket needs a right on the project, anything else a right on the bucket. The roles for service accounts
# lack the right to rename one. Others create secrets; a deployer only lets a service read them.
resource "google_project_iam_custom_role" "deployer" {
  role_id     = "${replace(var.name, "-", "_")}_deployer_${terraform_data.since["role"].input}"
  title       = "${var.name} deployer"
  permissions = ["iam.serviceAccounts.update", "secretmanager.secrets.getIamPolicy", "secretmanager.secrets.setIamPolicy", "storage.buckets.create"]
}

resource "google_project_iam_member" "deployer_more" {
  for_each = var.environments

  project = var.place.project
  role    = google_project_iam_custom_role.deployer.name
  member  = google_service_account.deployer[each.key].member
}

resource "google_project_iam_member" "deployer_documents" {
  for_each = var.environments

  project = var.place.project
  role    = "roles/storage.admin"
  member  = google_service_account.deployer[each.key].member

  condition {
    title = "documents"
    # Excludes the states, whose bucket's name may begin with a platform's name.
    expression = join(" || ", [for store in local.documents[each.key] : startswith(var.store, store) ? join(" && ", [
      "resource.name.startsWith('${local.buckets}/${store}')", "!resource.name.startsWith('${local.buckets}/${var.store}')",
    ]) : "resource.name.startsWith('${local.buckets}/${store}')"])
  }
}

resource "google_storage_bucket_iam_member" "deployer_list" {
  for_each = var.environments

  bucket = var.store
  role   = "roles/storage.legacyBucketReader"
  member = google_service_account.deployer[each.key].member
}

resource "google_storage_bucket_iam_member" "deployer_state" {
  for_each = var.environments

  bucket = var.store
  role   = "roles/storage.objectAdmin"
  member = google_service_account.deployer[each.key].member

  condition {
    title = "state-of-${each.key}"
    # A platform's services use the workspaces ENVIRONMENT_KEY.
    expression = join(" || ", [
      for name in concat(
        [for prefix in ["stack", "vm"] : "${prefix}/${local.workspaces[each.key]}."],
        contains(keys(var.platforms), each.key) ? ["platform/${local.workspaces[each.key]}.", "stack/${each.key}_"] : [],
      ) : "resource.name.startsWith('${local.buckets}/${var.store}/objects/${name}')"
    ])
  }
}
