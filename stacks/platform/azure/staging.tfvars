# What differs from terraform.tfvars in staging.
name     = "staging"
cidr     = "10.31.0.0/16"
previews = 20

domain = {
  name        = "staging.example.com"
  certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/VAULT/secrets/NAME"
}
