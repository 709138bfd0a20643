# What production runs. Another environment has its own file, read after this one: staging.tfvars.
name   = "meridian"
region = "us-east-1"

cidr  = "10.20.0.0/16"
zones = 2
nat   = "single" # "zonal" survives the loss of a zone, for 36.50 USD a month more

cpu       = 1    # vCPU
memory    = 2048 # MiB
instances = { min = 2, max = 6 }

waf         = false
keep_images = 30

# account = "123456789012" # refuse any other account
# email   = "ops@example.com"
# domain  = { name = "time.example.com", zone = "Z0123456789ABCDEFGHIJ" }
