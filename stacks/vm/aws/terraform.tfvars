# The page, and the machine that serves it.
name     = "meridian-hello"
region   = "us-east-1"
greeting = "Hello World from BenchSci!"

cidr = "10.30.0.0/16"

machine_type = "t3.small" # 2 vCPU, 2 GiB, 15 USD a month
machines     = 1
memory       = 1024 # MiB of the machine's memory, for the service
keep_images  = 30

# account     = "123456789012" # refuse any other account
# certificate = { name = "hello.example.com", secret = "arn:aws:secretsmanager:…", proxy = "docker.io/library/haproxy@sha256:…" }
