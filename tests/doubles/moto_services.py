"""What moto lacks in ECS services: tasks that start, fail and become healthy, and how ECS reacts.

The digest of an image decides how its tasks behave, see BEHAVIOURS. Seconds here stand for minutes on AWS.
"""

import itertools
import time
from datetime import datetime, timezone

from moto.core.responses import ActionResult
from moto.ecs.exceptions import EcsClientException, InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.elbv2.responses import ELBV2Response

# First letters of the digest to the behaviour of its tasks. With all other digests they start and become healthy.
BEHAVIOURS = {"dead": "never runs", "bad": "crashes", "face": "never healthy", "cafe": "healthy late"}
RUNS_AFTER, HEALTHY_AFTER, HEALTHY_LATE, FAILS_EVERY, DRAINS = 0.3, 1.5, 8, 1.0, 1.5  # seconds
# The breaker's lower limit: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
FAILURES = 3
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
FAILING = {
    "never runs": ("TaskFailedToStart",
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): not found", None),
    "crashes": ("EssentialContainerExited", "Essential container in task exited", 1),
    "never healthy": ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group %s)", 143),
}
NUMBERS = itertools.count(1)


def moment(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc)


class Task:
    def __init__(self, life, deployment, born):
        number = next(NUMBERS)
        self.life, self.deployment, self.born = life, deployment, born
        self.arn = f"{life.service.cluster_arn.replace(':cluster/', ':task/')}/{number:032x}"
        self.address = f"10.20.{128 + number // 250 % 100}.{4 + number % 250}"
        self.leaves = self.died = self.why = None

    def running(self, now):
        return (
            self.died is None and self.why is None and now >= self.born + RUNS_AFTER
            and self.deployment.behaviour != "never runs"
        )

    def health(self, now):
        """State of its target,
        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"""
        if self.leaves:
            return "draining"
        if now < self.born + RUNS_AFTER + (HEALTHY_LATE if self.deployment.behaviour == "healthy late"
                else HEALTHY_AFTER):
            return "initial"
        return "unhealthy" if self.deployment.behaviour in FAILING else "healthy"

    def shown(self, now):
        code, reason, exit_code = self.why or (None, None, None)
        return {
            "taskArn": self.arn,
            "clusterArn": self.life.service.cluster_arn,
            "taskDefinitionArn": self.deployment.definition,
            "startedBy": self.deployment.id,
            "group": f"service:{self.life.service.name}",
            "lastStatus": "STOPPED" if self.died else "RUNNING" if self.running(now) else "PENDING",
            "desiredStatus": "STOPPED" if self.died else "RUNNING",
            "createdAt": moment(self.born),
            **({"stopCode": code, "stoppedReason": reason, "stoppedAt": moment(self.died)} if self.why
                and self.died else {}),
            "containers": [{"name": "service",
                **({"exitCode": exit_code} if exit_code is not None and self.died else {})}],
            "attachments": [{"type": "ElasticNetworkInterface",
                "details": [{"name": "privateIPv4Address", "value": self.address}]}],
        }


class Deployment:
    def __init__(self, service, definition, now):
        self.id = f"ecs-svc/{next(NUMBERS):019d}"
        self.definition, self.born = definition, now
        container = service._backend.describe_task_definition(definition).container_definitions[0]
        self.version = container["image"].split("@sha256:")[-1]
        self.behaviour = next((does for letters, does in BEHAVIOURS.items() if self.version.startswith(letters)),
            "healthy")
        self.state, self.reason, self.failed = "IN_PROGRESS", f"ECS deployment {self.id} in progress.", 0


