mock_provider "aws" {
  source = "./.."
}

variables {
  boundary = "arn:aws:iam::123456789012:policy/test-boundary"
  name     = "test"
}

run "no_role_is_made_without_the_boundary" {
  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.permissions_boundary == var.boundary])
    error_message = "Whoever deploys could else make a role that may do more than its maker."
  }
}

run "service_and_its_start_have_a_role_each" {
  assert {
    condition     = output.principal.task == "test-task" && output.principal.execution == "test-execution" && length(output.principal) == 2
    error_message = "What the service may do and what is done for it must not be one role."
  }
}

run "only_tasks_of_this_account_and_region_take_the_roles" {
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
    error_message = "ECS tasks of this account and region, nobody else."
  }
}

run "the_roles_come_without_rights" {
  assert {
    condition     = alltrue([for role in aws_iam_role.this : length(role.managed_policy_arns) == 0 && length(role.inline_policy) == 0])
    error_message = "Who owns a resource grants the right to it; no managed policy with rights to everything."
  }
}
