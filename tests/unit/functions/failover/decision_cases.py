"""Evidence as the functions give it, and the call of the decision with everything in favour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pilotlight.conditions.recorded import Cooldown, Rpo
from pilotlight.failover import confirmation
from pilotlight.failover.decision import FailoverDecision, decide
from pilotlight.readiness import verdict as readiness
from pilotlight.sentinel.probe_result import Probe
from pilotlight.warming import waves as warming

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
AT = "2026-01-31T12:00:00.000Z"
DEADLINE = timedelta(hours=1)
FAILED_STEP = {"error": {"Error": "States.Timeout", "Cause": "the step took too long"}}


def probe(ok: bool) -> Probe:
    return Probe(ok, 200 if ok else None, None if ok else "timed out", 0.1, AT)


def confirm(
    oks: tuple[bool, ...] = (False,) * 3,
    beacon: Any = "unhealthy",
    still: bool = False,
) -> dict[str, Any]:
    pulse = confirmation.PulseEvidence(still, 42.0 if still else 0.0, "It stands still.")
    return confirmation.evidence([probe(ok) for ok in oks], beacon, AT, pulse)


def check(name: str, required: bool = True, ok: bool = True) -> readiness.CheckResult:
    state, detail = readiness.outcome(ok, "as it should" if ok else "AccessDenied")
    return readiness.CheckResult(name, required, state, detail, 0.1)


def ready(*checks: readiness.CheckResult, lag: float = 1.5) -> dict[str, Any]:
    found = readiness.evidence(checks or (check("items_table"), check("endpoint")), AT)
    return {**found, **witnesses(lag), "conformance": conformance()}


def conformance(**states: str) -> dict[str, Any]:
    """What a rehearsal tried of an application that conforms, but for what is given."""
    tried = {"fence": "ok", "journal": "ok", **states}
    return {"checks": [{"name": n, "state": s, "detail": f"seen {s}"} for n, s in tried.items()]}


def witnesses(lag: float) -> dict[str, Any]:
    """What was written down before an outage that was first seen ten seconds ago."""
    first = NOW - timedelta(seconds=10)
    written = round((first - timedelta(seconds=lag)).timestamp() * 1000)
    scheduled = {"verdict": "ready", "findings": "", "checked_at": AT}
    return {
        "replication": {"keys": 16, "held": 16, "oldest_written_at": written},
        "sentinel": {
            "first_failed_at": first.isoformat(),
            "observed_at": AT,
            "well_at": first.isoformat(),
        },
        "scheduled": scheduled,
    }


def warm(environments: int = 3, requested: int = 3) -> dict[str, Any]:
    target = warming.Warmed("app:live", requested, environments, requested - environments)
    return {"asked_at": AT, "planned": 1, "planned_paths": 0, **warming.summary([target], 20)}


def evidence(**parts: Any) -> dict[str, Any]:
    """The evidence of an outage that a ready Secondary can take over, but for what is given."""
    return {"confirm": confirm(), "readiness": ready(), "warm": warm(), **parts}


def cooldown(ends_in: float) -> Cooldown:
    """A cooldown of fifteen minutes that ends in so many seconds."""
    return Cooldown(NOW.timestamp() + ends_in, timedelta(minutes=15))


def decided(given: dict[str, Any] | None = None, **changes: Any) -> FailoverDecision:
    call: dict[str, Any] = {
        "mode": "failover",
        "overridden": frozenset(),
        "evidence": evidence() if given is None else given,
        "hold_started_at": None,
        "now": NOW,
        "hold_deadline": DEADLINE,
        "rpo": Rpo(timedelta(seconds=120), "promote", None, timedelta(seconds=20)),
        "cooldown": cooldown(-1),
        "judgements_before": 0,
    }
    return decide(**{**call, **changes})
