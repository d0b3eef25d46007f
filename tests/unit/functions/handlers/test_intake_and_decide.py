"""The handlers around the two decisions: what they read, and that they refuse what is amiss."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pilot_light_client.settings import InvalidSetting
from pilotlight.failover.request import InvalidExecutionInput

from tests.conftest import ENVIRONMENT
from tests.handlers import context, load_handler
from tests.unit.functions.failover.decision_cases import confirm, evidence
from tests.unit.functions.failover.test_request_of_alarms import EVENT

INTAKE: Any = load_handler("intake")
DECIDE: Any = load_handler("decide")
NOW = "2026-01-31T12:00:00.000Z"
REHEARSAL = {"mode": "rehearsal", "reason": "quarterly check"}


def intake(value: Any, module: Any = INTAKE) -> dict[str, Any]:
    return module.lambda_handler({"machine": "failover", "input": value}, context("intake"))


def request(*override: str) -> dict[str, Any]:
    return {"mode": "failover", "reason": "x", "override": list(override), "alarm": None}


def decision_input(**changes: Any) -> dict[str, Any]:
    event = {
        "machine": "failover",
        "request": request(),
        "evidence": evidence(),
        "control": {"cooldown_until": 0},
        "hold_started_at": None,
        "judgements_before": 0,
        "now": NOW,
    }
    return {**event, **changes}


def decide(**changes: Any) -> dict[str, Any]:
    return DECIDE.lambda_handler(decision_input(**changes), context("decide"))


# --- intake --------------------------------------------------------------------------------------
def test_a_request_by_hand_is_accepted() -> None:
    assert intake(REHEARSAL)["disposition"] == "accept"


@pytest.mark.parametrize("arn", ENVIRONMENT["ALARM_ARNS"].split(","))
def test_the_event_of_either_alarm_is_accepted_and_tells_of_it(arn: str) -> None:
    found = intake({**EVENT, "resources": [arn]})
    assert found["disposition"] == "accept"
    assert found["alarm"]["name"] == "pilot-light-primary-unhealthy"


def test_the_alarms_that_count_are_a_setting() -> None:
    module = load_handler("intake", ALARM_ARNS="arn:aws:one,arn:aws:two")
    assert intake({**EVENT, "resources": ["arn:aws:two"]}, module)["disposition"] == "accept"
    with pytest.raises(InvalidExecutionInput, match="another alarm"):
        intake(EVENT, module)


def test_a_planned_move_is_told_its_regions() -> None:
    event = {"machine": "switchover", "input": {"mode": "switchover", "reason": "maintenance"}}
    request = INTAKE.lambda_handler(event, context("intake"))
    assert (request["source"], request["target"]) == ("us-west-2", "us-east-2")


@pytest.mark.parametrize("value", [{}, {"mode": "nonsense", "reason": "x"}, None, "failover"])
def test_a_refusal_fails_the_step_under_its_own_name(value: Any) -> None:
    with pytest.raises(InvalidExecutionInput):
        intake(value)


# --- decide --------------------------------------------------------------------------------------
def test_the_decision_is_handed_over_whole() -> None:
    found = decide()
    assert (found["action"], found["unmet"], found["ended_by"]) == ("promote", [], None)
    assert len(found["conditions"]) == 6


@pytest.mark.parametrize("override", [[], ["secondary_ready"]])
def test_no_override_but_that_of_the_outage_counts(override: list[str]) -> None:
    unclear = evidence(confirm=confirm(beacon="unknown"))
    assert decide(request=request(*override), evidence=unclear)["action"] == "hold"


def test_an_override_counts() -> None:
    unclear = evidence(confirm=confirm(beacon="unknown"))
    assert decide(request=request("outage_confirmed"), evidence=unclear)["action"] == "promote"


def test_the_policy_on_what_may_be_lost_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DECIDE, "RPO_OBJECTIVE", timedelta(seconds=1))
    assert decide()["action"] == "promote"
    monkeypatch.setattr(DECIDE, "RPO_POLICY", "ask")
    assert decide()["unmet"] == ["rpo_within_objective"]
    assert decide(request=request("rpo_within_objective"))["action"] == "promote"


def test_the_cooldown_of_the_control_item_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    soon = {"cooldown_until": datetime.fromisoformat(NOW).timestamp() + 600}
    assert decide(control=soon)["unmet"] == ["cooldown_over"]
    monkeypatch.setattr(DECIDE, "COOLDOWN", timedelta(seconds=60))
    assert decide(control=soon)["action"] == "promote", "no claim of this deployment wrote that"


@pytest.mark.parametrize(("deadline", "action"), [(3601, "hold"), (3600, "end_hold")])
def test_the_deadline_of_a_hold_is_a_setting(
    monkeypatch: pytest.MonkeyPatch, deadline: int, action: str
) -> None:
    monkeypatch.setattr(DECIDE, "HOLD_DEADLINE", timedelta(seconds=deadline))
    held = decide(evidence=evidence(readiness={}), hold_started_at="2026-01-31T11:00:00.000Z")
    assert held["action"] == action


@pytest.mark.parametrize(("before", "quiet"), [(0, True), (5, True), (6, False)])
def test_a_hold_is_quiet_only_in_its_first_judgements(before: int, quiet: bool) -> None:
    late = evidence(confirm=confirm((False,) * 3, "healthy"))
    assert decide(evidence=late, judgements_before=before)["awaits_beacon"] is quiet


@pytest.mark.parametrize("name", ["now", "hold_started_at"])
@pytest.mark.parametrize("moment", ["noon", "2026-01-31T12:00:00"])
def test_a_moment_that_is_none_fails_the_step(name: str, moment: str) -> None:
    with pytest.raises(ValueError):
        decide(**{name: moment})


@pytest.mark.parametrize(
    "part",
    [
        *("machine", "request", "evidence", "control", "hold_started_at", "judgements_before"),
        *("now", "request.mode", "request.override", "request.alarm", "control.cooldown_until"),
    ],
)
def test_an_input_that_lacks_a_part_fails_the_step_so_that_nothing_missing_reads_as_consent(
    part: str,
) -> None:
    event = decision_input()
    *outer, name = part.split(".")
    del (event[outer[0]] if outer else event)[name]
    with pytest.raises(KeyError, match=name):
        DECIDE.lambda_handler(event, context("decide"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("HOLD_DEADLINE_SECONDS", "soon"), ("HEALTHY_MINUTES", "inf"), ("RPO_POLICY", "perhaps")],
)
def test_a_setting_that_is_none_fails_before_the_first_ping(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        load_handler("decide", **{name: value})


# --- the answer to a request for approval ---------------------------------------------------------
def answer(unanswered: str, **response: Any) -> dict[str, Any]:
    event = {"step": "answer", "response": response, "unanswered": unanswered, "now": NOW}
    return DECIDE.lambda_handler(event, context("decide"))


def test_an_answer_is_read_and_handed_over_whole() -> None:
    assert answer("hold", answer={"approved": True, "by": "Ada"}) == {
        "action": "go",
        "answer": "approved",
        "by": "Ada",
        "at": NOW,
        "detail": f"Approved by Ada at {NOW}.",
        "ended_by": None,
    }


def test_silence_means_what_the_machine_says_it_means() -> None:
    error = {"Error": "States.Timeout", "Cause": ""}
    assert [answer(p, error=error)["action"] for p in ("go", "hold")] == ["go", "hold"]


def test_a_meaning_of_silence_that_nobody_knows_fails_the_step() -> None:
    with pytest.raises(ValueError, match="'none'"):
        answer("none", answer={"approved": True})


# --- the forecast of a rehearsal ------------------------------------------------------------------
TIMES = {
    "started_at": NOW,
    "decided_at": "2026-01-31T12:00:01.400Z",
    "rehearsed_at": "2026-01-31T12:00:01.700Z",
}
CONFIRMED = {"confirm": {"checked_at": "2026-01-31T12:00:00.800Z"}}


def forecast(**environment: str) -> dict[str, Any]:
    module = load_handler("decide", **environment) if environment else DECIDE
    event = {"step": "forecast", "timeline": TIMES, "evidence": CONFIRMED}
    return module.lambda_handler(event, context("decide"))


def test_a_rehearsals_times_are_turned_into_a_forecast() -> None:
    found = forecast()
    assert 30 < found["reads"]["p50"] < found["reads"]["p99"] < 60
    assert found["writes"]["p99"] >= found["reads"]["p99"]


def test_a_forecast_that_cannot_be_made_is_an_answer() -> None:
    event = {"step": "forecast", "timeline": {}, "evidence": {}}
    assert "no valid started_at" in DECIDE.lambda_handler(event, context("decide"))["unknown"]


@pytest.mark.parametrize(
    ("environment", "least", "most"),
    [
        ({"ENDPOINT_FAILURES": "1"}, -14.1, -13.0),
        ({"CHECKER_REGIONS": "eu-west-1,sa-east-1,us-west-1,us-west-2"}, -3.0, 3.0),
        ({"SENTINEL_INTERVAL_SECONDS": "60"}, 25.0, 50.0),
        ({"APPROVAL": "hold", "APPROVAL_SECONDS": "300"}, 300.0, 300.0),
        ({"APPROVAL": "go", "APPROVAL_SECONDS": "30"}, 30.0, 30.0),
        ({"MAX_WRITE_SECONDS": "30"}, 20.0, 30.0),
        ({"APP_LEVEL": "0", "MAX_WRITE_SECONDS": "30"}, 0.0, 0.0),
        ({"HOOKS": "shop-ready:live timeout=7 modes=failover,,,"}, 7.0, 7.0),
        ({"HOOKS": ",shop-pause:live timeout=9 modes=failover+drill,,"}, 9.0, 9.0),
        ({"HOOKS": "a:live,b:live modes=failover+rehearsal,c:live modes=failover,"}, 0.0, 0.0),
    ],
)
def test_what_the_deployment_adds_to_a_recovery_is_a_setting(
    environment: dict[str, str], least: float, most: float
) -> None:
    added = forecast(**environment)["writes"]["p99"] - forecast()["writes"]["p99"]
    assert least - 0.1 <= added <= most + 0.1
