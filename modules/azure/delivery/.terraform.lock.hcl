# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/hashicorp/azurerm" {
  version     = "5.2.0"
  constraints = "~> 5.2"
  hashes = [
    "h1:CTWR4RINnlS3nAZvyAU5hqut1+TUd6WUi60db/bNBAg=",
  ]
}
