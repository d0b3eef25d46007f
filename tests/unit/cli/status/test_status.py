"""The command `pilot-light status`: its screen, its JSON, its exit code."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import NoCredentialsError
from pilot_light_client import heartbeat
from pilotlight.recoveries import schema

from cli.probes import Probe
from cli.status import command
from cli.status.screen import TITLES
from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import (
    CONTROL,
    FORECAST,
    JOURNAL,
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

PUBLIC = "app.pilotlight.example"


def status(run: Callable[..., Result]) -> dict[str, Any]:
    ended = run("status", "--json")
    found = document(ended, "status")
    assert ended.exit_code == found["exit_code"]
    return found


def verdicts(found: dict[str, Any], verdict: str) -> set[str]:
    return {name for name, fact in found["facts"].items() if fact["verdict"] == verdict}


def test_a_deployment_that_is_well_ends_with_0(run: Callable[..., Result]) -> None:
    found = status(run)
    assert found["verdict"] == "healthy", found["summary"]
    assert found["exit_code"] == 0
    assert verdicts(found, "ok") == set(TITLES)
    assert found["problems"] == []
    assert found["active"]["active_region"] == PRIMARY


def test_both_regions_are_asked_and_nothing_in_any_other(
    run: Callable[..., Result], pair: Pair
) -> None:
    status(run)
    assert {region for region, _ in pair.asked} == {PRIMARY, SECONDARY}


def test_an_active_secondary_needs_attention(run: Callable[..., Result], pair: Pair) -> None:
    pair.fail_over()
    pair.change(SECONDARY, CONTROL, "pulse", beat=4720, by_region=SECONDARY)
    found = status(run)
    assert (found["verdict"], found["exit_code"]) == ("attention", 1)
    assert verdicts(found, "attention") == {"control"}
    assert found["active"]["role"] == "Secondary"
    assert found["facts"]["recoveries"]["recent"][0]["rto_seconds"] == 40.0


def test_the_rto_target_stands_beside_the_forecast_and_the_last_actual(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fail_over()
    fact = status(run)["facts"]["rto"]
    assert (fact["verdict"], fact["target_seconds"], fact["forecast"]) == ("ok", 60, FORECAST)
    assert fact["actual_seconds"] == 40.0
    assert "forecast (not measured): reads p50 31.2 s, p99 42.5 s" in fact["detail"]
    assert "which is not what users saw" in fact["detail"]


def test_a_forecast_that_misses_the_target_needs_attention(
    run: Callable[..., Result], pair: Pair
) -> None:
    slow = {**FORECAST, "writes": {"p50": 32.1, "p99": 60.1}}
    pair.change(SECONDARY, RECOVERIES, "rehearsal", forecast=json.dumps(slow))
    found = status(run)
    assert (found["verdict"], found["exit_code"]) == ("attention", 1)
    assert verdicts(found, "attention") == {"rto"}
    assert "The p99 of writes misses the target." in found["summary"]
    pair.change(SECONDARY, RECOVERIES, "rehearsal", forecast='{"unknown": "a clock was off"}')
    assert verdicts(status(run), "unknown") == {"rto"}


def test_users_who_are_not_served_are_failing(run: Callable[..., Result], pair: Pair) -> None:
    pair.probes[PUBLIC] = Probe(PUBLIC, False, 503, PRIMARY, 0.1, "HTTP status 503")
    pair.change(SECONDARY, RECOVERIES, "sentinel", probe_ok=False)
    found = status(run)
    assert (found["verdict"], found["exit_code"]) == ("failing", 3)
    assert found["summary"].startswith(f"{PUBLIC} does not serve: HTTP status 503.")


def test_an_active_region_whose_application_is_down_is_failing(
    run: Callable[..., Result], pair: Pair
) -> None:
    name = f"{PRIMARY}.pilotlight.example"
    pair.probes[name] = Probe(name, False, error="ConnectionRefusedError")
    assert verdicts(status(run), "failing") == {"primary"}


def test_a_passive_region_whose_application_is_down_needs_attention(
    run: Callable[..., Result], pair: Pair
) -> None:
    name = f"{SECONDARY}.pilotlight.example"
    pair.probes[name] = Probe(name, False, error="ConnectionRefusedError")
    assert verdicts(status(run), "attention") == {"secondary"}


def test_users_led_to_a_region_that_is_not_active_need_attention(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.probes[PUBLIC] = Probe(PUBLIC, True, 200, SECONDARY, 0.1)
    assert verdicts(status(run), "attention") == {"users"}


@pytest.mark.parametrize("silence", ["hangs", "refuses"])
def test_with_the_secondary_silent_the_primary_is_shown_and_the_rest_is_unknown(
    run: Callable[..., Result], pair: Pair, silence: str
) -> None:
    setattr(pair, silence, {SECONDARY})
    begun = time.monotonic()
    found = status(run)
    assert time.monotonic() - begun < 4.0
    assert (found["verdict"], found["exit_code"]) == ("unknown", 4)
    assert found["active"]["active_region"] == PRIMARY
    assert [r["answered"] for r in found["regions"]] == [True, False]
    assert {p["kind"] for p in found["problems"]} == {"silent"}
    assert verdicts(found, "ok") >= {"users", "control", "primary", "beacon", "to_primary"}
    assert found["facts"]["readiness"]["verdict"] == "unknown"


def test_with_the_primary_silent_everything_of_the_secondary_is_known(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fail_over()
    pair.refuses = {PRIMARY}
    pair.put(SECONDARY, CONTROL, row("pulse", beat=4720, by_region=SECONDARY))
    found = status(run)
    assert found["active"]["active_region"] == SECONDARY
    unknown = {"primary", "control_table", "to_primary", "executions", "last_resort"}
    assert verdicts(found, "unknown") == unknown


def test_the_screen_names_a_silent_region_once(run: Callable[..., Result], pair: Pair) -> None:
    pair.refuses = {SECONDARY}
    ended = run("status")
    assert ended.exit_code == 4
    assert ended.output.startswith("UNKNOWN  pilot-light")
    assert ended.output.count("us-east-2 answered nothing: EndpointConnectionError.") == 1


def test_nothing_that_answers_may_be_this_sides_fault(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.refuses = {PRIMARY, SECONDARY}
    pair.probes = {name: Probe(name, False, error="no route") for name in pair.probes}
    pair.beacon = "unknown"
    found = status(run)
    assert (found["verdict"], found["active"]) == ("unknown", None)
    assert "this machine's own network" in found["facts"]["users"]["detail"]


def test_a_denied_table_is_said_once_with_the_permission_and_what_for(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fails[SECONDARY, "get_item", RECOVERIES] = error("AccessDeniedException")
    ended = run("status")
    assert ended.exit_code == 4
    text = " ".join(ended.output.split())
    denied = "us-east-2: permission dynamodb:GetItem on table/pilot-light-recoveries is missing"
    assert text.count(f"{denied}, to read") == 1
    assert f"{denied}, to read whether a run holds the lock; what the sentinel observed" in text
    problem = status(run)["problems"][0]
    assert (problem["kind"], problem["permission"]) == ("denied", "dynamodb:GetItem")


def test_missing_credentials_leave_what_own_probes_show(
    run: Callable[..., Result], pair: Pair
) -> None:
    for region in (PRIMARY, SECONDARY):
        for operation in ("get_item", "query", "batch_get_item", "describe_table"):
            pair.fails[region, operation, ""] = NoCredentialsError()
        pair.fails[region, "get_caller_identity", ""] = NoCredentialsError()
    found = status(run)
    assert found["verdict"] == "unknown"
    assert found["facts"]["users"]["verdict"] == "ok"
    assert {p["kind"] for p in found["problems"]} == {"refused"}
    assert "credentials are missing" in found["problems"][0]["text"]


def test_where_nothing_is_deployed_it_says_what_to_deploy(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.deployed = False
    ended = run("status")
    assert ended.exit_code == 2
    assert "pilot-light is not deployed in us-west-2 or us-east-2 of account 1234" in ended.output
    assert "sam deploy --config-env secondary-first" in ended.output


def test_what_is_not_deployed_in_the_region_that_answers_is_not_called_well(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.deployed, pair.refuses = False, {PRIMARY}
    ended = run("status")
    assert ended.exit_code == 2
    assert "us-west-2 does not answer." in ended.output


def test_a_region_that_reaches_no_other_member_needs_attention(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fails[PRIMARY, "get_item", CONTROL] = error("InternalServerError")
    found = status(run)
    assert verdicts(found, "attention") == {"control_table"}
    assert "us-west-2 reaches no other member." in found["facts"]["control_table"]["detail"]
    pair.fails[SECONDARY, "get_item", CONTROL] = error("InternalServerError")
    assert "control_table" in verdicts(status(run), "failing")


def test_a_pulse_that_stands_still_needs_attention(run: Callable[..., Result], pair: Pair) -> None:
    pair.change(SECONDARY, RECOVERIES, "sentinel", pulse_still_since=pair.ago(45))
    fact = status(run)["facts"]["pulse"]
    assert fact["verdict"] == "attention"
    assert "it has stood still for 4" in fact["detail"]
    pair.change(PRIMARY, CONTROL, "pulse", beat=4712)
    pair.change(SECONDARY, CONTROL, "pulse", beat=4712)
    assert status(run)["facts"]["pulse"]["verdict"] == "ok", "it has moved since"


def test_a_running_failover_needs_attention_and_a_rehearsal_does_not(
    run: Callable[..., Result], pair: Pair
) -> None:
    arn = MACHINE.replace(":stateMachine:", ":execution:") + ":run-7"
    pair.running[MACHINE] = [{"executionArn": arn, "name": "run-7", "startDate": pair.now}]
    fact = status(run)["facts"]["executions"]
    assert (fact["verdict"], fact["detail"]) == ("attention", "failover run-7 is running.")
    ends = round(pair.now.timestamp()) + 600
    lock = row(schema.LOCK, owner=arn, mode="rehearsal", expires_at=ends)
    pair.put(SECONDARY, RECOVERIES, lock)
    facts = status(run)["facts"]
    assert facts["executions"]["verdict"] == "ok"
    assert facts["machine"]["detail"] == "A rehearsal is running."


def test_a_pause_and_a_cooldown_need_attention(run: Callable[..., Result], pair: Pair) -> None:
    soon = round(pair.now.timestamp()) + 600
    pair.change(SECONDARY, RECOVERIES, "sentinel", paused_until=soon)
    assert "paused until" in status(run)["facts"]["machine"]["detail"]
    pair.put(SECONDARY, RECOVERIES, row("sentinel", probe_ok=True, beacon="healthy"))
    for region in (PRIMARY, SECONDARY):
        pair.change(region, CONTROL, "control", cooldown_until=soon)
    assert "No claim is made before" in status(run)["facts"]["machine"]["detail"]


def test_a_last_resort_in_force_needs_attention(run: Callable[..., Result], pair: Pair) -> None:
    until = round(pair.now.timestamp()) + 600
    pair.put(PRIMARY, "pilot-light-last-resort", row("last-resort", until=until, epoch=1, by="ann"))
    fact = status(run)["facts"]["last_resort"]
    assert fact["verdict"] == "attention"
    assert fact["detail"].startswith("us-west-2 writes without a quorum until 20")


def test_replication_is_judged_in_both_directions(run: Callable[..., Result], pair: Pair) -> None:
    pair.tables[SECONDARY, JOURNAL] = pair.heartbeats(PRIMARY, 300, heartbeat.KEYS)
    pair.tables[PRIMARY, JOURNAL] = pair.heartbeats(SECONDARY, 100, 1)
    facts = status(run)["facts"]
    assert facts["to_secondary"]["verdict"] == "attention"
    assert facts["to_primary"]["detail"].startswith("The passive Secondary's heartbeat")
    assert facts["to_primary"]["verdict"] == "attention"


def test_without_a_journal_the_ledger_does_not_apply(
    run: Callable[..., Result], tmp_path: Any
) -> None:
    file = tmp_path / "samconfig.toml"
    pair = "PrimaryRegion=us-west-2 SecondaryRegion=us-east-2 ZoneName=pilotlight.example"
    file.write_text(
        '[secondary.deploy.parameters]\nstack_name = "s"\nregion = "us-east-2"\n'
        f'parameter_overrides = "Role=Secondary {pair} ExampleApp=false AppLevel=1"\n'
    )
    ended = run("status", "--json", "--config-file", str(file))
    found = document(ended, "status")
    assert found["facts"]["ledger"]["verdict"] == "not_applicable"
    assert found["exit_code"] == 0, found["summary"]


def test_watching_asks_again_until_a_person_ends_it(
    run: Callable[..., Result], pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        pair.fail_over()
        if len(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "_is_terminal", lambda: True)
    monkeypatch.setattr(time, "sleep", pause)
    ended = run("status", "--watch")
    assert ended.output.count("pilot-light, us-west-2 to us-east-2") == 2
    assert (pauses, ended.exit_code) == ([5.0, 5.0], 1), "the code of the last one shown"


def test_watching_needs_a_terminal(run: Callable[..., Result]) -> None:
    ended = run("status", "--watch")
    assert ended.exit_code == 2
    assert "--watch needs a terminal" in ended.output
