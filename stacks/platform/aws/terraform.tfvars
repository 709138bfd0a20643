# What production's services share. Another environment has its own file, read after this one: staging.tfvars.
name   = "prod"
region = "us-east-1"

cidr  = "10.30.0.0/16"
zones = 2
nat   = "single" # "zonal" survives the loss of a zone, for 36.50 USD a month more

# Each service is KEY.services.example.com.
domain = { name = "services.example.com", zone = "Z0123456789ABCDEFGHIJ" }

waf         = false
keep_images = 100

# account = "123456789012" # refuse any other account
# email   = "ops@example.com"
