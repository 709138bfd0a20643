# ENV=staging: beside production, in the same account or another.
name   = "staging"
cidr   = "10.31.0.0/16"
domain = { name = "staging.example.com", zone = "Z0123456789ABCDEFGHIJ" }

previews = 20
