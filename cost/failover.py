"""One failover: the machine's transitions, its functions and calls, and what they leave behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yaml import YAMLError

from cost import ROOT, CostError, bill, functions, traffic
from cost.bill import Line
from cost.functions import Work
from lab import definitions
from lab.intrinsics import referred

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cost.bill import Bill
    from cost.settings import Settings
    from cost.standing import Deployment
    from cost.template import Resource, Stack
    from cost.traffic import Flow

INVOKE, PUBLISH = "lambda:invoke", "sns:publish"
READS = ("dynamodb:getItem", "dynamodb:query")
WRITES = ("dynamodb:putItem", "dynamodb:updateItem", "dynamodb:deleteItem")


def _states(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all states, those of branches and maps included, by their names."""
    found: dict[str, dict[str, Any]] = {}
    for name, state in definition["States"].items():
        found[name] = state
        within = [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]
        for inner in within:
            found.update(_states(inner))
    return found


def _machine(deployment: Deployment) -> tuple[Stack, Resource]:
    name = deployment.usage.failover.machine
    for stack in deployment.stacks:
        if name in stack.resources:
            return stack, stack.resources[name]
    raise CostError(f"usage.toml, [failover]: the template has no state machine {name}.")


def _entered(machine: Resource, deployment: Deployment, root: Path) -> list[tuple[Any, int]]:
    """Return the states of usage.toml's path with how often each is entered."""
    path = root / machine.properties["DefinitionUri"]
    try:
        known = _states(definitions.read(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, YAMLError) as error:
        raise CostError(f"{path.name} cannot be read: {error}.") from error
    wanted = deployment.usage.failover.states
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise CostError(f"usage.toml, [failover.states]: {path.name} has no state {unknown[0]!r}.")
    return [({**known[name], "Name": name}, count) for name, count in wanted.items()]


def _substituted(state: dict[str, Any], argument: str, machine: Resource) -> str:
    """Return the logical id that a task's argument names by a definition substitution."""
    given = state.get("Arguments", {}).get(argument, "")
    found = re.fullmatch(r"\$\{(\w+)\}", given)
    name = machine.properties["DefinitionSubstitutions"].get(found[1], "") if found else ""
    return referred(name)


def _invoked(
    entered: list[tuple[Any, int]], stack: Stack, machine: Resource, deployment: Deployment
) -> Iterable[Work]:
    """Return the functions that the machine invokes, and those that these invoke in turn."""
    usage = deployment.usage
    for state, count in entered:
        if not state.get("Resource", "").endswith(INVOKE):
            continue
        name = _substituted(state, "FunctionName", machine)
        function = functions.resource(stack, name)
        entry = usage.function(name)
        if entry.invoked_by != "machine":
            raise CostError(f'usage.toml, [functions.{name}]: invoked_by must be "machine".')
        yield Work(stack, function, count)
        for other, times in entry.invokes.items():
            yield Work(stack, functions.resource(stack, other), count * times)
        concurrency = int(stack.parameters.get("WarmConcurrency", 0))
        for other in entry.pings if state["Name"] == usage.failover.pinged_in else ():
            pinged = functions.resource(stack, other)
            yield Work(stack, pinged, count * concurrency, billed_ms=usage.failover.ping_ms)


def _calls(
    entered: list[tuple[Any, int]], stack: Stack, machine: Resource, deployment: Deployment
) -> Iterable[Line]:
    prices, usage, where = deployment.prices, deployment.usage.failover, stack.role
    cause = (machine.name,)
    for state, count in entered:
        call = state.get("Resource", "").rsplit(":::", 1)[-1]
        if call in READS:
            yield Line("DynamoDB", where, "reads", count, prices["dynamodb_read"], cause)
        elif call in WRITES:
            table = _substituted(state, "TableName", machine)
            yield from functions.write_lines(table, count, machine.name, deployment)
        elif call == PUBLISH:
            sent = count * usage.subscribers
            yield Line("SNS", where, "messages", count, prices["sns_publish"], cause)
            yield Line("SNS", where, "e-mails", sent, prices["sns_email"], cause)
            yield Line("KMS", where, "requests", count, prices["kms_request"], cause)
        elif call and call != INVOKE:
            raise CostError(f"{machine.name} calls {call}, for which no price is known here.")


def _flows(works: list[Work], deployment: Deployment) -> list[Flow]:
    return [
        flow
        for work in works
        for flow in traffic.of_probes(
            work.function.name, work.number, deployment.stacks, deployment.usage
        )
    ]


def _forwarding(deployment: Deployment) -> Iterable[tuple[str, str]]:
    """Return the rules that carry events to a bus in another Region, with their roles."""
    for stack in deployment.stacks:
        for rule in stack.of("AWS::Events::Rule"):
            for target in rule.properties.get("Targets", []):
                arn = str(target["Arn"]).split(":")
                if ":event-bus/" in target["Arn"] and arn[3] != stack.region:
                    yield stack.role, rule.name


def compute(deployment: Deployment, settings: Settings, root: Path = ROOT) -> Bill:
    """Compute one failover by the alarm, on top of the month in which it happens.

    Raises
    ------
    CostError
        The path in usage.toml and the machine's definition do not agree.
    """
    stack, machine = _machine(deployment)
    entered = _entered(machine, deployment, root)
    usage, prices = deployment.usage.failover, deployment.prices
    works = list(_invoked(entered, stack, machine, deployment))
    flows = _flows(works, deployment)
    works += [
        Work(stack, functions.resource(stack, flow.route.function), flow.number) for flow in flows
    ]
    number, cause = sum(count for _, count in entered), (machine.name,)
    transitions = prices["state_transition"]
    found = [
        Line("Step Functions", stack.role, "transitions", number, transitions, cause),
        *_calls(entered, stack, machine, deployment),
        *traffic.lines(flows, deployment),
        Line("X-Ray", stack.role, "traces, at most", 1 + len(flows), prices["trace"], cause),
    ]
    for work in works:
        found += functions.lines(work, deployment, settings)
    logging = machine.properties.get("Logging", {}).get("Destinations", [])
    for destination in logging:
        group = referred(destination["CloudWatchLogsLogGroup"]["LogGroupArn"])
        size = number * usage.transition_log_bytes
        found += functions.log_lines(stack, group, size, machine.name, deployment)
    events = prices["event_cross_region"]
    for role, rule in _forwarding(deployment):
        what = "alarm events to another Region"
        found.append(Line("EventBridge", role, what, usage.alarm_events, events, (rule,)))
    return bill.merged(found)
