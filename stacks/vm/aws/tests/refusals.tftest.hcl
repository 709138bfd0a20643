# What a wrong value is told before anything is made.
mock_provider "aws" {
  source = "../../../modules/aws"
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "refuses_wrong_values" {
  command = plan
  variables {
    # a name with two hyphens
    name = "two--hyphens"
    # a zone for a region
    region = "us-east-1a"
    # an account that lost its leading zero
    account = "12345678901"
    # an empty greeting
    greeting = "  "
    # a range with host bits
    cidr = "10.30.1.0/16"
    # a machine of another processor
    machine_type = "t4g.small"
    # no machine at all
    machines = 0
    # less memory than the service needs
    memory = 256
    # a repository with a scheme
    repository_url = "https://example.com/meridian"
    # too few images
    keep_images = 1
    # a certificate without a host name
    certificate = { name = "hello", secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hello", proxy = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
  }
  expect_failures = [var.name, var.region, var.account, var.greeting, var.cidr, var.machine_type, var.machines, var.memory, var.repository_url, var.keep_images, var.certificate]
}

run "refuses_wrong_values_by_the_second_rule" {
  command = plan
  variables {
    # a greeting of two lines
    greeting = "Hello\nWorld"
    # a public range
    cidr = "8.8.0.0/16"
    # what is no machine type
    machine_type = "small"
    # an image of ECR that the machine may not pull
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    # a certificate that is no secret
    certificate = { name = "hello.example.com", secret = "hello.pem", proxy = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
  }
  expect_failures = [var.greeting, var.cidr, var.machine_type, var.image, var.certificate]
}

run "refuses_wrong_values_by_the_third_rule" {
  command = plan
  variables {
    # a name that AWS keeps for private load balancers
    name = "internal-hello"
    # another partition
    region = "cn-north-1"
    # a range too small
    cidr = "10.30.0.0/25"
    # a proxy by tag
    certificate = { name = "hello.example.com", secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hello", proxy = "haproxy:latest" }
  }
  expect_failures = [var.name, var.region, var.cidr, var.certificate]
}

run "refuses_an_image_by_tag" {
  command = plan
  variables {
    image = "example.com/meridian:latest"
  }
  expect_failures = [var.image]
}

run "refuses_a_machine_that_two_zones_do_not_have" {
  command = plan
  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-1a"] }
  }
  expect_failures = [data.aws_ec2_instance_type_offerings.zones]
}
