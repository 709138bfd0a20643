output "channel" {
  description = "ARN of the topic that alarms are sent to."
  value       = aws_sns_topic.this.arn

  depends_on = [aws_sns_topic_policy.this]
}
