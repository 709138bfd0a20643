# Records who connected to whom, in case somebody asks later. 0.50 USD/GB, about 0.1 GB per million requests:
# https://aws.amazon.com/cloudwatch/pricing/
resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = aws_iam_role.flow.arn
  max_aggregation_interval = 600

  tags = { Name = var.name }

  depends_on = [aws_iam_role_policy.flow]
}

resource "aws_cloudwatch_log_group" "flow" {
  # checkov:skip=CKV_AWS_158:CloudWatch encrypts with its own key; a key of our own costs 1 USD a month and hides addresses from nobody
  # checkov:skip=CKV_AWS_338:a month is enough to see who connected; a year multiplies the bill by twelve
  name              = "/meridian/${var.name}/flow"
  retention_in_days = 30
}

resource "aws_iam_role" "flow" {
  name                 = "${var.name}-flow-logs"
  description          = "Writes the network's flow log"
  permissions_boundary = var.boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # Only for flow logs of this account, never on behalf of another:
      # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "flow" {
  name = "write"
  role = aws_iam_role.flow.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        Resource = "${aws_cloudwatch_log_group.flow.arn}:*"
      },
      {
        # This action lists all groups and cannot name one:
        # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
        Effect   = "Allow"
        Action   = "logs:DescribeLogGroups"
        Resource = "*"
      },
    ]
  })
}
