# ENV=staging: beside production, in the same subscription or another.
name = "meridian-staging"
cidr = "10.21.0.0/16"

cpu       = 0.25
memory    = 512
instances = { min = 2, max = 3 }
