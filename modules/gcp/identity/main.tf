# A bare account: who owns a bucket grants the right to it. The project's default account, which
# Cloud Run would take otherwise, may be an editor of everything:
# https://cloud.google.com/run/docs/securing/service-identity
resource "google_service_account" "this" {
  account_id   = "${var.name}-service"
  display_name = "${var.name} service"
  description  = "What the service itself may do in Google Cloud"
}
