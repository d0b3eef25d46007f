"""Drills of an application that could have been, each of them as it should be at its level."""

from __future__ import annotations

from typing import Any

from lab.drill.application.conformance import Finding
from lab.drill.application.scenario import Observed
from lab.drill.application.users import Call
from lab.drill.observations import Execution
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

OUTAGE = 1000.0
UNPROVEN = "us-west-2 is the active Region. Moved, unproven: nothing was compared."


def call(
    at: float,
    status: int = 200,
    kind: str = "write",
    *,
    region: str = PRIMARY,
    forwarded: bool = False,
) -> Call:
    moment = OUTAGE + at
    return Call(kind, f"i{at:g}", moment, moment + 0.1, region, status, forwarded)


def run(**output: Any) -> Execution:
    return Execution("arn", {}, "SUCCEEDED", output, OUTAGE, OUTAGE + 9, [])


def drill(level: int, **other: Any) -> Observed:
    """Users failed for 9 s; one write arrived late, and the returned Primary took none."""
    journaled = level >= 2
    given: dict[str, Any] = {
        "conformance": [Finding(0, f"health of {PRIMARY}", True, "It answered 200.")],
        "rehearsal": run(verdict="PASS"),
        "outage": OUTAGE,
        "failover": run(outcome="promoted"),
        "leads_to": SECONDARY,
        "returned": [call(20, 503), call(21, 201, forwarded=True)],
        "read_back": {"i-1": True, "i-0.5": False},
        "held_before_failback": {"i-0.5": True},
        "failback": run(outcome="switched_over"),
        "failback_message": "us-west-2 is the active Region. 9 writes." if journaled else UNPROVEN,
        "ledger": "ok" if journaled else "unknown",
        "calls": [
            *(call(-1), call(-0.5, kind="read")),
            *(call(1, 0, "read"), call(1.5, 503), call(5, 0), call(5, 0, "read")),
            *(call(8, kind="read", region=SECONDARY), call(9.9, region=SECONDARY)),
            *(call(9, kind="read", region=SECONDARY), call(11, region=SECONDARY)),
        ],
    }
    return Observed(level, PRIMARY, SECONDARY, **{**given, **other})
