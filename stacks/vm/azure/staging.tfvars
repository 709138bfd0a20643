# ENV=staging: beside production, in the same subscription or another.
name = "hello-staging"
cidr = "10.31.0.0/16"
