resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158:CloudWatch encrypts with its own key; verdicts are no secret, and a key of our own costs 1 USD a month
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

locals {
  # Two periods: a slow start moves a check into the next period, which is no failure. With a check every minute four,
  # because the newest results are often late.
  periods = var.every_minutes == 1 ? 4 : 2
}

# One alarm covers a service that is down or has the wrong time, and a probe that does not run.
resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name = local.job
  alarm_description = join(" ", [
    "No check of ${var.url} succeeded for ${local.periods * var.every_minutes} minutes: it is down, its clock is wrong, or the probe",
    "does not run. Log: ${local.log_group}",
  ])
  evaluation_periods  = local.periods
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  # Without any data the state stays: before the first check, when every first deployment would otherwise raise an
  # alarm, and long after the last one, when the alarm has been raised already.
  treat_missing_data = "ignore"
  alarm_actions      = [var.channel]
  ok_actions         = [var.channel]

  # Counts a missing check as failed. treat_missing_data would not do that: CloudWatch would look at older checks
  # instead. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
  metric_query {
    id          = "checks"
    label       = "Successful checks"
    expression  = "FILL(ok, 0)"
    return_data = true
  }

  metric_query {
    id = "ok"

    metric {
      namespace   = aws_cloudwatch_log_metric_filter.ok.metric_transformation[0].namespace
      metric_name = aws_cloudwatch_log_metric_filter.ok.metric_transformation[0].name
      period      = 60 * var.every_minutes
      stat        = "Sum"
    }
  }
}
