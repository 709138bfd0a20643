"""The virtual machine on Azure."""

from clouds.azure import (  # noqa: F401  a cloud has these names
    CLOSED,
    FORGED,
    TITLE,
    TOOLS,
    before_destroy,
    left,
    region,
    rights,
    subscription,
)
from meridian.page import look

MINUTES = {
    "deploy": "6 to 10 minutes the first time (image 2, registry and load balancer 1, machine until healthy 4), later 1, and some 5 until the new one serves.",
    "destroy": "5 to 8 minutes, most of it for the machines.",
}


def checks(stack):
    yield "subscription", lambda: subscription(stack)
    yield "rights", lambda: rights(stack, "Microsoft.Compute/virtualMachineScaleSets/write")
    yield "region", lambda: region(stack)


def verify(stack, outputs):
    return look(stack, outputs)
