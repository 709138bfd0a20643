"""What moto lacks in groups of machines, and in the load balancer in front of them."""

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.utils import parse_user_data
from moto.elbv2.models import AvailabilityZone, FakeLoadBalancer
from moto.elbv2.responses import ELBV2Response
from moto.moto_api._internal import mock_random


# moto has no instance refresh. This one launches first if the maximum share of healthy machines is at least 200 %,
# otherwise it ends the old machines first.
def start_instance_refresh(self):
    group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
    preferences = self._get_param("Preferences", {})
    old = [state.instance.id for state in group.instance_states]

    def launch():
        group.set_desired_capacity(group.desired_capacity + len(old))

    def end():
        for machine in old:
            self.autoscaling_backend.terminate_instance(machine, should_decrement=True)

    for step in (launch, end) if preferences.get("MaxHealthyPercentage", 100) >= 200 else (end, launch):
        step()
    self.autoscaling_backend.update_attached_target_groups(group.name)
    refresh = {
        "InstanceRefreshId": str(mock_random.uuid4()),
        "AutoScalingGroupName": group.name,
        "Status": "Successful",
        "PercentageComplete": 100,
        "Preferences": preferences,
    }
    group.__dict__.setdefault("refreshes", []).insert(0, refresh)
    return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})


def describe_instance_refreshes(self):
    group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
    return ActionResult({"InstanceRefreshes": group.__dict__.get("refreshes", [])})


AutoScalingResponse.start_instance_refresh = start_instance_refresh
AutoScalingResponse.describe_instance_refreshes = describe_instance_refreshes


# moto ignores these two on create and on update.
def remembering(operation):
    def call(self):
        result = operation(self)
        group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
        for parameter, attribute in (
            ("DefaultInstanceWarmup", "default_instance_warmup"),
            ("InstanceMaintenancePolicy", "instance_maintenance_policy"),
        ):
            if self._get_param(parameter) is not None:
                setattr(group, attribute, self._get_param(parameter))
        return result

    return call


for name in ("create_auto_scaling_group", "update_auto_scaling_group"):
    setattr(AutoScalingResponse, name, remembering(getattr(AutoScalingResponse, name)))


# moto also gives the tags of a launch template to what it launches.
def create_launch_template(self, name, description, template_data, tag_spec):
    tags = template_data.get("TagSpecifications", [])
    template_data["TagSpecifications"] = [entry for entry in tags if entry["ResourceType"] != "launch-template"]
    return create_launch_template.moto(self, name, description, template_data, tag_spec)


create_launch_template.moto = EC2Backend.create_launch_template
EC2Backend.create_launch_template = create_launch_template


# moto reads the user data of a template's first version only, and fails on that of the others.
def version(self, template, number, data, description):
    if isinstance(data.get("UserData"), str):
        data["UserData"] = parse_user_data(data["UserData"])
    version.moto(self, template, number, data, description)


version.moto = LaunchTemplateVersion.__init__
LaunchTemplateVersion.__init__ = version


# moto does not store which static address a load balancer has in a subnet.
def create_load_balancer(self):
    result = create_load_balancer.moto(self)
    mappings = {mapping["SubnetId"]: mapping.get("AllocationId") for mapping in self._get_param("SubnetMappings", [])}
    (balancer,) = result.result["LoadBalancers"]
    balancer.allocations = {subnet: allocation for subnet, allocation in mappings.items() if allocation}
    return result


def availability_zones(self):
    zones = []
    for subnet in self.subnets:
        zone = AvailabilityZone(subnet)
        allocation = self.__dict__.get("allocations", {}).get(subnet.id)
        zone.load_balancer_addresses = [{"AllocationId": allocation}] if allocation else []
        zones.append(zone)
    return zones


create_load_balancer.moto = ELBV2Response.create_load_balancer
ELBV2Response.create_load_balancer = create_load_balancer
FakeLoadBalancer.availability_zones = property(availability_zones)