class Life:
    """The life of a service, which advances with each request."""

    def __init__(self, service):
        self.service, self.tasks, self.deployments, self.completed = service, [], [], None

    def alive(self, deployment=None):
        return [task for task in self.tasks if not task.died and not task.leaves
            and deployment in (None, task.deployment)]

    def deploy(self, definition, now):
        self.deployments.insert(0, Deployment(self.service, definition, now))

    def leave(self, task, now):
        task.leaves = now
        task.why = ("ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {task.deployment.id})",
            143)

    def advance(self, now):
        service = self.service
        if service.status == "ACTIVE" and (not self.deployments
                or self.deployments[0].definition != service.task_definition):
            self.deploy(service.task_definition, now)
        wanted = service.desired_count if service.status == "ACTIVE" else 0
        primary = self.deployments[0]
        first = not any(task.deployment is not primary for task in self.alive())
        if primary.behaviour in FAILING:
            self.fail(primary, wanted, now)
            primary = self.deployments[0]
        elif primary.state != "FAILED":
            for _ in range(wanted - len(self.alive(primary))):
                self.tasks.append(Task(self, primary, now))
        good = [task for task in self.alive(primary) if task.health(now) == "healthy"]
        up = [task for task in self.alive(primary) if task.running(now)]
        # A service's first tasks count as soon as they run: https://github.com/aws/aws-cli/issues/9487
        enough = len(up if first else good) >= wanted and primary.behaviour not in FAILING
        if primary.state == "IN_PROGRESS" and enough:
            primary.state, primary.reason = "COMPLETED", f"ECS deployment {primary.id} completed."
            self.completed = primary
        for task in self.alive():
            surplus = task.deployment is not primary and len(good) >= wanted and primary.state == "COMPLETED"
            if surplus or (task.deployment is primary and len(self.alive(primary)) > wanted):
                self.leave(task, now)
        for task in self.tasks:
            if task.leaves and not task.died and now > task.leaves + DRAINS:
                task.died = now
        self.deployments = [each for each in self.deployments if each is primary or self.of(each)]
        self.show(now)

    def of(self, deployment):
        return [task for task in self.tasks if task.deployment is deployment and not task.died]

    def fail(self, deployment, wanted, now):
        due = min(FAILURES, int((now - deployment.born) / FAILS_EVERY)) if wanted else 0
        while deployment.failed < due:
            for task in self.alive(deployment)[:1] or [Task(self, deployment, deployment.born)]:
                code, reason, exit_code = FAILING[deployment.behaviour]
                group = self.service.load_balancers[0]["targetGroupArn"]
                task.why, task.died = (code, reason % group if "%s" in reason else reason, exit_code), now
                self.tasks += [] if task in self.tasks else [task]
            deployment.failed += 1
        if deployment.failed < FAILURES:
            for _ in range(wanted - len(self.alive(deployment))):
                self.tasks.append(Task(self, deployment, now))
            return
        if deployment.state == "IN_PROGRESS":
            deployment.state, deployment.reason = "FAILED", "ECS deployment circuit breaker: tasks failed to start."
            for task in self.alive(deployment):
                task.why, task.died = ("ServiceSchedulerInitiated", "Scaling activity initiated by the breaker",
                    143), now
            # ECS rolls back to a completed deployment; if there was none, it does not roll back:
            # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-failure-detection.html
            if self.completed:
                self.service.task_definition = self.completed.definition
                self.deploy(self.completed.definition, now)
                back = f"rolling back to deploymentId {self.completed.id}."
                self.deployments[0].reason = f"ECS deployment circuit breaker: {back}"
                for task in self.alive(self.completed):
                    task.deployment = self.deployments[0]

    def show(self, now):
        """Write the state where moto reads it when it describes services."""
        service = self.service
        service.running_count = len([task for task in self.alive() if task.running(now)])
        service.pending_count = max(0, len(self.alive()) - service.running_count)
        service.deployments = [
            {
                "id": each.id,
                "status": "PRIMARY" if each is self.deployments[0] else "ACTIVE",
                "taskDefinition": each.definition,
                "desiredCount": service.desired_count if each is self.deployments[0] else 0,
                "runningCount": len([task for task in self.alive(each) if task.running(now)]),
                "pendingCount": len([task for task in self.alive(each) if not task.running(now)]),
                "failedTasks": each.failed,
                "createdAt": moment(each.born),
                "updatedAt": moment(each.born),
                "launchType": "FARGATE",
                "rolloutState": each.state,
                "rolloutStateReason": each.reason,
            }
            for each in self.deployments
        ]


def lives():
    for regions in ecs_backends.values():
        for backend in regions.values():
            for service in backend.services.values():
                if service.load_balancers:
                    yield service.__dict__.setdefault("life", Life(service))


def advance():
    now = time.time()
    for life in lives():
        life.advance(now)


def create_service(self, cluster_str, service_name, *arguments, **named):
    old = self.services.get(f"{self._get_cluster(cluster_str).name}:{service_name}")
    # https://github.com/hashicorp/terraform-provider-aws/issues/605; moto replaces the first with the second.
    if old and old.status == "ACTIVE":
        raise InvalidParameterException("Creation of service was not idempotent.")
    return create_service.moto(self, cluster_str, service_name, *arguments, **named)


create_service.moto = EC2ContainerServiceBackend.create_service
EC2ContainerServiceBackend.create_service = create_service


def register_task_definition(self, family, container_definitions, *arguments, **named):
    """Refuse a dependency that no container can wait for, and a timeout that Fargate does not have,
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"""
    containers = {each["name"]: each for each in container_definitions}
    for each in container_definitions:
        if not 2 <= each.get("startTimeout", 2) <= 120:
            raise EcsClientException("Container.startTimeout must be between 2 and 120 seconds.")
        for other in each.get("dependsOn", []):
            on, condition = containers.get(other["containerName"]), other["condition"]
            if not on or on is each:
                raise EcsClientException(f"Container {each['name']} depends on {other['containerName']}, none.")
            if condition == "HEALTHY" and not on.get("healthCheck"):
                raise EcsClientException(f"Container {on['name']} has no healthCheck, and so is never HEALTHY.")
            if condition in ("COMPLETE", "SUCCESS") and on.get("essential", True):
                raise EcsClientException(f"Container {on['name']} is essential: nothing may wait for its end.")
    return register_task_definition.moto(self, family, container_definitions, *arguments, **named)


register_task_definition.moto = EC2ContainerServiceBackend.register_task_definition
EC2ContainerServiceBackend.register_task_definition = register_task_definition


def list_tasks(self):
    name, status = (self._get_param("serviceName") or "").split("/")[-1], self._get_param("desiredStatus") or "RUNNING"
    found = [task.arn for life in lives() if life.service.name == name
        for task in life.tasks if bool(task.died) == (status == "STOPPED")]
    return ActionResult({"taskArns": found})


def describe_tasks(self):
    now, wanted = time.time(), self._get_param("tasks", [])
    return ActionResult({"tasks": [task.shown(now) for life in lives() for task in life.tasks if task.arn in wanted],
        "failures": []})


EC2ContainerServiceResponse.list_tasks = list_tasks
EC2ContainerServiceResponse.describe_tasks = describe_tasks


def describe_target_health(self):
    now, group = time.time(), self._get_param("TargetGroupArn")
    found = [
        {"Target": {"Id": task.address, "Port": 8080}, "HealthCheckPort": "8081",
            "TargetHealth": {"State": task.health(now)}}
        for life in lives()
        if life.service.load_balancers[0]["targetGroupArn"] == group
        for task in life.tasks
        # A target is registered when its task runs, and stays until it has drained.
        if not task.died and (task.leaves or task.running(now))
    ]
    return ActionResult({"TargetHealthDescriptions": found}) if found else describe_target_health.moto(self)


describe_target_health.moto = ELBV2Response.describe_target_health
ELBV2Response.describe_target_health = describe_target_health
