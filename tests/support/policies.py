"""Findings of parliament and cloudsplaining on an AWS policy."""

import json
import re

READS = re.compile(r":(Describe|Get|List)")
# Actions that need *, because they have no resource, or none of ours before it exists.
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
    """Findings of both, except * for actions that have a condition, only read, or are in STARS."""
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
