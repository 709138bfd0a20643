"""The example in each stack's POSTGRES.md, planned as written, with the real provider and without an account."""

import re

import pytest
from support.machine import ROOT
from support.providers import Providers
from support.rehearsal import copied

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform")]

GIVEN = {cloud: {"image": f"{place}/quotes@sha256:{'1' * 64}", "postgres_password": "kept"} for cloud, place in
    {"aws": "example.com", "azure": "example.com", "gcp": "docker.io/me"}.items()}
GIVEN["gcp"]["project"] = "my-project"
RULES = "azurerm_network_security_group.postgres.security_rule"
# Only the service may reach the port, and only privately.
ASSERTED = {
    "aws": """
      aws_vpc_security_group_ingress_rule.postgres.referenced_security_group_id == output.firewall_source
      aws_db_instance.postgres.publicly_accessible != true
    """,
    "azure": """
      one([for rule in RULES : rule.source_address_prefix if rule.access == "Allow"]) == output.firewall_source
      !azurerm_postgresql_flexible_server.postgres.public_network_access_enabled
    """,
    "gcp": """
      google_compute_global_address.postgres.address_type == "INTERNAL"
      !google_sql_database_instance.postgres.settings[0].ip_configuration[0].ipv4_enabled
    """,
}


@pytest.mark.parametrize("cloud", ASSERTED)
def test_the_example_plans(cloud, tmp_path):
    stack = copied(cloud, tmp_path / "copy")
    blocks = re.findall(r"```hcl\n# (stacks/\S+)\n(.*?)```", (ROOT / f"stacks/{cloud}/POSTGRES.md").read_text(), re.S)
    for name, text in blocks:
        (tmp_path / "copy" / name).write_text(text)
    lines = ASSERTED[cloud].replace("RULES", RULES).strip().split("\n")
    asserts = "".join(f'  assert {{\n    condition = {line}\n    error_message = "not so"\n  }}\n' for line in lines)
    with Providers(tmp_path) as providers:
        providers.terraform(stack, ".", "fmt", "-check", "-diff", "postgres.tf", "quotes.auto.tfvars")
        providers.plans(tmp_path / "copy", cloud, [f'run "it_plans" {{\n  command = plan\n{asserts}}}\n'],
            **{f"TF_VAR_{name}": value for name, value in GIVEN[cloud].items()})
