# What all environments share in the project.
name   = "meridian"
region = "us-central1" # that of stacks/gcp

environments = {
  production = "meridian"
  staging    = "meridian-staging"
}

# platforms = { staging = "staging" } # whose services the pipelines deploy: stacks/platform/gcp

keep_images = 30

# project = "my-project-123456" # or TF_VAR_project; asked for if both are missing
# github = {
#   owner         = "someone"
#   owner_id      = 1234567 # gh api repos/someone/meridian --jq '.owner.id, .id'
#   repository    = "meridian"
#   repository_id = 7654321
# }
# circleci = { # deploys stacks/vm/gcp
#   organization_id = "00000000-0000-4000-8000-000000000001" # Organization Settings, Overview
#   project_id      = "00000000-0000-4000-8000-000000000002" # Project Settings, Overview
#   repository      = "github.com/someone/meridian"
# }
