output "channel" {
  description = "Id of the notification channel that alerts are sent to, projects/PROJECT/notificationChannels/ID; null if nobody gets them."
  value       = one(google_monitoring_notification_channel.email[*].id)
}
