resource "google_monitoring_notification_channel" "email" {
  count = var.email == null ? 0 : 1

  type         = "email"
  display_name = "${var.name} alerts"
  labels       = { email_address = var.email }
  # Alert policies of other stacks may use it, if attached by hand; a destroy detaches it from them.
  force_delete = true
}
