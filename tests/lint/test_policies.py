"""What parliament and cloudsplaining report on the policies of AWS deployers; each accepted remark has a reason."""

import json
import re

import pytest
from support.machine import ROOT
from support.policies import remarks, statements
from support.rights import like, several

pytestmark = [pytest.mark.check, pytest.mark.lint]

POLICIES = ROOT / "modules/aws/delivery/policies"
NAMES = ("network", "service", "machine", "boundary")

IN_THE_BOUNDARY = "a role can be created and passed only within the boundary, and only to the stack's services"
# Policy and remark, to the reason why it is accepted.
REASONS = {
    ("service", "UNKNOWN_ACTION elasticloadbalancing:GetLoadBalancerWebACL"): "newer than parliament's list; AWS's "
    "service reference has it",
    ("machine", "CREDENTIALS_EXPOSURE"): "the login to ECR, which supports no resource and grants nothing by itself",
    ("machine", "PERMISSIONS_MANAGEMENT_ACTIONS"): IN_THE_BOUNDARY,
    ("machine", "PRIVILEGE_ESCALATION"): IN_THE_BOUNDARY,
    (
        "machine",
        "RESOURCE_MISMATCH ec2:RunInstances",
    ): "images and snapshots have no tag of ours; instances, disks and interfaces are in the statements with the tag",
    ("machine", "RESOURCE_MISMATCH ec2:ReplaceNetworkAclAssociation"): "subnets are in the statement with the tag",
    ("machine", "RESOURCE_MISMATCH elasticloadbalancing:DeleteListener"): "it names only the form of application "
    "load balancers; this one is net",
    ("machine", "RESOURCE_MISMATCH ssm:GetParameter"): "AWS's own parameters are in no account",
    ("boundary", "CREDENTIALS_EXPOSURE"): "as machine",
    ("boundary", "PERMISSIONS_MANAGEMENT_ACTIONS"): "the probe's schedule passes the execution role to its task",
    ("machine", "cloudsplaining CredentialsExposure ecr:GetAuthorizationToken"): "as CREDENTIALS_EXPOSURE",
    ("service", "cloudsplaining CredentialsExposure ecr:GetAuthorizationToken"): "as CREDENTIALS_EXPOSURE",
    ("boundary", "cloudsplaining CredentialsExposure ecr:GetAuthorizationToken"): "as CREDENTIALS_EXPOSURE",
    (
        "boundary",
        "cloudsplaining InfrastructureModification ssm:UpdateInstanceInformation",
    ): "a machine reports itself to Session Manager; the action supports no resource",
}
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_each_remark_on_a_policy_has_a_reason(name):
    assert remarks((POLICIES / f"{name}.json").read_text()) == {remark for policy, remark in REASONS if policy == name}


@pytest.mark.filterwarnings("ignore")
def test_an_excessive_right_is_reported():
    text = json.dumps({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["iam:AttachRolePolicy", "ssm:GetParameter"], "Resource": "*"}]})
    assert {"RESOURCE_STAR iam:AttachRolePolicy", "cloudsplaining DataExfiltration ssm:GetParameter"} <= remarks(text)


@pytest.mark.parametrize("name", NAMES)
def test_each_policy_fits_a_managed_policy(name):
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert len(re.sub(r"\s", "", (POLICIES / f"{name}.json").read_text())) <= 6144


def test_rights_checked_within_other_calls_are_in_the_policy():
    """Rights without a call of their own: AWS checks them as part of another call."""
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


# The rights for all that can have a tag, such as `expires`.
TAGS = """
acm:AddTagsToCertificate acm:RemoveTagsFromCertificate application-autoscaling:UntagResource cloudwatch:UntagResource
ec2:CreateTags ec2:DeleteTags ecr:UntagResource ecs:UntagResource elasticloadbalancing:RemoveTags iam:UntagRole
logs:UntagResource s3:PutBucketTagging sns:UntagResource wafv2:UntagResource
"""


def test_tags_can_be_changed_and_removed():
    policies = [statements((POLICIES / f"{name}.json").read_text()) for name in ("network", "service")]
    held = [each.lower() for policy in policies for statement in policy for each in several(statement["Action"])]
    assert {right for right in TAGS.split() if not any(like(each, right.lower()) for each in held)} == set()
