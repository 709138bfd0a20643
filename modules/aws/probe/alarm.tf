resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158:CloudWatch encrypts with its own key; verdicts are no secret, and a key of ours costs 1 USD a month
  # checkov:skip=CKV_AWS_338:a month of verdicts is enough to see a pattern
  name              = local.log_group
  retention_in_days = 30
}

resource "aws_cloudwatch_log_metric_filter" "ok" {
  name           = "${local.job}-ok"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.probe = \"OK\" }"

  metric_transformation {
    namespace = "Meridian/${var.name}"
    name      = "ProbeOK"
    value     = "1"
    unit      = "Count"
  }
}

# One alarm for a service that is down or tells the wrong time and for a probe that does not run.
# Two periods: a start that takes longer than usual falls into the next one and is no failure.
resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = local.job
  alarm_description   = "No check of ${var.url} said OK for ${2 * var.every_minutes} minutes: the service is down, its clock is wrong by more than a second, or the probe does not run. Its log: ${local.log_group}"
  namespace           = "Meridian/${var.name}"
  metric_name         = aws_cloudwatch_log_metric_filter.ok.metric_transformation[0].name
  statistic           = "Sum"
  period              = 60 * var.every_minutes
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [var.channel]
  ok_actions          = [var.channel]
}
