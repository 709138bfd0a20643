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
    error_message = "Only this account's alarms publish: CloudWatch on behalf of this account, nobody else."
  }
  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement.Sid if statement.Effect == "Allow"] == ["Alarms"]
    error_message = "Nothing else may be allowed."
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Without an address nobody is written to: no subscription."
  }
}

run "an_address_is_subscribed" {
  variables {
    email = "ops@example.com"
  }
  assert {
    condition     = aws_sns_topic_subscription.email[0].protocol == "email" && aws_sns_topic_subscription.email[0].endpoint == "ops@example.com"
    error_message = "By e-mail, at that address."
  }
}
