"""What is on the recovery path, derived from the failover machine's definition.

On it are the machine, the functions that its tasks invoke and wait for, the functions that those
may invoke, what starts the machine by an event or by itself, and what cleans up after its
executions. What the machine starts without waiting for it is not: it may be slow, or fail, and
users are served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from tools.audit import grants
from tools.reader.definitions import states
from tools.reader.intrinsics import referred
from tools.reader.template import definition

if TYPE_CHECKING:
    from tools.reader.template import Template

MACHINE = "FailoverMachine"
START = "states:StartExecution"
# What a task calls whose function is not deployed, because the application has no hook. The machine
# never comes to it.
NOT_DEPLOYED = "none"
FUNCTION = "AWS::Serverless::Function"
_TASK = re.compile(
    r"arn:aws:states:::(?:aws-sdk:)?(\w+):(\w+)(?:\.(sync(?::2)?|waitForTaskToken))?$"
)
# Where Step Functions names a service otherwise than IAM does.
_IAM_SERVICES = {"sfn": "states", "eventbridge": "events", "cloudwatchlogs": "logs"}


class UnreadableTask(Exception):
    """A task of the machine is of a form that this audit does not read."""


@dataclass(frozen=True)
class Task:
    """One task of a machine: the IAM action that it needs, and on what."""

    machine: str
    state: str
    action: str
    target: str
    waits: bool


@dataclass
class Path:
    """The recovery path of a stack."""

    tasks: list[Task] = field(default_factory=list)
    # Why each role is on the path, in the order in which the path was walked.
    roles: dict[str, str] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    not_waited_for: dict[str, str] = field(default_factory=dict)


@cache
def walk(stack: Template, machine: str = MACHINE) -> Path:
    """Return the recovery path of the Secondary's stack."""
    path = Path()
    _add_machine(stack, path, machine, "is the failover machine")
    for name, rule in stack.of_type("AWS::Events::Rule").items():
        pattern = str(rule.get("EventPattern", ""))
        for target in rule["Targets"]:
            if referred(target["Arn"]) == machine:
                path.roles[referred(target["RoleArn"])] = f"starts the machine, for {name}"
            elif f"<{machine}>" in pattern and referred(target["Arn"]):
                function = referred(target["Arn"])
                _add_function(stack, path, function, f"cleans up after the machine, by {name}")
    for function in stack.of_type(FUNCTION):
        allowed = grants.of_role(stack, grants.role_of(stack, function))
        if any((g.action, referred(g.resource)) == (START, machine) for g in allowed):
            _add_function(stack, path, function, "starts the machine by itself")
    return path


def carriers(stack: Template, secondary: str) -> dict[str, str]:
    """Return the roles of another stack whose rules carry events to the Secondary's event bus."""
    roles: dict[str, str] = {}
    for name, rule in stack.of_type("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            if target["Arn"].startswith(f"arn:aws:events:{secondary}:"):
                roles[referred(target["RoleArn"])] = f"carries the alarm's event, for {name}"
    return roles


def tasks_of(stack: Template, machine: str) -> list[Task]:
    """Return the tasks of a machine, those of its branches and maps included."""
    return [
        _task(machine, name, state)
        for name, state in states(definition(stack, machine)).items()
        if state["Type"] == "Task"
    ]


def _task(machine: str, name: str, state: dict[str, Any]) -> Task:
    arguments, resource = state.get("Arguments", {}), state["Resource"]
    if referred(resource):
        return Task(machine, name, "lambda:InvokeFunction", resource, waits=True)
    task = _TASK.match(resource)
    if not task:
        raise UnreadableTask(f"{machine}, state {name}: the resource {resource} is not readable.")
    service, api, pattern = task.groups()
    service = _IAM_SERVICES.get(service, service)
    if (service, api) == ("lambda", "invoke"):
        waits = arguments.get("InvocationType", "RequestResponse") != "Event"
        return Task(machine, name, "lambda:InvokeFunction", arguments["FunctionName"], waits)
    if service == "states" and api.startswith("start"):
        waits = pattern is not None or api == "startSyncExecution"
        action = f"states:{api[0].upper()}{api[1:]}"
        return Task(machine, name, action, arguments["StateMachineArn"], waits)
    target = next(
        (arguments[k] for k in ("TableName", "TopicArn", "QueueUrl") if k in arguments), ""
    )
    return Task(machine, name, f"{service}:{api[0].upper()}{api[1:]}", str(target), waits=True)


def _add_machine(stack: Template, path: Path, machine: str, why: str) -> None:
    role = grants.role_of(stack, machine)
    path.roles[role] = why
    for task in tasks_of(stack, machine):
        if task.target == NOT_DEPLOYED:
            continue
        path.tasks.append(task)
        why = f"is called by {machine}, state {task.state}"
        named = referred(task.target)
        if not named and task.action == "lambda:InvokeFunction":
            # Computed at run time: whatever the role may invoke can be meant.
            targets = _invocable(stack, role)
        else:
            targets = [named] if named in stack.resources and named else []
        for target in targets:
            _follow(stack, path, task, target, why)


def _follow(stack: Template, path: Path, task: Task, target: str, why: str) -> None:
    add = {
        FUNCTION: _add_function,
        "AWS::Serverless::StateMachine": _add_machine,
    }.get(stack.resources[target]["Type"])
    if add and task.waits:
        add(stack, path, target, why)
    elif add:
        path.not_waited_for[target] = f"is started by {task.machine}, state {task.state}"


def _invocable(stack: Template, role: str) -> list[str]:
    """Return the functions that a role may invoke: by name, or by a pattern of nested ones."""
    allowed = [g for g in grants.of_role(stack, role) if g.action == "lambda:InvokeFunction"]
    resources = [g.resource for g in allowed]
    nested = [f for r in resources if not referred(r) for f in _matched(stack, r)]
    return [called for r in resources if (called := referred(r))] + nested


def _matched(stack: Template, arn: str) -> list[str]:
    """Return the functions of this Region that the pattern of an ARN fits."""
    _, _, _, region, _, _, name, *_ = arn.split(":")
    functions = stack.every(FUNCTION).items() if region == stack.region else ()
    return [f for f, properties in functions if fnmatchcase(properties["FunctionName"], name)]


def _add_function(stack: Template, path: Path, function: str, why: str) -> None:
    if function in path.functions:
        return
    path.functions.append(function)
    role = grants.role_of(stack, function)
    path.roles.setdefault(role, why)
    for called in _invocable(stack, role):
        _add_function(stack, path, called, f"may be invoked by {function}")
