# The page, and the machine that serves it.
name     = "meridian-hello"
region   = "us-central1"
greeting = "Hello World from BenchSci!"

cidr = "10.30.0.0/16"

machine_type = "e2-small" # 2 shared vCPU, 2 GiB, 12 USD a month
machines     = 1
memory       = 1024 # MiB of the machine's memory, for the service
keep_images  = 30

# project     = "my-project-123456" # or TF_VAR_project; asked for if both are missing
# certificate = { name = "hello.example.com", secret = "projects/…/secrets/hello/versions/1", proxy = "docker.io/library/haproxy@sha256:…" }
