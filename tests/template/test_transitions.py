"""The machines write the control item as pilotlight.control.transitions says, and not otherwise."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jsonata
import pytest
from pilot_light_client import fence
from pilot_light_client.control_item import ControlItem
from pilotlight.control.transitions import CONDITION, DATA, TRANSITIONS

from tests.template.definitions import (
    DEFINITIONS,
    EMERGENCY,
    FAILOVER,
    SWITCHOVER,
    Definition,
)
from tests.template.stacks import stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pilotlight.control.transitions import Transition

CONTROL = "${ControlTable}"
EXECUTION = "arn:aws:states:us-east-2:123456789012:execution:a-machine:a-run"
TARGET = "us-west-2"
SEEN = ControlItem(revision=41, active_region="us-east-2", epoch=7, state="serving")
# Which transition each task makes. The rehearsal's is the claim, under an impossible condition.
MADE = [
    (FAILOVER, "Claim", "claim"),
    (FAILOVER, "Serve", "serve"),
    (FAILOVER, "RehearseClaim", "claim"),
    (SWITCHOVER, "Drain", "drain"),
    (SWITCHOVER, "PlannedClaim", "planned_claim"),
    (SWITCHOVER, "UndoDrain", "undrain"),
    (EMERGENCY, "Claim", "claim"),
    (EMERGENCY, "Serve", "serve"),
]
every_change = pytest.mark.parametrize(
    ("definition", "state", "name"), MADE, ids=[f"{d.name}-{s}" for d, s, _ in MADE]
)
# What a machine that waits has waited for before it may serve or claim.
LEASE = "{% ${FenceSeconds} + ${MaxWriteSeconds} %}"


def substituted(definition: Definition, text: str) -> str:
    filled = stack(definition.stack).resources[definition.resource]["Properties"]
    for key, value in filled["DefinitionSubstitutions"].items():
        text = text.replace(f"${{{key}}}", str(value))
    return text


def evaluated(definition: Definition, value: Any) -> Any:
    """An argument, evaluated as Step Functions does, for the item that was seen."""
    if isinstance(value, dict):
        return {k: evaluated(definition, v) for k, v in value.items()}
    text = substituted(definition, value)
    if not text.startswith("{%"):
        return text
    bound = {
        "control": {"revision": SEEN.revision, "epoch": SEEN.epoch},
        "request": {"target": TARGET},
        "states": {"context": {"Execution": {"Id": EXECUTION}}},
    }
    return jsonata.Jsonata(text[2:-2].strip()).evaluate(None, bound)


def seconds(name: str) -> int:
    machine = stack("secondary").resources["SwitchoverMachine"]["Properties"]
    return int(machine["DefinitionSubstitutions"][name])


def expected(transition: Transition, here: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the shared table of transitions writes. Times are taken from what was evaluated."""
    times = {
        "cooldown_until": int(given.get(":cooldown", {}).get("N", 0)),
        "drain_until": int(given.get(":until", {}).get("N", 0)),
        "move": EXECUTION,
    }
    extras = {name: times[name] for name in transition.sets}
    return transition.update(SEEN, here=here, by=EXECUTION, at=given[":at"]["S"], **extras)


@every_change
def test_a_task_writes_what_its_transition_says(
    definition: Definition, state: str, name: str
) -> None:
    arguments = definition.tasks[state]["Arguments"]
    given = evaluated(definition, arguments["ExpressionAttributeValues"])
    here = TARGET if definition is SWITCHOVER else stack(definition.stack).region
    wanted = expected(TRANSITIONS[name], here, given)
    assert given == wanted["ExpressionAttributeValues"]
    assert arguments["UpdateExpression"] == wanted["UpdateExpression"]
    assert arguments["ExpressionAttributeNames"] == wanted["ExpressionAttributeNames"]
    assert arguments["Key"] == {"pk": {"S": "control"}}
    assert arguments["TableName"] == CONTROL


@every_change
def test_every_change_is_compare_and_set(definition: Definition, state: str, name: str) -> None:
    """The rehearsal asks for the same, and for what no item meets: whoever reads none has no pk."""
    condition = definition.tasks[state]["Arguments"]["ConditionExpression"]
    impossible = " AND attribute_not_exists(pk)" if state == "RehearseClaim" else ""
    assert condition == f"{CONDITION}{impossible}"
    assert CONDITION == "revision = :seen"
    assert " OR " not in condition


@every_change
def test_times_are_counted_from_now(definition: Definition, state: str, name: str) -> None:
    arguments = definition.tasks[state]["Arguments"]
    given = evaluated(definition, arguments["ExpressionAttributeValues"])
    if ":cooldown" in given:
        ends = int(given[":cooldown"]["N"])
        assert ends == pytest.approx(time.time() + seconds("CooldownSeconds"), abs=5)
    if ":until" in given:
        ends = int(given[":until"]["N"]) / 1000
        assert ends == pytest.approx(time.time() + seconds("DrainSeconds"), abs=5)


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
def test_no_task_changes_the_control_item_but_by_a_transition(definition: Definition) -> None:
    changes = {
        name
        for name, task in definition.tasks.items()
        if task["Arguments"].get("TableName") == CONTROL
        and not task["Resource"].endswith(":dynamodb:getItem")
    }
    assert changes == {state for d, state, _ in MADE if d is definition}
    for name in changes:
        assert definition.tasks[name]["Resource"] == "arn:aws:states:::dynamodb:updateItem", name


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
def test_every_read_of_the_control_item_is_strong_but_the_last_resort_s(
    definition: Definition,
) -> None:
    reads = {
        name: task["Arguments"]["ConsistentRead"]
        for name, task in definition.tasks.items()
        if task["Resource"].endswith(":dynamodb:getItem")
        and task["Arguments"]["TableName"] == CONTROL
    }
    assert {n for n, strong in reads.items() if not strong} <= {"ReadLocalCopy"}
    assert all(strong or definition is EMERGENCY for strong in reads.values())


