mock_provider "aws" {
  source = "./.."
}

variables {
  name           = "test"
  keep_images    = 30
  repository_url = null
  reader         = { task = "test-task", execution = "test-execution" }
}

run "with_the_variables_above" {
  assert {
    condition     = aws_ecr_repository.this[0].image_tag_mutability == "IMMUTABLE"
    error_message = "Tags must be immutable: what was deployed under a tag must not change."
  }
  assert {
    condition     = aws_ecr_repository.this[0].image_scanning_configuration[0].scan_on_push
    error_message = "Every image must be scanned for known vulnerabilities when it is pushed."
  }
  assert {
    condition     = aws_ecr_repository.this[0].force_delete
    error_message = "A destroy must delete the images: AWS refuses to delete a repository that is not empty."
  }
  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this[0].policy).rules[0].selection == { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 30 }
    error_message = "The repository must keep only the newest 30 images."
  }
  assert {
    condition     = aws_iam_role_policy.pull[0].role == "test-execution"
    error_message = "The execution role must pull the image: the service itself needs no right to the registry."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.pull[0].policy).Statement : statement.Resource if statement.Action != "ecr:GetAuthorizationToken"] == ["arn:aws:ecr:us-east-1:123456789012:repository/test"]
    error_message = "All rights except the login must name this repository only."
  }
  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.pull[0].policy).Statement : statement.Action])) == toset(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetAuthorizationToken"])
    error_message = "The execution role must have rights to pull only."
  }
}

run "a_shared_repository_is_used_and_none_created" {
  variables {
    repository_url = "210987654321.dkr.ecr.eu-central-1.amazonaws.com/shared/meridian"
  }
  assert {
    condition     = length(aws_ecr_repository.this) == 0 && output.repository_url == "210987654321.dkr.ecr.eu-central-1.amazonaws.com/shared/meridian"
    error_message = "The given repository must be used."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.pull[0].policy).Statement[0].Resource == "arn:aws:ecr:eu-central-1:210987654321:repository/shared/meridian"
    error_message = "The right to pull must name that repository."
  }
  assert {
    condition     = aws_iam_role_policy.pull[0].name == "pull-image-${substr(sha256(var.repository_url), 0, 8)}"
    error_message = "The policy's name must depend on the repository, so that the right to an earlier one remains for what still runs."
  }
}

run "a_registry_elsewhere_needs_no_right_in_aws" {
  variables {
    repository_url = "ghcr.io/someone/meridian"
  }
  assert {
    condition     = length(aws_iam_role_policy.pull) == 0
    error_message = "A registry outside AWS must not get an IAM policy."
  }
}
