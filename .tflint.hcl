# Every rule of the Terraform language that tflint has; no plugin of a cloud, so that nothing is downloaded.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# The files are named by what they hold: providers.tf, egress.tf, alarms.tf.
rule "terraform_standard_module_structure" {
  enabled = false
}
