"""The examples of stacks/POSTGRES.md, planned as they stand there, with the real providers and without an account."""

import os
import re

import pytest
from support.machine import ROOT, need, ran
from support.providers import PROVIDERS, Providers
from support.rehearsal import copied

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform")]

BLOCKS = dict(re.findall(r"```hcl\n# (stacks/\S+)\n(.*?)```", (ROOT / "stacks/POSTGRES.md").read_text(), re.S))
GIVEN = {cloud: {"image": f"{place}/quotes@sha256:{'1' * 64}", "postgres_password": "kept"} for cloud, place in
    {"aws": "example.com", "azure": "example.com", "gcp": "docker.io/me"}.items()}
GIVEN["gcp"]["project"] = "my-project"
RULES = "azurerm_network_security_group.postgres.security_rule"
# Who may reach the port, and what the service is told.
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
def test_its_example_plans(cloud, tmp_path):
    need(PROVIDERS[cloud])
    stack = copied(cloud, tmp_path / "copy")
    for name, text in BLOCKS.items():
        if name.startswith(f"stacks/{cloud}/"):
            (tmp_path / "copy" / name).write_text(text)
    lines = ASSERTED[cloud].replace("RULES", RULES).strip().split("\n")
    asserts = "".join(f'  assert {{\n    condition = {line}\n    error_message = "not so"\n  }}\n' for line in lines)
    folder = stack / "postgres"
    folder.mkdir()
    unit = (ROOT / f"stacks/{cloud}/tests/unit.tftest.hcl").read_text()
    mocks = re.findall(r"^(?:mock_provider|override_\w+) .*?^}\n", unit, re.S | re.M)
    (folder / "plan.tftest.hcl").write_text("\n".join([*mocks, f'run "it_plans" {{\n  command = plan\n{asserts}}}\n']))
    with Providers(tmp_path) as providers:
        environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "SPREAD": "0", "GOOGLE_APIS_WAIT": "0",
            "TF_REATTACH_PROVIDERS": providers.attach(PROVIDERS[cloud], ROOT / f"stacks/{cloud}"),
            **{f"TF_VAR_{name}": value for name, value in GIVEN[cloud].items()}}

        def terraform(*arguments):
            return ran("terraform", f"-chdir={stack}", *arguments, env=environment).stdout

        terraform("fmt", "-check", "-diff", "postgres.tf", "quotes.auto.tfvars")
        terraform("init", "-backend=false", "-input=false")
        assert "1 passed, 0 failed" in terraform("test", "-no-color", "-test-directory=postgres")
