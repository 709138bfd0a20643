mock_provider "aws" {
  source = "./.."
}

variables {
  name  = "test"
  email = null
}

run "with_the_variables_above" {
  assert {
    condition = jsondecode(aws_sns_topic_policy.this.policy).Statement[0] == {
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:us-east-1:123456789012:test-alarms"
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }
    error_message = "Only CloudWatch may publish, and only on behalf of this account."
  }
  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement.Sid if statement.Effect == "Allow"] == ["Alarms"]
    error_message = "The topic policy must allow nothing else."
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Without an address there must be no subscription."
  }
}

run "an_address_is_subscribed" {
  variables {
    email = "ops@example.com"
  }
  assert {
    condition     = aws_sns_topic_subscription.email[0].protocol == "email" && aws_sns_topic_subscription.email[0].endpoint == "ops@example.com"
    error_message = "The subscription must be by e-mail to the given address."
  }
}
