"""The definition, read: validators, and what no validator looks at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.template.stacks import source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.template.stacks import Stack

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "statemachines" / "failover.asl.json"
TEXT = PATH.read_text()
MACHINE = json.loads(TEXT)


def groups(machine: dict[str, Any] = MACHINE) -> Iterator[dict[str, Any]]:
    """The top level and every branch."""
    yield machine
    for state in machine["States"].values():
        for branch in state.get("Branches", []):
            yield from groups(branch)


STATES = {name: state for group in groups() for name, state in group["States"].items()}
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def substitutions() -> dict[str, Any]:
    machine = source()["Resources"]["FailoverMachine"]
    return machine["Properties"]["DefinitionSubstitutions"]


def test_statelint_finds_nothing_but_what_it_does_not_know() -> None:
    script = Path(sys.executable).parent / "statelint"
    found = subprocess.run([script, PATH], capture_output=True, text=True, check=False)
    lines = [line.strip() for line in (found.stdout + found.stderr).splitlines() if line.strip()]
    # statelint does not know that JSONata may compute the seconds of a Wait.
    known = (
        'States.WaitToJudgeAgain.Seconds is "{% ${HoldRetrySeconds} %}" but should be an Integer'
    )
    assert [x for x in lines if known not in x and not re.match(r"(One|\d+) errors?:", x)] == []


def test_substitutions_are_all_used_and_all_defined() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", TEXT))
    assert used == set(substitutions())


def test_every_state_says_why_it_is_there() -> None:
    for name, state in STATES.items():
        assert len(state.get("Comment", "")) > 20, name


def test_every_state_is_reached() -> None:
    for group in groups():
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


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_bounded_in_time_and_its_failure_is_caught(name: str) -> None:
    task = TASKS[name]
    assert 1 <= task["TimeoutSeconds"] <= 15
    catches = [e for c in task["Catch"] for e in c["ErrorEquals"]]
    assert catches[-1] == "States.ALL"
    for retry in task.get("Retry", []):
        if retry.get("MaxAttempts") != 0:
            assert retry["IntervalSeconds"] <= 1, "recovery time"
            assert retry.get("MaxDelaySeconds") or retry["BackoffRate"] == 1.0, "bounded"


def test_the_lock_outlives_the_machine() -> None:
    item = STATES["AcquireLock"]["Arguments"]["Item"]["expires_at"]["N"]
    lease = int(re.search(r"\+ (\d+)\)", item)[1])  # type: ignore[index]
    assert lease > MACHINE["TimeoutSeconds"]


def test_the_machine_outlives_the_longest_hold() -> None:
    longest = source()["Parameters"]["HoldDeadlineSeconds"]["MaxValue"]
    assert longest + 300 + 120 < MACHINE["TimeoutSeconds"], "hold, traffic, and the rest"


def test_a_hold_of_full_length_stays_within_the_history() -> None:
    """Step Functions keeps 25,000 events; a judgement makes at most about 60."""
    bounds = source()["Parameters"]
    rounds = bounds["HoldDeadlineSeconds"]["MaxValue"] / bounds["HoldRetrySeconds"]["MinValue"]
    assert rounds * 60 < 25_000


def test_no_variable_is_read_that_no_state_assigns() -> None:
    """An undefined variable fails the execution on AWS, and no validator sees it."""
    assigned = {"states"}
    for state in STATES.values():
        for holder in [state, *state.get("Choices", []), *state.get("Catch", [])]:
            assigned |= set(holder.get("Assign", {}))
    for name, state in STATES.items():
        for text in strings(state):
            if not text.startswith("{%"):
                continue
            bare = re.sub(r"'[^']*'", "''", text)
            used = set(re.findall(r"\$([A-Za-z_]\w*)(?!\w*\s*\()", bare))
            local = set(re.findall(r"function\(\$(\w+)\)", bare))
            assert used <= assigned | local, f"{name}: {used - assigned - local}"


@pytest.mark.parametrize("name", STATES)
def test_arguments_do_not_read_a_result_that_is_not_there_yet(name: str) -> None:
    assert "$states.result" not in json.dumps(STATES[name].get("Arguments", {}))


def test_choices_compare_for_equality_so_that_a_missing_value_is_never_consent() -> None:
    for name, state in STATES.items():
        for choice in state.get("Choices", []):
            parts = re.split(r" and ", choice["Condition"].removeprefix("{%").removesuffix("%}"))
            positive = [p for p in parts if "!=" not in p and not p.strip().startswith("$not(")]
            assert positive, f"{name}: {choice['Condition']}"


def test_every_call_is_covered_by_the_machine_s_role(secondary: Stack) -> None:
    role = secondary.resources["FailoverRole"]["Properties"]
    allowed: dict[str, set[str]] = {}
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            actions, resources = statement["Action"], statement["Resource"]
            for action in actions if isinstance(actions, list) else [actions]:
                group = resources if isinstance(resources, list) else [resources]
                allowed.setdefault(action, set()).update(group)
    used: dict[str, set[str]] = {}
    for name, task in TASKS.items():
        service, call = task["Resource"].rsplit(":", 2)[-2:]
        key = {"lambda": "FunctionName", "dynamodb": "TableName", "sns": "TopicArn"}[service]
        action = (
            "lambda:InvokeFunction"
            if service == "lambda"
            else f"{service}:{call[0].upper()}{call[1:]}"
        )
        placeholder = task["Arguments"][key].strip("${}")
        resolved = secondary.resources["FailoverMachine"]["Properties"]["DefinitionSubstitutions"]
        resource = resolved[placeholder]
        arn = resource if service != "dynamodb" else f"{resource[:-1]}.Arn>"
        assert arn in allowed.get(action, set()), f"{name} needs {action} on {arn}"
        used.setdefault(action, set()).add(arn)
    needed = {a: r for a, r in allowed.items() if a.split(":")[0] in {"lambda", "dynamodb", "sns"}}
    assert needed == used, "the role allows what no state does"


def test_the_machine_calls_data_planes_only() -> None:
    calls = {task["Resource"].split(":::")[1] for task in TASKS.values()}
    assert calls <= {
        "lambda:invoke",
        "dynamodb:getItem",
        "dynamodb:putItem",
        "dynamodb:updateItem",
        "dynamodb:deleteItem",
        "sns:publish",
    }
