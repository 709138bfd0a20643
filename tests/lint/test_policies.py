"""What parliament and cloudsplaining say of the policies that deployers of AWS have; each remark that stays has its
reason."""

import json
import re

import pytest
from support.machine import ROOT

pytestmark = [pytest.mark.check, pytest.mark.lint]

POLICIES = ROOT / "modules/aws/delivery/policies"
NAMES = ("network", "service", "machine", "boundary")

IN_THE_BOUNDARY = "a role can be made and passed only within the boundary, and to the services of the stack"
# Policy and remark to why it stays.
REASONS = {
    ("service", "UNKNOWN_ACTION elasticloadbalancing:GetLoadBalancerWebACL"): "newer than parliament's list; AWS's "
    "service reference has it",
    ("machine", "CREDENTIALS_EXPOSURE"): "the login to ECR, which has no resource to name and opens nothing by itself",
    ("machine", "PERMISSIONS_MANAGEMENT_ACTIONS"): IN_THE_BOUNDARY,
    ("machine", "PRIVILEGE_ESCALATION"): IN_THE_BOUNDARY,
    (
        "machine",
        "RESOURCE_MISMATCH ec2:RunInstances",
    ): "images and snapshots have no tag of ours; instances, disks and interfaces are in the statements with the tag",
    ("machine", "RESOURCE_MISMATCH elasticloadbalancing:DeleteListener"): "it names the form of application load "
    "balancers alone; this one is net",
    ("machine", "RESOURCE_MISMATCH ssm:GetParameter"): "parameters of AWS's own are in no account",
    ("boundary", "CREDENTIALS_EXPOSURE"): "as machine",
    ("boundary", "PERMISSIONS_MANAGEMENT_ACTIONS"): "the probe's schedule passes the execution role to its task",
    ("machine", "cloudsplaining CredentialsExposure ecr:GetAuthorizationToken"): "as CREDENTIALS_EXPOSURE",
    ("service", "cloudsplaining CredentialsExposure ecr:GetAuthorizationToken"): "as CREDENTIALS_EXPOSURE",
    ("boundary", "cloudsplaining CredentialsExposure ecr:GetAuthorizationToken"): "as CREDENTIALS_EXPOSURE",
    (
        "boundary",
        "cloudsplaining InfrastructureModification ssm:UpdateInstanceInformation",
    ): "a machine tells Session Manager of itself; it has no resource to name",
}
READS = re.compile(r":(Describe|Get|List)")
# What has no resource to name, or none that is ours before it is made.
STARS = {
    "ecs:DeregisterTaskDefinition": "AWS asks it of *",
    "elasticloadbalancing:SetWebAcl": "AWS asks it of *",
    "sns:Unsubscribe": "AWS asks it of *",
    "ecr:BatchCheckLayerAvailability": "in the boundary only: an image may be in a repository of any account",
    "ecr:BatchGetImage": "as ecr:BatchCheckLayerAvailability",
}


def statements(text):
    return json.loads(text)["Statement"]


def remarks(text):
    """What the two say, but for stars that are guarded by a condition, only read, or have their reason."""
    import cloudsplaining.scan.policy_document
    import parliament

    conditional = {
        action for each in statements(text) if "Condition" in each
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    found = set()
    for finding in parliament.analyze_policy_string(text, include_community_auditors=True).findings:
        if finding.issue == "RESOURCE_STAR":
            found |= {f"RESOURCE_STAR {action}" for action in finding.detail if not READS.search(action)
                and action not in conditional and action not in STARS}
        elif finding.issue == "RESOURCE_MISMATCH":
            found.add(f"RESOURCE_MISMATCH {finding.detail[0]['action']}")
        elif finding.issue == "UNKNOWN_ACTION":
            found.add(f"UNKNOWN_ACTION {finding.detail.split()[-1]}")
        else:
            found.add(finding.issue)
    document = cloudsplaining.scan.policy_document.PolicyDocument(json.loads(text))
    for title, actions in {
        "PrivilegeEscalation": document.allows_privilege_escalation,
        "DataExfiltration": document.allows_data_exfiltration_actions,
        "InfrastructureModification": document.infrastructure_modification,
        "CredentialsExposure": document.credentials_exposure,
        "ServiceWildcard": document.service_wildcard,
    }.items():
        found |= {f"cloudsplaining {title} {action}" for action in actions}
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_each_remark_on_a_policy_has_its_reason(name):
    assert remarks((POLICIES / f"{name}.json").read_text()) == {remark for policy, remark in REASONS if policy == name}


@pytest.mark.filterwarnings("ignore")
def test_they_would_remark_on_a_right_too_many():
    text = json.dumps({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["iam:AttachRolePolicy", "ssm:GetParameter"], "Resource": "*"}]})
    assert {"RESOURCE_STAR iam:AttachRolePolicy", "cloudsplaining DataExfiltration ssm:GetParameter"} <= remarks(text)


@pytest.mark.parametrize("name", NAMES)
def test_each_policy_is_short_enough_to_be_a_managed_one(name):
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert len(re.sub(r"\s", "", (POLICIES / f"{name}.json").read_text())) <= 6144


def test_what_one_call_asks_for_besides_is_in_the_policy():
    """Rights that no call shows: AWS checks them within another one."""
    held = {
        (action, json.dumps(each["Resource"]))
        for name in ("network", "service")
        for each in statements((POLICIES / f"{name}.json").read_text())
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    # CreateLoadBalancer: https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3917
    assert ("ec2:GetSecurityGroupsForVpc", '"*"') in held
    # AssociateWebACL of a load balancer, and Unsubscribe, name no resource: AWS's service authorization reference.
    assert {("elasticloadbalancing:SetWebAcl", '"*"'), ("sns:Unsubscribe", '"*"'),
        ("sns:GetSubscriptionAttributes", '"*"')} <= held
