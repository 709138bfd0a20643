# What all environments share in the account.
name   = "meridian"
region = "us-east-1" # that of stacks/aws

environments = {
  production = "meridian"
  staging    = "meridian-staging"
}

machines = {
  production = "meridian-hello"
  staging    = "hello-staging"
}

# platforms = { production = "prod", staging = "staging" } # that services share

keep_images = 30

# zones   = { production = "Z0123456789ABCDEFGHIJ" } # of the stack's domain
# account = "123456789012" # refuse any other account
# github = {
#   owner         = "someone"
#   owner_id      = 1234567 # gh api repos/someone/meridian --jq '.owner.id, .id'
#   repository    = "meridian"
#   repository_id = 7654321
# }
