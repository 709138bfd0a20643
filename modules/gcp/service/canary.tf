locals {
  # Always written out: without it, Cloud Run keeps the weights it has. Without a canary the newest
  # revision has all; with one the stable revision has its part by name, and the newest the rest.
  # Nothing stands for a part of nothing, which Cloud Run drops. The newest is the newest that is ready:
  # https://cloud.google.com/run/docs/reference/rest/v1/TrafficTarget (latestRevision)
  traffic = [for target in [
    {
      type     = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
      revision = try(var.canary.stable, null)
      percent  = var.canary == null ? 0 : 100 - var.canary.percent
    },
    {
      type     = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
      revision = null
      percent  = var.canary == null ? 100 : var.canary.percent
    },
  ] : target if target.percent > 0]
}

locals {
  # Unknown until there is a service, and known ever after.
  id = google_cloud_run_v2_service.this.id
}

# As it is when the plan is made. Terraform reads what names a resource itself, or has a condition of its own,
# after the change to that; hence the local, and the condition at the output.
data "google_cloud_run_v2_service" "before" {
  name     = basename(local.id)
  location = split("/", local.id)[3]
}

# Read after the change: the resource's own attribute counts as known while a plan is made, and an output
# of it would tell the revision before.
data "google_cloud_run_v2_service" "after" {
  name     = google_cloud_run_v2_service.this.name
  location = google_cloud_run_v2_service.this.location

  depends_on = [google_cloud_run_v2_service.this]
}
