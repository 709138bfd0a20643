# What production's services share. Another environment has its own file, read after this one: staging.tfvars.
name   = "prod"
region = "us-central1"

cidr = "10.30.0.0/16"
nat  = "single" # "none" reaches Google's own services only

# Services are at KEY.services.example.com.
domain = {
  name = "services.example.com"
  zone = "example-com"
}

waf         = false
keep_images = 30

# project = "my-project-123456"
# email   = "ops@example.com"
