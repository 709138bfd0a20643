locals {
  # What goes into the image, without tests. The tag is the hash of these files, so it is known at plan time.
  sources    = sort(flatten([for pattern in ["pom.xml", ".mvn/**", "src/main/**", "src/image/**", "documents/**"] : tolist(fileset(var.app, pattern))]))
  tag        = substr(sha256(join("\n", [for file in local.sources : "${file} ${filesha256("${var.app}/${file}")}"])), 0, 16)
  target     = "${var.repository_url}:${local.tag}"
  build      = var.image == null ? 1 : 0
  has_digest = var.image != null || can(regex("^sha256:[0-9a-f]{64}$", one(terraform_data.digest[*].output)))
  # A separate file for each target, so that two stacks in one clone do not read each other's.
  digest_file = "${var.app}/target/pushed/${substr(sha256(local.target), 0, 16)}"
}

resource "terraform_data" "push" {
  count = local.build

  triggers_replace = local.target

  provisioner "local-exec" {
    interpreter = ["bash"]
    command     = "${path.module}/push"

    environment = {
      APP         = var.app
      IMAGE       = local.target
      DIGEST_FILE = local.digest_file
      # The tag stands for the sources: if the registry has it, there is nothing to build.
      ONCE = "yes"
    }
  }
}

# Remembers the digest that the push wrote. The path depends on the push's id, of which it contains nothing, so that the
# file is read after the push and not during the plan. Once the digest is remembered, no machine needs the file.
resource "terraform_data" "digest" {
  count = local.build

  input = try(trimspace(file("${local.digest_file}${substr(terraform_data.push[0].id, 0, 0)}")), "")

  lifecycle {
    ignore_changes       = [input]
    replace_triggered_by = [terraform_data.push[0]]
  }
}
