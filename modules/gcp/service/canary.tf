locals {
  # Always explicit: otherwise Cloud Run keeps its current weights. Without a canary, the newest revision gets
  # everything; with one, the stable revision gets its share by name, and the newest the rest. A share of zero is left
  # out, because Cloud Run drops it. The newest is the newest that is ready:
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
  # Unknown until the service exists, and known from then on.
  id = google_cloud_run_v2_service.this.id
}

# The service at plan time. If a data source names a resource directly, or has a condition of its own, Terraform reads
# it only after that changes; hence the local, and the precondition at the output.
data "google_cloud_run_v2_service" "before" {
  name     = basename(local.id)
  location = split("/", local.id)[3]
}

# Read after the change: the resource's own attribute counts as known during a plan, so an output of it would show the
# previous revision.
data "google_cloud_run_v2_service" "after" {
  name     = google_cloud_run_v2_service.this.name
  location = google_cloud_run_v2_service.this.location

  depends_on = [google_cloud_run_v2_service.this]
}
