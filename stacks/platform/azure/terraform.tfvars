# What production's services share. Another environment has its own file, read after this one: staging.tfvars.
name   = "prod"
region = "westeurope"

cidr = "10.30.0.0/16"
nat  = "single" # "none" has no address of its own, for 37 USD a month less

# Services are at KEY.services.example.com; the certificate is for *.services.example.com.
domain = {
  name        = "services.example.com"
  certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/VAULT/secrets/NAME"
}

waf         = false
keep_images = 30

# account = "00000000-1111-2222-3333-444444444444" # the subscription, if not the one that az shows
# email   = "ops@example.com"
