# What production runs. Another environment has its own file, read after this one: staging.tfvars.
name   = "meridian"
region = "us-central1"

cidr = "10.20.0.0/16"
nat  = "single"

cpu       = 1    # vCPU
memory    = 2048 # MiB
instances = { min = 2, max = 6 }

waf         = false
keep_images = 30

# project = "my-project-123456" # or TF_VAR_project; asked for if both are missing
# email   = "ops@example.com"
# domain  = { name = "time.example.com", zone = "example-com" }
