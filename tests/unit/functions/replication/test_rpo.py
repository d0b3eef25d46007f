"""What may be lost: judged at the first failed probe, by whoever saw it, and unknown otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import heartbeat
from pilotlight.conditions.recorded import Rpo
from pilotlight.failover.request import window_start
from pilotlight.replication import rpo
from pilotlight.replication.rpo import FirstFailure

from tests.unit.functions.failover.decision_cases import (
    FAILED_STEP,
    NOW,
    confirm,
    decided,
    evidence,
    ready,
)

ASK = Rpo(timedelta(seconds=120), "ask", None, timedelta(seconds=20))
ALARM = {"at": "2026-01-31T11:59:00Z", "window_started_at": "2026-01-31T11:57:30.000Z"}
PROBES: list[Any] = [
    {"ok": True, "at": "2026-01-31T11:50:00Z"},
    {"ok": False, "at": "2026-01-31T11:59:59Z"},
    {"ok": False, "at": "2026-01-31T11:59:58Z"},
]


def first(**changes: Any) -> FirstFailure | None:
    given: dict[str, Any] = {"sentinel": None, "alarm": None, "probes": [], "now": NOW}
    return rpo.first_failure(**{**given, **changes})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_sentinel_is_believed_first_then_the_alarm_then_own_probes() -> None:
    sentinel = "2026-01-31T11:58:00Z"
    assert first(sentinel=sentinel, alarm=ALARM, probes=PROBES) == FirstFailure(
        at(sentinel), "sentinel"
    )
    assert first(alarm=ALARM, probes=PROBES) == FirstFailure(
        at(ALARM["window_started_at"]), "alarm"
    )
    assert first(probes=PROBES) == FirstFailure(at("2026-01-31T11:59:58Z"), "probe")
    assert first(probes=PROBES[:1]) is None


def test_an_alarm_that_does_not_tell_its_window_counts_from_its_event() -> None:
    assert first(alarm={"at": ALARM["at"], "window_started_at": None}) == FirstFailure(
        at(ALARM["at"]), "alarm"
    )


@pytest.mark.parametrize(
    "sentinel", ["noon", "", 17, None, "2026-01-31T11:58:00", "2027-01-01T00:00:00Z"]
)
def test_a_source_that_tells_no_past_moment_is_passed_over(sentinel: Any) -> None:
    found = first(sentinel=sentinel, probes=PROBES)
    assert found is not None
    assert found.source == "probe"


def test_an_old_outage_does_not_make_the_lag_grow() -> None:
    """The reference is the first failed probe. By "now" every disaster would look like a loss."""
    later = NOW + timedelta(minutes=50)
    seen = evidence()
    seen["readiness"]["sentinel"]["observed_at"] = later.isoformat()
    early = decided(rpo=ASK).rpo_estimate
    late = decided(seen, rpo=ASK, now=later).rpo_estimate
    assert early is not None
    assert late is not None
    assert early.seconds == late.seconds == 1.5


@pytest.mark.parametrize(
    ("interval", "silent", "source"),
    [(10, 60, "sentinel"), (10, 61, "probe"), (60, 180, "sentinel"), (60, 181, "probe")],
)
def test_a_sentinel_that_has_stopped_may_tell_of_an_older_outage(
    interval: int, silent: int, source: str
) -> None:
    rpo = Rpo(timedelta(seconds=120), "promote", None, timedelta(seconds=interval))
    seen = evidence()
    looked = NOW - timedelta(seconds=silent)
    seen["readiness"]["sentinel"]["observed_at"] = looked.isoformat()
    found = decided(seen, rpo=rpo).rpo_estimate
    assert found is not None
    assert found.source == source


@pytest.mark.parametrize("looked", [None, "yesterday", 7])
def test_a_sentinel_that_does_not_say_when_it_looked_is_not_believed(looked: object) -> None:
    seen = evidence()
    seen["readiness"]["sentinel"]["observed_at"] = looked
    found = decided(seen).rpo_estimate
    assert found is not None
    assert found.source == "probe"


def test_heartbeats_from_the_future_are_not_believed_and_the_lag_is_unknown() -> None:
    """A clock that is ahead would make the lag look smaller than it is."""
    now = round(NOW.timestamp() * 1000)
    beats = [heartbeat.Heartbeat(1, now, "check a")] * 15
    seen = evidence()
    ahead = [*beats, heartbeat.Heartbeat(1, now + 1_001, "check b")]
    seen["readiness"]["replication"] = heartbeat.replica_state(ahead, now)
    found = decided(seen, rpo=ASK)
    assert found.rpo_estimate is not None
    assert found.rpo_estimate.seconds is None
    assert "from the future" in found.rpo_estimate.detail
    assert found.action == "hold"


def test_heartbeats_newer_than_the_first_failed_probe_are_no_lag() -> None:
    found = decided(evidence(readiness=ready(lag=-5.0))).rpo_estimate
    assert found is not None
    assert found.seconds == 0


@pytest.mark.parametrize("lag", [120, 120.001])
def test_only_the_policy_ask_holds_beyond_the_objective(lag: float) -> None:
    given = evidence(readiness=ready(lag=lag))
    assert decided(given).action == "promote"
    decision = decided(given, rpo=ASK)
    assert decision.unmet == ([] if lag <= 120 else ["rpo_within_objective"])


UNKNOWN: list[dict[str, Any]] = [
    {"replication": None},
    {"replication": {"error": "AccessDenied"}},
    {"replication": {"keys": 16, "held": 15, "oldest_written_at": None}},
    {"replication": {"held": 16, "oldest_written_at": True}},
    {"replication": {"held": 16, "oldest_written_at": "1800000000000"}},
]


@pytest.mark.parametrize("part", UNKNOWN)
def test_an_unknown_lag_is_no_consent_under_ask_and_no_veto_under_promote(part: Any) -> None:
    given = evidence(readiness={**ready(), **part})
    assert decided(given).action == "promote"
    held = decided(given, rpo=ASK)
    assert (held.action, held.unmet) == ("hold", ["rpo_within_objective"])
    assert held.rpo_estimate is not None
    assert held.rpo_estimate.seconds is None


def test_a_failure_that_nobody_saw_is_an_unknown_lag() -> None:
    readiness = {**ready(), "sentinel": {}}
    given = evidence(readiness=readiness, confirm=FAILED_STEP)
    overridden = frozenset({"outage_confirmed"})
    assert decided(given, rpo=ASK, overridden=overridden).unmet == ["rpo_within_objective"]
    assert decided(given, overridden=overridden).action == "promote"


def test_a_person_may_answer_for_what_may_be_lost() -> None:
    decision = decided(
        evidence(readiness=ready(lag=999)), rpo=ASK, overridden=frozenset({"rpo_within_objective"})
    )
    assert decision.action == "promote"
    assert "Overridden: a person accepts what may be lost." in decision.summary
    assert decision.rpo_estimate is not None
    assert decision.rpo_estimate.seconds == 999


def test_a_rehearsal_tells_the_lag_of_now_and_needs_none() -> None:
    given = evidence(readiness=ready(lag=200), confirm=confirm((True,) * 3, "healthy"))
    decision = decided(given, mode="rehearsal", rpo=ASK)
    assert decision.action == "rehearse"
    assert decision.rpo_estimate is not None
    assert (decision.rpo_estimate.seconds, decision.rpo_estimate.source) == (210, "now")


# --- the scheduled verdict -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stored", "met", "says"),
    [
        ({"verdict": "ready", "checked_at": "2026-01-31T11:45:01Z"}, True, "899 s old"),
        ({"verdict": "ready", "checked_at": "2026-01-31T11:45:00Z"}, False, "900 s old"),
        ({"verdict": "ready", "checked_at": "2026-01-31T12:00:01Z"}, True, "-1 s old"),
        ({"verdict": "ready", "checked_at": "2026-01-31T12:00:02Z"}, False, "-2 s old"),
        ({"verdict": "not_ready", "checked_at": "2026-01-31T11:55:00Z"}, False, "not_ready"),
        ({"verdict": "ready"}, False, "no scheduled verdict"),
        ({"error": "AccessDenied"}, False, "AccessDenied"),
        (None, False, "no scheduled verdict"),
    ],
)
def test_the_scheduled_verdict_is_told_with_its_age_and_never_required(
    stored: Any, met: bool, says: str
) -> None:
    decision = decided(evidence(readiness={**ready(), "scheduled": stored}), rpo=ASK)
    (condition,) = [c for c in decision.conditions if c.name == "scheduled_readiness"]
    assert (condition.required, condition.met) == (False, met)
    assert says in condition.detail
    assert decision.action == "promote"


# --- the window of an alarm ----------------------------------------------------------------------
SENT = at("2019-10-02T17:04:40Z")
METRIC = {"metricStat": {"period": 300}}


@pytest.mark.parametrize(
    ("detail", "start"),
    [
        (
            {"state": {"reasonData": '{"startDate": "2019-10-02T17:02:00.000+0000"}'}},
            "2019-10-02T17:02:00.000Z",
        ),
        (
            {"state": {"reasonData": "{}"}, "configuration": {"metrics": [METRIC]}},
            "2019-10-02T16:59:40.000Z",
        ),
        ({"state": {"reasonData": '{"startDate": "2019-10-02T17:05:00.000+0000"}'}}, None),
        ({"state": {"reasonData": "no JSON"}, "configuration": {"metrics": [{}]}}, None),
        ({"state": {}, "configuration": None}, None),
    ],
)
def test_the_window_of_an_alarm_is_read_from_its_event(detail: Any, start: str | None) -> None:
    assert window_start({"detail": detail}, SENT) == start
