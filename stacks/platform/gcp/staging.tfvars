# What differs from terraform.tfvars in staging.
name     = "staging"
cidr     = "10.31.0.0/16"
previews = 20

domain = {
  name = "staging.example.com"
  zone = "example-com"
}
