mock_provider "aws" {
  source = "./.."
}

variables {
  boundary = "arn:aws:iam::123456789012:policy/test-boundary"
  name     = "test"
}

run "with_the_variables_above" {
  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.permissions_boundary == var.boundary])
    error_message = "Every role must have the boundary: otherwise a deployer could create a role with more rights than its own."
  }
  assert {
    condition     = output.principal.task == "test-task" && output.principal.execution == "test-execution" && length(output.principal) == 2
    error_message = "The service and its start-up must have separate roles."
  }
  assert {
    condition = alltrue([for role in aws_iam_role.this : jsondecode(role.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:us-east-1:123456789012:*" }
      }
    }]])
    error_message = "Only ECS tasks of this account and region may assume the roles."
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.this : length(role.managed_policy_arns) == 0 && length(role.inline_policy) == 0])
    error_message = "The roles must be created without rights: the owner of a resource grants the rights to it."
  }
}
