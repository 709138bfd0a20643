"""moto's AWS for the rehearsal, with what it lacks and Terraform's provider needs.

Usage: moto_server.py PORT CALLS

Writes each call to the file CALLS, one line: service and operation as the API names them, the access key that signed
it, and as JSON the parameters and the tags that the named resources had before. Operations listed in the file
CALLS.held are carried out, but get no response while it exists. MERIDIAN_REGISTRY names a registry on this machine
that stands behind ECR.
"""

import io
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qsl

import moto_machines  # noqa: F401  fixes moto on import
import moto_services
from botocore.session import Session
from moto.acm.models import acm_backends
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, FakeApplicationAutoscalingPolicy
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses.vpcs import VPCs
from moto.ecr.models import Repository
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.iam.access_control import PermissionResult
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import FakeBucket
from werkzeug.serving import WSGIRequestHandler, run_simple

ACCOUNT, REGION = "123456789012", "us-east-1"
SNAKE = re.compile(r"(?<!^)(?=[A-Z])")

# moto stores no tags of scalable targets, but the provider reads them.
SCALING_TAGS = {}


def register_scalable_target(self):
    arn = json.loads(response := register_scalable_target.moto(self))["ScalableTargetARN"]
    tags = SCALING_TAGS.setdefault(arn, {})
    tags.update(self._get_param("Tags") or {})
    SCALING_TAGS[self._get_param("ResourceId")] = tags
    return response


def list_tags_for_resource(self):
    return json.dumps({"Tags": SCALING_TAGS.get(self._get_param("ResourceARN"), {})})


register_scalable_target.moto = ApplicationAutoScalingResponse.register_scalable_target
ApplicationAutoScalingResponse.register_scalable_target = register_scalable_target
ApplicationAutoScalingResponse.list_tags_for_resource = list_tags_for_resource


# On AWS a policy that is put again keeps its alarms; moto adds new ones to them:
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
def put_scaling_policy(self, **asked):
    key = [asked[name] for name in ("service_namespace", "resource_id", "scalable_dimension", "policy_name")]
    if old := self.policies.get(FakeApplicationAutoscalingPolicy.formulate_key(*key)):
        old.delete_alarms(self.account_id, self.region_name)
    return put_scaling_policy.moto(self, **asked)


put_scaling_policy.moto = ApplicationAutoscalingBackend.put_scaling_policy
ApplicationAutoscalingBackend.put_scaling_policy = put_scaling_policy


# moto creates a network even in a dry run:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
def create_vpc(self):
    self.error_on_dryrun()
    return create_vpc.moto(self)


create_vpc.moto = VPCs.create_vpc
VPCs.create_vpc = create_vpc


# moto returns the description of a rule only for address ranges.
SecurityGroupRule.description = property(lambda self: (self.ip_range or self.source_group).get("Description"))


# moto ignores a filter by tags for NAT gateways, so it would also find those of another environment.
def describe_nat_gateways(self, filters, nat_gateway_ids):
    wanted = {name.removeprefix("tag:"): values for name, values in (filters or {}).items() if name.startswith("tag:")}
    found = describe_nat_gateways.moto(self, filters, nat_gateway_ids)
    return [gateway
        for gateway in found if wanted.items() <= {tag["key"]: [tag["value"]] for tag in gateway.get_tags()}.items()]


describe_nat_gateways.moto = EC2Backend.describe_nat_gateways
EC2Backend.describe_nat_gateways = describe_nat_gateways


# moto stores these on update and ignores them on create, so every second plan would set them again.
FORGOTTEN = ("availabilityZoneRebalancing", "enableECSManagedTags", "healthCheckGracePeriodSeconds")


def create_service(self):
    result = create_service.moto(self)
    update = {"cluster": self._get_param("cluster"), "service": self._get_param("serviceName")}
    for name in FORGOTTEN:
        update[SNAKE.sub("_", name.replace("ECS", "Ecs")).lower()] = self._get_param(name)
    self.ecs_backend.update_service(update)
    return result


create_service.moto = EC2ContainerServiceResponse.create_service
EC2ContainerServiceResponse.create_service = create_service


# moto's ECR stores names of images and no layers. If a registry is given, a repository's address is there, so that a
# push during the apply has a destination.
def repository(self, *arguments, **named):
    repository.moto(self, *arguments, **named)
    if os.environ.get("MERIDIAN_REGISTRY"):
        self.uri = f"{os.environ['MERIDIAN_REGISTRY']}/{self.name}"


repository.moto = Repository.__init__
Repository.__init__ = repository


# moto ignores the conditions in a bucket's policy, so a policy that denies plain HTTP denies everything; and the tests
# use plain HTTP.
FakeBucket.get_permission = lambda self, action, resource: PermissionResult.NEUTRAL


