# Has no rights: the module that owns a bucket grants them. The project's default account, which Cloud Run would use
# otherwise, may be an editor of everything: https://cloud.google.com/run/docs/securing/service-identity
resource "google_service_account" "this" {
  account_id   = "${var.name}-service"
  display_name = "${var.name} service"
  description  = "What the service itself may do in Google Cloud"
}
