# What production runs. Another environment has its own file, read after this one: staging.tfvars.
name   = "meridian"
region = "westeurope"

cidr = "10.20.0.0/16"
nat  = "single" # "none" has no address of its own, for 37 USD a month less

cpu       = 1    # vCPU
memory    = 2048 # MiB; 2048 for each vCPU
instances = { min = 2, max = 6 }

waf         = false
keep_images = 30

# account = "00000000-1111-2222-3333-444444444444" # the subscription, if not the one that az shows
# email   = "ops@example.com"
# domain  = { name = "time.example.com", certificate = "/subscriptions/…/vaults/VAULT/secrets/NAME" }
