"""Every call that the recovery path could make, judged; and those that a drill recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.audit import grants, path as path_module, planes
from tools.reader.intrinsics import referred
from tools.reader.template import load

if TYPE_CHECKING:
    from tools.audit.planes import Plane
    from tools.reader.template import Template

OWN_CARRIER = "monitor"
EMERGENCY = "EmergencyMachine"


class UnknownRegion(Exception):
    """Neither the ARN of a resource nor its stack has its Region."""


@dataclass(frozen=True)
class Possible:
    """One call that a role on the path could make."""

    role: str
    why: str
    action: str
    resource: str
    region: str
    plane: Plane


@dataclass(frozen=True)
class Recorded:
    """One kind of call that a drill recorded."""

    role: str
    action: str
    region: str
    plane: Plane

    def __str__(self) -> str:
        return f"{self.role}: {self.action} in {self.region}, {self.plane.plane} plane"


def region_of(stack: Template, resource: str) -> str:
    """Return the Region of a resource that a statement names.

    Raises
    ------
    UnknownRegion
        Neither the ARN nor the stack has it.
    """
    named = referred(resource)
    if named:
        try:
            stack.place(named)
        except KeyError as error:
            raise UnknownRegion(f"{resource} is no resource of this stack.") from error
        return stack.region
    if resource == "*":
        # Actions without resources: the client's Region decides, and clients name no other.
        return stack.region
    region = resource.split(":")[3] if resource.count(":") >= 5 else ""
    if not region:
        raise UnknownRegion(f"{resource} names no Region. Refer to the stack's own resource.")
    return region


def possible() -> list[Possible]:
    """Return every call that a role on the recovery path is allowed to make."""
    stack = load("secondary")
    every = [
        _possible(stack.place(role)[1], role, why, grant)
        for role, why in path_module.walk(stack).roles.items()
        for grant in grants.of_role(stack, role)
    ]
    other = load(OWN_CARRIER)
    for role, why in path_module.carriers(other, stack.region).items():
        every += [_possible(other, role, why, g) for g in grants.of_role(other, role)]
    return every


def in_an_emergency(env: str) -> list[Possible]:
    """Return every call that the emergency machine of a stack is allowed to make."""
    stack = load(env)
    role, why = grants.role_of(stack, EMERGENCY), "is the emergency machine"
    return [_possible(stack, role, why, grant) for grant in grants.of_role(stack, role)]


def _possible(stack: Template, role: str, why: str, grant: grants.Grant) -> Possible:
    region = region_of(stack, grant.resource)
    return Possible(role, why, grant.action, grant.resource, region, planes.of(grant.action))


def faults(secondary: str) -> list[str]:
    """Return the faults of the path that the template describes."""
    wrong = []
    for call in possible():
        if planes.spared(call.role, call.action, call.region, secondary):
            continue
        if call.region != secondary:
            wrong.append(f"{call.role} may call {call.action} in {call.region}: {call.resource}")
        if call.plane.plane == "control" and not call.plane.only_at:
            wrong.append(f"{call.role} may call {call.action}, which is control plane")
    for env in ("primary", "secondary"):
        here = load(env).region
        for call in in_an_emergency(env):
            if call.region != here or call.plane.plane == "control":
                wrong.append(f"{call.role} of the {env} may call {call.action} in {call.region}")
    stack = load("secondary")
    return wrong + [
        f"{task.machine}, state {task.state}: {task.action} is control plane"
        for task in path_module.walk(stack).tasks
        if planes.of(task.action).plane == "control"
        and not planes.spared(
            grants.role_of(stack, task.machine), task.action, secondary, secondary
        )
    ]


def logical(role: str) -> str:
    """Return what a role is called here from the name that CloudFormation gave it."""
    own = role.rsplit("-", 2)[-2] if role.count("-") >= 2 else role
    parts = load("secondary").parts().items()
    return next((f"{prefix}{own}" for prefix, part in parts if own in part.resources), own)


def on_the_path(call: dict[str, Any]) -> bool:
    """Return whether a role on the recovery path made a recorded call."""
    return logical(call["role"]) in path_module.walk(load("secondary")).roles


def recorded(calls: list[dict[str, Any]]) -> list[Recorded]:
    """Return the calls of a drill's record that were made by roles on the recovery path."""
    roles = path_module.walk(load("secondary")).roles
    on_path = []
    for call in calls:
        role = logical(call["role"])
        if role in roles:
            action = planes.action_of(call["service"], call["operation"])
            on_path.append(Recorded(role, action, call["region"], planes.of(action)))
    return on_path