class Calls:
    """Records each operation once, however often a client repeats it, and lets moto respond to one request at a time.

    moto's threads read what others are changing. It then responds 500, and the SDK repeats a call that was carried out.
    """

    SCOPE = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")

    def __init__(self, application, path):
        self.application = application
        self.held = Path(f"{path}.held")
        self.file = open(path, "a", buffering=1)  # noqa: SIM115  open as long as the server runs
        self.lock = threading.Lock()
        self.routes = {}
        self.responses = {}
        self.invocations = set()

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        with self.lock:
            moto_services.advance()
            if scope := self.SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")):
                key, service = scope.groups()
                operation, asked = self.operation(service, environ, body)
                invocation = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
                if not invocation or invocation not in self.invocations:
                    self.invocations.add(invocation)
                    reported = json.dumps({"asked": asked, **known(asked)})
                    self.file.write(f"{service} {operation} {key} {reported}\n")
            response = self.once(environ, start_response)
        while scope and self.holds(operation):
            time.sleep(0.01)
        return response

    def once(self, environ, start_response):
        """Repeat the response to a client that repeats a call because it got none: done twice, it would create two."""
        asked = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
        if asked in self.responses:
            head, body = self.responses[asked]
            start_response(*head)
            return body
        reported = []
        body = list(self.application(environ, lambda *head: reported.append(head) or start_response(*head)))
        if asked and reported[-1][0].startswith("2"):
            self.responses[asked] = reported[-1][:2], body
        return body

    def holds(self, operation):
        """Whether a test holds back the response to this operation."""
        try:
            return operation in self.held.read_text().split()
        except FileNotFoundError:
            return False

    def operation(self, service, environ, body):
        """Return its name and its parameters, flat or nested as the protocol has them."""
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            return target.split(".")[-1], json.loads(body or "{}")
        form = dict(parse_qsl(body.decode(errors="replace"))) if b"Action=" in body else {}
        if form:
            return form["Action"], form
        path, query = environ["PATH_INFO"], dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        # Of the operations with this method and path, the one that requires most of the query.
        fits = [
            (name == query.get("x-id"), len(wanted), name, found.groupdict())
            for method, pattern, wanted, name in self.rest(service)
            if method == environ["REQUEST_METHOD"] and (found := pattern.fullmatch(path)) and wanted <= query.keys()
        ]
        if not fits:
            return f"{environ['REQUEST_METHOD']}:{path}", {}
        named = max(fits, key=lambda fit: fit[:3])
        return named[2], {**query, **named[3], **(json.loads(body) if body.startswith(b"{") else {})}

    def rest(self, service):
        """Return method, path, query keys and name of each operation of a service with REST paths."""
        if service not in self.routes:
            model = Session().get_service_model(service)
            self.routes[service] = []
            for name in model.operation_names:
                http = model.operation_model(name).http
                path, _, query = http["requestUri"].partition("?")
                pattern = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", re.escape(path))
                pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", pattern)
                keys = {pair.split("=")[0] for pair in query.split("&") if pair}
                # S3 distinguishes a bucket from its objects only by the path, with or without a trailing slash.
                self.routes[service].append((http["method"], re.compile(pattern + "/?"), keys, name))
        return self.routes[service]


def known(asked):
    """Return the tags of all named resources, and the boundary of the named role, as they are before the call."""
    text, ec2 = json.dumps(asked), ec2_backends[ACCOUNT][REGION]
    names = set(re.findall(r"\b[a-z]+-[0-9a-f]{8,17}\b", text))
    # An association has the tags of what it joins.
    names |= {each.allocation_id for each in ec2.addresses if each.association_id in names}
    names |= {each.id for each in ec2.route_tables.values() if names & each.all_associations_ids}
    names |= {joined.subnet_id for each in ec2.network_acls.values() for joined in each.associations
        if joined.id in names}
    tags = {name: ec2.tags.get(name, {}) for name in names}
    for name in set(re.findall(r"arn:aws:acm:[^\"]+", text)):
        certificate = acm_backends[ACCOUNT][REGION]._certificates.get(name)
        tags[name] = dict(certificate.tags) if certificate else {}
    if (target := asked.get("ResourceId")) in SCALING_TAGS:
        tags[target] = SCALING_TAGS[target]
    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    boundary = next((role.permissions_boundary_arn for role in roles if role.name == asked.get("RoleName")), None)
    return {"tags": tags, "boundary": boundary}


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *arguments):
        pass


def main(port, calls):
    application = Calls(DomainDispatcherApplication(create_backend_app), calls)
    run_simple("127.0.0.1", int(port), application, threaded=True, request_handler=Quiet)


if __name__ == "__main__":
    main(*sys.argv[1:])
