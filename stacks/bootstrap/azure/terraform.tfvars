# What all environments share in the subscription.
name   = "meridian"
region = "westeurope" # that of stacks/azure

environments = {
  production = "meridian"
  staging    = "meridian-staging"
}

# platforms = { staging = "staging" } # whose services the pipelines deploy: stacks/platform/azure

keep_images = 30

# account = "00000000-0000-0000-0000-000000000000" # the subscription, if not the one that az shows
# github = {
#   owner         = "someone"
#   owner_id      = 1234567 # gh api repos/someone/meridian --jq '.owner.id, .id'
#   repository    = "meridian"
#   repository_id = 7654321
# }
