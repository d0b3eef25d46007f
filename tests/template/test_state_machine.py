"""The definitions, read: validators, and what no validator looks at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pilot_light_client import fence, last_resort
from pilotlight.control import keeper
from ruamel.yaml import YAML

from tests.messages import whole
from tests.template.definitions import (
    DEFINITIONS,
    DEPLOYED,
    EMERGENCY,
    EVERY_STATE,
    EVERY_TASK,
    FAILOVER,
    SWITCHOVER,
    Definition,
)
from tests.template.stacks import ACCOUNT, hooked, source, stack
from tools import drawing
from tools.reader.definitions import inner
from tools.reader.template import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.template.stacks import Stack

# The failover machine, for what is said of it alone.
MACHINE, STATES = FAILOVER.machine, FAILOVER.states
every_machine = pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
every_state = pytest.mark.parametrize(
    ("definition", "name"), EVERY_STATE, ids=[f"{d.name}-{n}" for d, n in EVERY_STATE]
)
every_task = pytest.mark.parametrize(
    ("definition", "name"), EVERY_TASK, ids=[f"{d.name}-{n}" for d, n in EVERY_TASK]
)


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


@every_machine
def test_the_drawing_beside_a_definition_is_up_to_date(definition: Definition) -> None:
    path = drawing.FOLDER / f"{definition.name}.asl.yaml"
    page = path.with_name(f"{definition.name}.md").read_text("utf-8")
    assert page == drawing.drawing(path), "run `make drawings`"


@every_machine
def test_statelint_finds_nothing_but_what_it_does_not_know(definition: Definition) -> None:
    script = Path(sys.executable).parent / "statelint"
    command = [script, "--yaml", definition.path]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.strip() for line in (found.stdout + found.stderr).splitlines() if line.strip()]
    # statelint does not know that JSONata may compute seconds.
    known = (
        'States.WaitToJudgeAgain.Seconds is "{% ${HoldRetrySeconds} %}" but should be an Integer',
        'States.AskApproval.TimeoutSeconds is "{% ${ApprovalSeconds} %}" but should be an Integer',
        '.Seconds is "{% ${FenceSeconds} + ${MaxWriteSeconds} %}" but should be an Integer',
    )
    said = [x for x in lines if not re.match(r"(One|\d+) errors?:", x)]
    assert [x for x in said if not any(k in x for k in known)] == []


@every_machine
def test_every_reader_of_yaml_reads_the_same(definition: Definition) -> None:
    """CloudFormation's reader knows no aliases, and is not the lab's."""
    for version in ((1, 1), (1, 2)):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        assert reader.load(definition.text) == definition.machine
    events = list(yaml.parse(definition.text))
    assert not any(getattr(e, "anchor", None) or getattr(e, "tag", None) for e in events)


@every_machine
def test_substitutions_are_all_used_and_all_defined(definition: Definition) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", definition.text))
    assert used == set(definition.substitutions)


@every_state
def test_every_state_says_why_it_is_there(definition: Definition, name: str) -> None:
    assert len(definition.states[name].get("Comment", "")) > 20


@every_machine
def test_every_state_is_reached(definition: Definition) -> None:
    parts = [part for state in definition.states.values() for part in inner(state)]
    for group in [definition.machine, *parts]:
        reached, todo = set(), [group["StartAt"]]
        while todo:
            name = todo.pop()
            if name in reached:
                continue
            reached.add(name)
            state = group["States"][name]
            routes = [state, *state.get("Choices", []), *state.get("Catch", [])]
            todo += [r[key] for r in routes for key in ("Next", "Default") if key in r]
        assert reached == set(group["States"])


@every_task
def test_a_task_is_bounded_in_time_and_its_failure_is_caught(
    definition: Definition, name: str
) -> None:
    task = definition.tasks[name]
    if task["Resource"].endswith(".waitForTaskToken"):
        assert task["TimeoutSeconds"] == "{% ${ApprovalSeconds} %}", "a person needs minutes"
    else:
        # The ledger compares whole journals, before the drain, and nobody waits for it.
        longest = 65 if name == "ReconcileLedger" else 15
        assert 1 <= task["TimeoutSeconds"] <= longest
    catches = [e for c in task["Catch"] for e in c["ErrorEquals"]]
    assert catches[-1] == "States.ALL"
    for retry in task.get("Retry", []):
        # What a retrier leaves out is AWS's default.
        interval, rate = retry.get("IntervalSeconds", 1), retry.get("BackoffRate", 2.0)
        assert interval == 1, "recovery time"
        delay = interval * rate ** (retry.get("MaxAttempts", 3) - 1)
        assert min(delay, retry.get("MaxDelaySeconds", delay)) <= 10, "bounded"


def test_the_lock_outlives_the_machine() -> None:
    item = STATES["AcquireLock"]["Arguments"]["Item"]["expires_at"]["N"]
    lease = int(re.search(r"\+ (\d+)\)", item)[1])  # type: ignore[index]
    assert lease > MACHINE["TimeoutSeconds"]


def test_the_machine_outlives_the_longest_hold_and_the_longest_wait_for_an_answer() -> None:
    bounds = source()["Parameters"]
    longest = sum(bounds[f"{n}Seconds"]["MaxValue"] for n in ("HoldDeadline", "Approval"))
    assert longest + 300 + 120 < MACHINE["TimeoutSeconds"], "both, traffic, and the rest"


def test_an_approval_is_asked_for_by_default_of_what_nobody_has_approved() -> None:
    asking = STATES["IsApprovalWanted"]
    assert asking["Default"] == "AskApproval"
    into = [
        name
        for name, state in STATES.items()
        for route in [state, *state.get("Choices", []), *state.get("Catch", [])]
        if "Claim" in (route.get("Next"), route.get("Default"))
    ]
    assert set(into) == {"HasBeforeClaimHook"}
    before = {n for n in STATES if "HasBeforeClaimHook" in ways_out(FAILOVER, n)}
    assert before == {"IsApprovalWanted", "FollowDecision", "CallBeforeClaimHook"}
    to = {c["Next"]: c["Condition"] for c in STATES["HasBeforeClaimHook"]["Choices"]}
    assert to["Claim"] == "{% $decision.action = 'promote' %}"
    (rehearse,) = (
        c for c in STATES["FollowDecision"]["Choices"] if c["Next"] == "HasBeforeClaimHook"
    )
    rehearsed = "{% $decision.action = 'rehearse' %}"
    assert rehearse["Condition"] == to["RehearseClaim"] == rehearsed, (
        "no way leads past the question"
    )
    assert {
        STATES["AskApproval"]["Next"],
        *(c["Next"] for c in STATES["AskApproval"]["Catch"]),
    } == {"ReadAnswer"}


def test_a_hold_of_full_length_stays_within_the_history() -> None:
    """Step Functions keeps 25,000 events; a judgement makes at most about 70, with a hook.

    Warming a thousand functions makes 300 more (tests/integration/test_warming.py), and happens
    only as often as the machine's comment says.
    """
    longest = source()["Parameters"]["HoldDeadlineSeconds"]["MaxValue"]
    machine = source()["Resources"]["FailoverMachine"]["Properties"]["DefinitionSubstitutions"]
    rounds = longest / machine["HoldRetrySeconds"]
    again = STATES["WasWarmingTried"]["Choices"][0]["Condition"]
    pause = int(re.search(r"< (\d+)000 ", again)[1])  # type: ignore[index]
    assert rounds * 70 + (longest / pause + 1) * 300 < 25_000


@every_machine
def test_no_variable_is_read_that_no_state_assigns(definition: Definition) -> None:
    """An undefined variable fails the execution on AWS, and no validator sees it."""
    assigned = {"states"}
    for state in definition.states.values():
        for holder in [state, *state.get("Choices", []), *state.get("Catch", [])]:
            assigned |= set(holder.get("Assign", {}))
    for name, state in definition.states.items():
        for text in strings(state):
            if not text.startswith("{%"):
                continue
            bare = re.sub(r"'[^']*'", "''", whole(text))
            used = set(re.findall(r"\$([A-Za-z_]\w*)(?!\w*\s*\()", bare))
            local = set(re.findall(r"function\(\$(\w+)\)", bare))
            local |= set(re.findall(r"\$(\w+) :=", bare))
            assert used <= assigned | local, f"{name}: {used - assigned - local}"


@every_state
def test_arguments_do_not_read_a_result_that_is_not_there_yet(
    definition: Definition, name: str
) -> None:
    assert "$states.result" not in json.dumps(definition.states[name].get("Arguments", {}))


@every_machine
def test_choices_compare_for_equality_so_that_a_missing_value_is_never_consent(
    definition: Definition,
) -> None:
    for name, state in definition.states.items():
        for choice in state.get("Choices", []):
            parts = re.split(r" and ", choice["Condition"].removeprefix("{%").removesuffix("%}"))
            positive = [p for p in parts if "!=" not in p and not p.strip().startswith("$not(")]
            assert positive, f"{name}: {choice['Condition']}"


def ways_out(definition: Definition, name: str) -> set[str]:
    state = definition.states[name]
    routes = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {r[key] for r in routes for key in ("Next", "Default") if key in r}


SERVICES = ("lambda", "dynamodb", "sns", "states")


def named(text: str, filled: dict[str, Any]) -> str:
    """What an argument names, substitutions filled in."""
    return filled.get(text.strip("${}"), text)


def calls(
    definition: Definition, task: dict[str, Any], filled: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """The IAM actions of a task, each with what it names as the resource."""
    arguments = task["Arguments"]
    service, call = task["Resource"].removesuffix(".waitForTaskToken").rsplit(":", 2)[-2:]
    if call == "describeExecution":
        of_machines = f"arn:aws:states:{stack('secondary').region}:{ACCOUNT}:execution:pilot-light-"
        for machine in ("failover", "switchover"):
            yield "states:DescribeExecution", f"{of_machines}{machine}:*"
        return
    action = "InvokeFunction" if task["Resource"].endswith("lambda:invoke") else call
    key = {
        "lambda": "FunctionName",
        "dynamodb": "TableName",
        "sns": "TopicArn",
        "states": "StateMachineArn",
    }[service]
    yield f"{service}:{action[0].upper()}{action[1:]}", named(arguments[key], filled)


def table(resource: str) -> str:
    """A table as a role names it: by the reference to its ARN, or by the ARN of its name."""
    return resource.rsplit("/", 1)[-1].removesuffix(".Arn>").strip("<>")


@pytest.mark.parametrize(
    ("definition", "env"), DEPLOYED, ids=[f"{d.name}-{env}" for d, env in DEPLOYED]
)
def test_every_call_is_covered_by_the_machine_s_role(definition: Definition, env: str) -> None:
    deployed = hooked(env)
    role = deployed.resources[definition.role]["Properties"]
    filled = deployed.resources[definition.resource]["Properties"]["DefinitionSubstitutions"]
    allowed = {
        (action, table(resource) if action.startswith("dynamodb:") else resource)
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if action.split(":")[0] in SERVICES
    }
    used = {
        (action, table(resource) if action.startswith("dynamodb:") else resource)
        for task in definition.tasks.values()
        for action, resource in calls(definition, task, filled)
    }
    assert used - allowed == set(), "the role lacks what a state needs"
    assert allowed - used == set(), "the role allows what no state does"


@pytest.mark.parametrize("env", ["primary", "secondary", "monitor"])
def test_each_stack_has_its_machines_and_no_other(env: str) -> None:
    kind = "AWS::StepFunctions::StateMachine"
    expected = {d.resource: d.role for d in DEFINITIONS if env in d.stacks}
    machines = stack(env).of_type(kind)
    assert {n: p["RoleArn"].strip("<>").split(".")[0] for n, p in machines.items()} == expected


# --- the emergency machine ------------------------------------------------------------------------


def test_an_emergency_needs_nothing_but_tables_of_its_region_and_a_topic() -> None:
    used = {task["Resource"].split(":::")[1] for task in EMERGENCY.tasks.values()}
    assert used == {
        "dynamodb:getItem",
        "dynamodb:updateItem",
        "dynamodb:putItem",
        "sns:publish",
    }


def test_nobody_starts_the_emergency_machine_but_a_person() -> None:
    for env in ("primary", "secondary", "monitor"):
        for name, resource in stack(env).resources.items():
            if name != "EmergencyMachine":
                assert "EmergencyMachine" not in str(resource), name


@pytest.mark.parametrize(
    "sentence",
    ["MAKE ${Region} ACTIVE WITHOUT ${OtherRegion}", "LET ${Region} WRITE WITHOUT A QUORUM"],
)
def test_a_sentence_is_asked_for_word_by_word_and_stands_in_the_error_too(sentence: str) -> None:
    choices = EMERGENCY.states["IsConfirmed"]["Choices"]
    assert sum(f"$confirm = '{sentence}'" in c["Condition"] for c in choices) == 1
    assert sentence in EMERGENCY.states["ReadRequest"]["Assign"]["failure"]["Cause"]
    assert EMERGENCY.states["IsConfirmed"]["Default"] == "EmergencyFailed"


@pytest.mark.parametrize("env", EMERGENCY.stacks)
def test_the_emergency_machine_knows_which_region_it_is_in(env: str) -> None:
    found = stack(env)
    values = found.resources["EmergencyMachine"]["Properties"]["DefinitionSubstitutions"]
    (other,) = {stack(e).region for e in EMERGENCY.stacks} - {found.region}
    assert (values["Region"], values["OtherRegion"]) == (found.region, other)


def test_a_last_resort_takes_a_table_that_is_silent_for_half_a_minute() -> None:
    """One answer in this time, and there is a better way."""
    silence = EMERGENCY.states["AskTable"]
    assert silence["Arguments"]["ConsistentRead"] is True
    assert silence["Next"] == "EmergencyFailed", "an answer ends it"
    refused, long = EMERGENCY.states["IsSilentForLong"]["Choices"]
    assert (refused["Condition"], refused["Next"]) == ("{% $refused %}", "EmergencyFailed")
    assert "$millis() - $askedAt >= 30000" in long["Condition"]
    into = [n for n in EMERGENCY.states if "GrantLastResort" in ways_out(EMERGENCY, n)]
    assert into == ["RecordLastResort"], "on record before it holds"
    wait = EMERGENCY.states["WaitForTable"]["Seconds"]
    assert 30 + wait + silence["TimeoutSeconds"] < EMERGENCY.machine["TimeoutSeconds"] / 2


def test_a_last_resort_lasts_no_longer_than_whoever_reads_it_believes() -> None:
    (choice,) = (c for c in EMERGENCY.states["IsConfirmed"]["Choices"] if c["Next"] == "AskTable")
    longest = re.search(r"\$hours <= (\d+)", choice["Condition"])
    assert longest
    assert "$hours > 0" in choice["Condition"]
    assert int(longest[1]) * 3600 == last_resort.LONGEST_SECONDS
    granted = EMERGENCY.states["GrantLastResort"]["Arguments"]["Item"]
    assert granted["pk"] == last_resort.KEY["pk"]
    assert {"until", "epoch", "by"} <= set(granted)


def test_who_acts_in_an_emergency_is_told_of_and_nothing_waits_for_the_messenger() -> None:
    for name in ("NotifyTakenOver", "NotifyLastResort"):
        tell = EMERGENCY.states[name]
        assert {c["Next"] for c in tell["Catch"]} == {tell["Next"]}
        assert EMERGENCY.states[tell["Next"]]["Type"] == "Succeed"


def test_the_failover_machine_calls_data_planes_only_but_to_ask_who_holds_the_lock() -> None:
    used = {task["Resource"].split(":::")[1] for task in FAILOVER.tasks.values()}
    used.remove("aws-sdk:sfn:describeExecution")
    (asked,) = [c["Next"] for c in STATES["IsOwnerAtWork"]["Catch"]]
    assert asked == STATES["IsOwnerAtWork"]["Next"], "no answer stops nothing"
    assert used <= {
        "lambda:invoke",
        "dynamodb:getItem",
        "dynamodb:putItem",
        "dynamodb:updateItem",
        "dynamodb:deleteItem",
        "sns:publish",
        "sns:publish.waitForTaskToken",
        "states:startExecution",
    }


# --- the switchover machine -----------------------------------------------------------------------
def seconds_of_retries(state: str, error: str) -> float:
    (retry,) = [r for r in SWITCHOVER.states[state]["Retry"] if error in r["ErrorEquals"]]
    assert retry["BackoffRate"] == 1.0
    return float(retry["MaxAttempts"] * retry["IntervalSeconds"])


def longest_lease() -> int:
    return int(source()["Parameters"]["FenceSeconds"]["MaxValue"]) + fence.MAX_WRITE_SECONDS


def test_the_waits_of_a_drain_fit_into_it() -> None:
    """Whatever takes longer is undone by a keeper, and the claim then fails: nothing is lost."""
    waits = longest_lease() + seconds_of_retries("Prove", "TailsDiffer")
    claim = SWITCHOVER.states["PlannedClaim"]
    tries = 1 + sum(r["MaxAttempts"] for r in claim["Retry"])
    waits += (
        tries * claim["TimeoutSeconds"] + SWITCHOVER.states["CallBeforeClaimHook"]["TimeoutSeconds"]
    )
    machine = source()["Resources"]["SwitchoverMachine"]["Properties"]["DefinitionSubstitutions"]
    assert waits <= machine["DrainSeconds"] - 10, "and the calls themselves"


def test_a_machine_has_undone_its_drain_before_a_keeper_would() -> None:
    assert 1000 * SWITCHOVER.states["UndoDrain"]["TimeoutSeconds"] <= keeper.GRACE_MS


def test_every_failure_between_drain_and_claim_undoes_the_drain() -> None:
    for name in ("ReconcileInDrain", "Prove"):
        assert {c["Next"] for c in SWITCHOVER.states[name]["Catch"]} == {"UndoDrain"}, name
    for name in ("IsLedgerReviewed", "IsProven"):
        assert SWITCHOVER.states[name]["Default"] == "UndoDrain"
    # A write whose answer is lost may have been made.
    mine = "$control.changed_by = $states.context.Execution.Id"
    looked = {c["Next"]: c["Condition"] for c in SWITCHOVER.states["WhatIsTrue"]["Choices"]}
    assert set(looked) == {"ConfirmTraffic", "UndoDrain"}
    assert all(mine in condition for condition in looked.values())


def test_a_failback_is_reconciled_within_the_drain_and_nothing_goes_on_that_is_not_reviewed() -> (
    None
):
    assert SWITCHOVER.states["LetWritesEnd"]["Next"] == "IsFailback"
    (choice,) = SWITCHOVER.states["IsFailback"]["Choices"]
    assert (choice["Condition"], choice["Next"]) == (
        "{% $request.mode = 'failback' %}",
        "ReconcileInDrain",
    )
    reconcile = SWITCHOVER.states["ReconcileInDrain"]
    # What comes after a piece, and a cold start before it, take their time too.
    assert reconcile["Arguments"]["Payload"]["seconds"] + 5 < reconcile["TimeoutSeconds"]
    on = [c for c in SWITCHOVER.states["IsLedgerReviewed"]["Choices"] if c["Next"] == "Prove"]
    assert [c["Condition"] for c in on] == [
        "{% $evidence.ledger_in_drain.complete = true and $evidence.ledger_in_drain.open = 0 %}"
    ]


@pytest.mark.parametrize("definition", [FAILOVER, EMERGENCY], ids=lambda d: d.name)
def test_a_claim_is_not_tried_for_ever(definition: Definition) -> None:
    """Each failed write counts, and a count of three ends it."""
    for name in ("Claim", "Serve"):
        again = [c for c in definition.states[name]["Catch"] if c["Next"] == "ReadControl"]
        assert again
        assert all(c["Assign"]["claims"] == "{% $claims + 1 %}" for c in again), name
    conditions = [c["Condition"] for c in definition.states["WhoIsActive"]["Choices"]]
    assert any(re.search(r"\$claims (>=|<) 3", c) for c in conditions)


def test_an_alarm_outlasts_a_planned_move_and_still_has_the_time_of_its_own() -> None:
    lock = SWITCHOVER.states["AcquireLock"]["Arguments"]["Item"]["expires_at"]["N"]
    lease = int(re.search(r"\+ (\d+)\)", lock)[1])  # type: ignore[index]
    assert lease > SWITCHOVER.machine["TimeoutSeconds"]
    bounds = source()["Parameters"]
    longest = sum(bounds[f"{n}Seconds"]["MaxValue"] for n in ("HoldDeadline", "Approval"))
    assert longest + 300 + 120 + lease < MACHINE["TimeoutSeconds"]


def test_no_alarm_and_no_schedule_starts_a_planned_move(any_stack: Stack) -> None:
    for name, rule in any_stack.of_type("AWS::Events::Rule").items():
        assert "<SwitchoverMachine>" not in [t["Arn"] for t in rule["Targets"]], name
    for name, schedule in any_stack.of_type("AWS::Scheduler::Schedule").items():
        assert schedule["Target"]["Arn"] != "<SwitchoverMachine>", name


@pytest.mark.parametrize(
    ("definition", "name"),
    [(d, n) for d, n in EVERY_TASK if d.states[n]["Resource"].endswith("lambda:invoke")],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_function_of_a_machine_is_told_the_execution(
    definition: Definition, name: str
) -> None:
    payload = definition.states[name]["Arguments"]["Payload"]
    assert payload["execution"] == "{% $states.context.Execution.Id %}"
