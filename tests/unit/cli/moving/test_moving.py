"""The commands that start a run: what they show, what they ask, what they start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.probes import Probe
from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import (
    ACCOUNT,
    CONTROL,
    MACHINE,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    error,
    row,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair

MODES = {
    "rehearse": "rehearsal",
    "failover": "failover",
    "switchover": "switchover",
    "failback": "failback",
}
GO = ("--yes", "--reason", "ticket 4711", "--no-watch")


def lose_the_primary(pair: Pair) -> None:
    pair.refuses.add(PRIMARY)
    for name in ("app", PRIMARY):
        full = f"{name}.pilotlight.example"
        pair.probes[full] = Probe(full, False, error="no connection")
    pair.beacon = "unhealthy"


def planned(run: Callable[..., Result], command: str, *more: str) -> dict[str, Any]:
    return document(run(command, "--dry-run", "--json", *more), "run")


def states(found: dict[str, Any]) -> dict[str, str]:
    return {c["name"]: c["state"] for c in found["conditions"]}


@pytest.mark.parametrize("command", MODES)
def test_a_run_that_a_person_wants_is_started_once_with_the_reason(
    run: Callable[..., Result], pair: Pair, command: str
) -> None:
    ended = run(command, *GO)
    assert ended.exit_code == 0, ended.output
    (started,) = pair.started
    machine = "failover" if command in ("rehearse", "failover") else "switchover"
    assert started["stateMachineArn"] == MACHINE.replace("failover", machine)
    assert started["input"]["mode"] == MODES[command]
    assert started["input"]["reason"] == "ticket 4711"
    assert re.fullmatch(rf"{MODES[command]}-\d{{8}}T\d{{9}}Z", started["name"])
    assert f"pilot-light watch {started['name']}" in ended.output


def test_a_failover_is_for_a_loss_and_never_a_hidden_switchover(
    run: Callable[..., Result], pair: Pair
) -> None:
    run("failover", *GO, "--override", "outage_confirmed", "--override", "cooldown_over")
    assert pair.started[0]["input"] == {
        "mode": "failover",
        "reason": "ticket 4711",
        "graceful": False,
        "override": ["outage_confirmed", "cooldown_over"],
    }


@pytest.mark.parametrize("command", MODES)
def test_a_dry_run_starts_nothing(run: Callable[..., Result], pair: Pair, command: str) -> None:
    found = planned(run, command)
    assert found["execution"] is None
    assert pair.started == []
    ended = run(command, "--dry-run")
    assert "Nothing was started: --dry-run." in ended.output
    assert pair.started == []


def test_a_dry_run_ends_with_0_where_all_is_met_and_1_where_something_is_not(
    run: Callable[..., Result], pair: Pair
) -> None:
    assert run("rehearse", "--dry-run").exit_code == 0
    assert run("switchover", "--dry-run").exit_code == 0
    assert run("failover", "--dry-run").exit_code == 1, "the Primary is healthy"
    assert run("failback", "--dry-run").exit_code == 1, "the Primary is active"
    lose_the_primary(pair)
    ended = run("failover", "--dry-run")
    assert "UNMET" not in ended.output, ended.output


def test_a_failover_of_a_lost_primary_names_what_may_be_lost(
    run: Callable[..., Result], pair: Pair
) -> None:
    lose_the_primary(pair)
    found = planned(run, "failover")
    assert states(found) == {
        "primary_active": "met",
        "outage_confirmed": "met",
        "secondary_ready": "met",
        "rpo_within_objective": "met",
        "cooldown_over": "met",
        "no_other_run": "met",
    }
    assert found["may_be_lost"].startswith(f"Writes that {PRIMARY} acknowledged")
    assert "s old; up to 120 s is ok" in found["may_be_lost"]
    assert found["will_happen"][0].startswith(f"{SECONDARY} becomes active, epoch 2")


def test_what_is_overridden_keeps_nobody_from_anything(
    run: Callable[..., Result], pair: Pair
) -> None:
    found = planned(run, "failover", "--override", "outage_confirmed")
    assert states(found)["outage_confirmed"] == "noted"


def test_a_cooldown_and_a_running_execution_are_named(
    run: Callable[..., Result], pair: Pair
) -> None:
    until = int(pair.now.timestamp()) + 600
    for region in (PRIMARY, SECONDARY):
        pair.change(region, CONTROL, "control", cooldown_until=until)
    assert states(planned(run, "failover"))["cooldown_over"] == "unmet"
    lock = row("lock", owner="run-9", machine="switchover", expires_at=until)
    pair.put(SECONDARY, RECOVERIES, lock)
    found = planned(run, "switchover")
    assert states(found)["no_other_run"] == "unmet"


def test_a_failback_waits_for_the_ledger_and_for_a_healthy_primary(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fail_over()
    assert set(states(planned(run, "failback")).values()) == {"met"}
    full = f"{PRIMARY}.pilotlight.example"
    pair.probes[full] = Probe(full, False, error="503")
    assert states(planned(run, "failback"))["primary_healthy"] == "unmet"


def test_a_person_types_the_region_that_is_to_be_active(
    run: Callable[..., Result], pair: Pair
) -> None:
    refused = run("switchover", "--no-watch", "--reason", "maintenance", typed="yes\n")
    assert refused.exit_code == 1
    assert "Nothing was changed." in refused.output
    assert pair.started == []
    ended = run("switchover", "--no-watch", "--reason", "maintenance", typed=f"{SECONDARY}\n")
    assert ended.exit_code == 0, ended.output
    assert len(pair.started) == 1


def test_without_a_terminal_nothing_is_started_unless_yes_is_said(
    run: Callable[..., Result], pair: Pair
) -> None:
    ended = run("switchover", "--reason", "maintenance")
    assert ended.exit_code == 2
    assert "Add --yes." in ended.output
    assert run("switchover", "--yes").exit_code == 2, "a reason is needed"
    assert pair.started == []


def test_json_names_the_execution_and_follows_nothing(
    run: Callable[..., Result], pair: Pair
) -> None:
    found = document(run("rehearse", "--yes", "--reason", "r", "--json"), "run")
    assert found["execution"].endswith(pair.started[0]["name"])
    assert f":{ACCOUNT}:execution:pilot-light-failover:" in found["execution"]


def test_a_permission_that_is_missing_is_named_and_nothing_was_changed(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fails[SECONDARY, "start_execution", ""] = error("AccessDeniedException")
    ended = run("rehearse", *GO)
    assert ended.exit_code == 1
    assert "states:StartExecution on stateMachine:pilot-light-failover" in ended.output
    assert "Nothing was changed." in ended.output


def test_a_start_that_is_not_answered_may_have_started(
    run: Callable[..., Result], pair: Pair
) -> None:
    silent = EndpointConnectionError(endpoint_url="https://states")
    pair.fails[SECONDARY, "start_execution", ""] = silent
    ended = run("rehearse", *GO)
    assert ended.exit_code == 4
    assert "It may have been done all the same" in ended.output
    assert pair.asked.count((SECONDARY, "start_execution")) == 3


def test_a_run_of_that_name_that_has_ended_meanwhile_was_started(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fails[SECONDARY, "start_execution", ""] = error("ExecutionAlreadyExists")
    ended = run("rehearse", *GO)
    assert ended.exit_code == 0
    assert f"Started {MACHINE.replace('stateMachine', 'execution')}:rehearsal-" in ended.output


def test_the_account_is_known_by_any_region_that_answers(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fails[SECONDARY, "get_caller_identity", ""] = error("InternalError")
    assert run("rehearse", *GO).exit_code == 0
    assert len(pair.started) == 1


def test_explain_prints_the_start_and_makes_no_call(run: Callable[..., Result], pair: Pair) -> None:
    ended = run("failover", "--explain", "--reason", "ticket")
    assert "aws stepfunctions start-execution --region us-east-2" in ended.output
    assert '"graceful": false' in ended.output
    assert pair.asked == []
