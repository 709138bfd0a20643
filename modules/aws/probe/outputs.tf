output "job_id" {
  description = "ARN of the schedule that starts the probe."
  value       = aws_scheduler_schedule.this.arn
}
