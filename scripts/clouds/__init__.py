"""What differs by cloud. Each module of this package has:

TITLE         the cloud's name for people
TOOLS         meridian.checks.Tool each, beyond Terraform and a JDK
MINUTES       {"deploy": …, "destroy": …}: what takes the time, and how long that usually is
CLOSED        TCP ports that must not answer on the public address; 443 is added without a domain
FORGED        headers beyond X-Forwarded-For with which a visitor could try to be another
checks(stack) yields (title, function) for doctor: each function returns what it saw in the account,
              or raises meridian.console.Problem with what is wrong and how to go on
before_destroy(stack)  removes what `terraform destroy` cannot
left(stack)   one line for each thing that still exists in the cloud and belongs to the stack, asked
              of the cloud's own interface and not of Terraform's state

and may have ENVIRONMENT, variables that Terraform is run with, and destroy(stack, *further) in place
of `terraform destroy`. `stack` is a meridian.stack.Stack.
"""