def test_the_table_of_transitions_names_who_makes_each() -> None:
    names = {"failover machine": FAILOVER, "switchover machine": SWITCHOVER}
    names["emergency machine"] = EMERGENCY
    said = {
        (names[who].name, transition)
        for transition, row in DATA["transitions"].items()
        for who in row["by"]
        if who in names
    }
    assert said == {(d.name, name) for d, _, name in MADE}


# --- what a step builds on is what its own step produced ------------------------------------------


def steps(definition: Definition, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The ways out of a state: where to, and what is assigned on the way."""
    state = definition.states[name]
    whole = state.get("Assign", {})
    for choice in state.get("Choices", []):
        yield choice["Next"], {**whole, **choice.get("Assign", {})}
    for caught in state.get("Catch", []):
        yield caught["Next"], caught.get("Assign", {})
    for key in ("Next", "Default"):
        if key in state:
            yield state[key], whole


def onward(definition: Definition, name: str) -> list[str]:
    return [to for to, _ in steps(definition, name)]


def reachable(definition: Definition, start: str, stop: set[str]) -> set[str]:
    found: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in found | stop:
            found.add(name)
            todo += onward(definition, name)
    return found


def between(definition: Definition, first: str, last: str) -> set[str]:
    """The states that an execution may enter between two, before it enters either again."""
    after = reachable(definition, definition.states[first]["Next"], {first, last})
    return {n for n in after if last in reachable(definition, n, {first})}


def assigns_control(definition: Definition, name: str) -> bool:
    return any("control" in assigned for _, assigned in steps(definition, name))


@pytest.mark.parametrize(
    ("definition", "first", "last"),
    [
        (FAILOVER, "Claim", "Serve"),
        (SWITCHOVER, "Drain", "PlannedClaim"),
        (EMERGENCY, "Claim", "Serve"),
    ],
    ids=["failover", "switchover", "emergency"],
)
def test_the_second_change_holds_for_the_revision_that_the_first_one_made(
    definition: Definition, first: str, last: str
) -> None:
    made = definition.states[first]["Assign"]["control"]
    assert "'revision': $control.revision + 1" in made
    within = between(definition, first, last)
    assert within & {"WaitOutLease", "Prove"}, "or nothing is looked at here"
    assert [n for n in within if assigns_control(definition, n)] == []


@pytest.mark.parametrize("definition", [FAILOVER, EMERGENCY], ids=lambda d: d.name)
def test_no_way_leads_to_serve_but_past_the_lease(definition: Definition) -> None:
    into = {n for n in definition.states if "Serve" in onward(definition, n)}
    assert into == {"WaitOutLease"}
    wait = definition.states["WaitOutLease"]
    assert (wait["Type"], wait["Seconds"]) == ("Wait", LEASE)


def test_no_way_leads_to_the_planned_claim_but_past_the_lease() -> None:
    assert onward(SWITCHOVER, "Drain")[-1] == "LetWritesEnd"
    wait = SWITCHOVER.states["LetWritesEnd"]
    assert (wait["Type"], wait["Seconds"]) == ("Wait", LEASE)
    reached = reachable(SWITCHOVER, SWITCHOVER.machine["StartAt"], {"LetWritesEnd"})
    assert "PlannedClaim" not in reached


@pytest.mark.parametrize("definition", [FAILOVER, SWITCHOVER, EMERGENCY], ids=lambda d: d.name)
def test_the_lease_that_a_machine_waits_is_that_of_the_fence(definition: Definition) -> None:
    for env in definition.stacks:
        filled = stack(env).resources[definition.resource]["Properties"]
        values = filled["DefinitionSubstitutions"]
        assert values["MaxWriteSeconds"] == fence.MAX_WRITE_SECONDS
        assert int(values["FenceSeconds"]) == seconds("FenceSeconds")
        functions = stack(env).of_type("AWS::Lambda::Function").values()
        for function in functions:
            variables = function["Environment"]["Variables"]
            assert int(variables["FENCE_SECONDS"]) == int(values["FenceSeconds"])


def test_a_claim_that_was_made_is_not_lost_with_its_answer() -> None:
    """After any answer but success, and after none, the item is read strongly."""
    for definition, state in ((FAILOVER, "Claim"), (EMERGENCY, "Claim")):
        caught = definition.states[state]["Catch"]
        assert {c["Next"] for c in caught} == {"ReadControl"}, definition.name
    for state in ("Drain", "PlannedClaim"):
        assert {c["Next"] for c in SWITCHOVER.states[state]["Catch"]} == {"LookAtControl"}
    assert SWITCHOVER.states["WhatIsTrue"]["Default"] == "NotifyFailure"
