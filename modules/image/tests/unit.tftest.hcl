# Plans only; tests/image/test_image_module.py really pushes.
variables {
  image          = null
  repository_url = "localhost:5000/meridian"
  app            = "../../app"
}

run "a_given_image_is_used_unchanged_and_nothing_is_built" {
  command = plan
  variables {
    image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    # and there are no sources
    app = "../../nowhere"
  }
  assert {
    condition     = output.image == var.image && length(terraform_data.push) == 0
    error_message = "No push may be planned."
  }
}

run "the_tag_is_known_before_anything_is_built_and_is_a_hash_of_the_sources" {
  command = plan
  assert {
    condition     = can(regex("^localhost:5000/meridian:[0-9a-f]{16}$", terraform_data.push[0].triggers_replace))
    error_message = "The tag must be sixteen hexadecimal digits."
  }
}
