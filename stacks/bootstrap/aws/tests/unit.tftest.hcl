# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "aws" {
  source = "../../../modules/aws"

  mock_resource "aws_ecr_repository" {
    override_during = plan
    defaults = {
      arn            = "arn:aws:ecr:us-east-1:123456789012:repository/meridian-shared"
      repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/meridian-shared"
    }
  }

  mock_resource "aws_iam_role" {
    override_during = plan
    defaults = {
      arn = "arn:aws:iam::123456789012:role/delivery/meridian"
    }
  }
}

run "as_committed" {
  command = plan
  assert {
    condition     = toset(keys(output.backend)) == toset(["stacks/aws", "stacks/platform/aws", "stacks/vm/aws", "stacks/bootstrap/aws"])
    error_message = "There must be a backend for each folder with a state, known before anything is created."
  }
  assert {
    condition     = output.repository_url == "123456789012.dkr.ecr.us-east-1.amazonaws.com/meridian-shared"
    error_message = "The output must be the shared repository's URL, which the stacks take as repository_url."
  }
  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push && !aws_ecr_repository.this.force_delete
    error_message = "In the shared repository tags must be immutable, images must be scanned, and a destroy must not delete images."
  }
  assert {
    condition     = keys(output.settings.all) == ["AWS_PLANNER"] && toset(keys(output.settings.environments)) == toset(["production", "staging"]) && alltrue([for values in output.settings.environments : keys(values) == ["AWS_DEPLOYER"]])
    error_message = "The planner must be set for all jobs, and the deployer only for jobs of its environment."
  }
  assert {
    condition     = toset(keys(output.viewer)) == toset(["production", "staging"])
    error_message = "The output viewer must name each environment."
  }
  assert {
    # The first rule that an image matches applies: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    condition = [
      for tag in ["runs-production-20260101000000", "runs-staging-20260101000000", "0123456789abcdef0123456789abcdef01234567", "digest-0123"] :
      [for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : rule.selection.countNumber if startswith(tag, one(try(rule.selection.tagPrefixList, [""])))][0]
    ] == [1000, 1000, 30, 30] && jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[*].rulePriority == [1, 2, 3]
    error_message = "What an environment runs or ran must be kept by that environment's count, however many others are built."
  }
  assert {
    condition     = aws_ecr_repository.this.name == "meridian-shared"
    error_message = "The shared repository must have its own name, since a stack's own repository has the stack's name."
  }
}
