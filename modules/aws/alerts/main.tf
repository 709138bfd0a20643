data "aws_caller_identity" "current" {}

resource "aws_sns_topic" "this" {
  # checkov:skip=CKV_AWS_26:CloudWatch cannot publish to a topic under AWS's own key, and a key of our own costs 1 USD a month for messages that name an alarm
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
      },
      {
        Sid       = "OnlyTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# Delivers nothing until the recipient follows the link in AWS's message:
# https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
resource "aws_sns_topic_subscription" "email" {
  count = var.email == null ? 0 : 1

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = var.email
}
