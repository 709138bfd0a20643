# The page, and the machine that serves it.
name     = "meridian-hello"
region   = "westeurope"
greeting = "Hello World from BenchSci!"

cidr = "10.30.0.0/16"

machine_type = "Standard_B2als_v2" # 2 vCPU, 4 GiB, 31 USD a month
machines     = 1
memory       = 1024 # MiB of the machine's memory, for the service
keep_images  = 30

# account     = "00000000-1111-2222-3333-444444444444" # the subscription, if not the one that az shows
# certificate = { name = "hello.example.com", secret = "https://VAULT.vault.azure.net/secrets/hello", proxy = "docker.io/library/haproxy@sha256:…" }
