resource "google_monitoring_notification_channel" "email" {
  count = var.email == null ? 0 : 1

  type         = "email"
  display_name = "${var.name} alerts"
  labels       = { email_address = var.email }
  # Alert policies of other stacks may have come to use it by hand; they lose it with this stack.
  force_delete = true
}
