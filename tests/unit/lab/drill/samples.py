"""Observations of a drill that passed, in seconds from the outage, and variations of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lab.drill.failback.checks import LAST_MOMENT, Failback
from lab.drill.observations import (
    Change,
    ControlItem,
    ControlRead,
    Execution,
    Notification,
    Observations,
    Request,
    State,
    Write,
    WriteByName,
)
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, VIRGINIA

OUTAGE = 1_800_000_000.0
ALARM_EVENT = {
    "detail-type": "CloudWatch Alarm State Change",
    "region": VIRGINIA,
    "detail": {"alarmName": "pilot-light-primary-unhealthy", "state": {"value": "ALARM"}},
}
OUTPUT = {
    "outcome": "promoted",
    "summary": "us-east-2 is the active Region.",
    "decision": {"action": "promote", "conditions": [], "rpo_estimate": {"seconds": 2.5}},
}
# Each state of the machine: when it was entered and left.
STATES = {
    "Intake": (14.2, 14.4),
    "AcquireLock": (14.4, 14.6),
    "GatherEvidence": (14.7, 15.8),
    "Decide": (15.8, 15.85),
    "FollowDecision": (15.85, 15.85),
    "Claim": (15.85, 15.86),
    "WaitOutLease": (15.86, 20.86),
    "Serve": (20.86, 20.88),
    "ConfirmTraffic": (20.88, 21.0),
    "Ended": (21.0, 21.0),
}
CHANGES = [
    (0.001, f"Region {PRIMARY}", "lost"),
    (2.7, "health check pilot-light-endpoint", "unhealthy"),
    (8.0, "health check pilot-light-alarm", "unhealthy"),
    (14.0, "alarm pilot-light-primary-unhealthy", "ALARM"),
    (16.6, "DNS app.pilotlight.example", SECONDARY),
    (22.6, f"Region {PRIMARY}", "healed"),
    (25.9, "health check pilot-light-endpoint", "healthy"),
]


def request(
    started: float, ended: float, region: str | None, *, good: bool = True, kind: str = "read"
) -> Request:
    said = "HTTP status 200" if good else "ProtocolError"
    return Request(kind, OUTAGE + started, OUTAGE + ended, good, region, said)  # type: ignore[arg-type]


def failed(started: float, ended: float, kind: str = "read") -> Request:
    return request(started, ended, PRIMARY, good=False, kind=kind)


def write(number: int, acknowledged: float, region: str, epoch: int = 0) -> Write:
    at = OUTAGE + acknowledged
    return Write(f"run-{number}", f"write-{number}", at, region, at - 0.05, epoch)


def control_read(at: float, region: str, epoch: int, revision: int, state: str) -> ControlRead:
    found = ControlItem(region, epoch, revision, state)
    return ControlRead(OUTAGE + at, OUTAGE + at + 0.1, SECONDARY, found)


def change(at: float, what: str, state: str) -> Change:
    return Change(OUTAGE + at, what, state)


RETURNED = WriteByName(201, SECONDARY, PRIMARY, OUTAGE + 23.0, "", "returned", "write-0")


def states(moments: dict[str, tuple[float, float]] | None = None) -> list[State]:
    found = STATES if moments is None else moments
    return [State(name, OUTAGE + a, OUTAGE + b) for name, (a, b) in found.items()]


def execution(**other: Any) -> Execution:
    found = Execution(
        arn="arn:aws:states:us-east-2:000000000000:execution:pilot-light-failover:1",
        input=ALARM_EVENT,
        status="SUCCEEDED",
        output=OUTPUT,
        started=OUTAGE + 14.1,
        ended=OUTAGE + 21.1,
        states=states(),
    )
    return replace(found, **other)


def call(region: str = SECONDARY, at: float = 15.0, caller: str = SECONDARY) -> dict[str, Any]:
    return {
        "at": OUTAGE + at,
        "from": caller,
        "role": "pilot-light-secondary-FailoverRole-0A1B2C3D4E5F6",
        "region": region,
        "service": "dynamodb",
        "operation": "GetItem",
    }


def journal(*numbers: int) -> dict[str, float]:
    """Return the journal of the first writes, made a little before they were acknowledged."""
    return {f"write-{n}": OUTAGE + (-3.0, -1.0, -0.4)[n] - 0.01 for n in numbers}


def nothing() -> Observations:
    """A drill that was lost with all that it would have looked at."""
    return Observations(
        primary=PRIMARY,
        secondary=SECONDARY,
        public_name=CONFIG.public_name,
        app_name=CONFIG.app_name,
        speed=10.0,
        replication_lag=0.5,
        started=OUTAGE - 5,
        outage=OUTAGE,
        ended=OUTAGE + 40,
    )


def failback(**other: Any) -> Failback:
    """The planned move of a drill that passed: one write was refused for four seconds."""
    run = execution(
        arn="arn:aws:states:us-east-2:000000000000:execution:pilot-light-switchover:2",
        input={"mode": "failback"},
        output={
            "outcome": "switched_over",
            "summary": "us-west-2 is the active Region.",
            "timeline": {"promoted_at": "2027-01-15T08:00:38Z"},
            "proof": {"writes": 3},
        },
        states=states({"Drain": (33.0, 33.1), "PlannedClaim": (38.2, 38.3)}),
    )
    found = Failback(
        ledger=[entry("write-2"), entry("write-9", "late", "lost", status="replayed")],
        complete=True,
        open_after=0,
        replaced_text=LAST_MOMENT,
        requested=OUTAGE + 32,
        run=run,
        ended=OUTAGE + 39,
        leads_to=PRIMARY,
        control=ControlItem(PRIMARY, 3, 5),
        written=frozenset(f"write-{n}" for n in range(6)),
        served={PRIMARY: 4},
    )
    return replace(found, **other)


def entry(write_id: str, *kinds: str, status: str = "accepted") -> dict[str, Any]:
    """An entry of the ledger."""
    return {
        "write_id": write_id,
        "kinds": list(kinds or ("late",)),
        "status": status,
        "region": PRIMARY,
        "epoch": 1,
        "version": 1,
        "table": "pilot-light-app-items",
        "key": {"pk": "I#1", "sk": "run-2"},
        "written_at": "2027-01-15T07:59:59Z",
        "new": {"text": "not for the report"},
    }


def passing(**other: Any) -> Observations:
    """A drill that passed; the writes of the last half second had not crossed yet."""
    writes = [write(n, at, PRIMARY, 1) for n, at in enumerate((-3.0, -1.0, -0.4))]
    found = replace(
        nothing(),
        healed=OUTAGE + 22.6,
        requests=[
            *(request(-3 + i, -2.98 + i, PRIMARY) for i in range(3)),
            *(failed(0.05 + i, 0.06 + i) for i in range(17)),
            *(failed(0.07 + i, 0.08 + i, "write") for i in range(17)),
            *(request(17.4 + i, 17.45 + i, SECONDARY) for i in range(20)),
            *(failed(17.5 + i, 17.6 + i, "write") for i in range(4)),
            request(20.9, 21.0, SECONDARY, kind="write"),
            request(33.5, 33.6, SECONDARY, good=False, kind="write"),
            request(34.5, 34.6, SECONDARY, good=False, kind="write"),
            request(38.4, 38.5, PRIMARY, kind="write"),
        ],
        writes=[
            *writes,
            Write("replaced", "write-9", OUTAGE - 0.01, PRIMARY, OUTAGE - 0.03, 1),
            write(3, 21.0, SECONDARY, 2),
            write(4, 22.0, SECONDARY, 2),
            write(5, 38.5, PRIMARY, 3),
        ],
        changes=[change(*c) for c in CHANGES],
        executions=[execution()],
        control_before=ControlItem(PRIMARY, 1, 1),
        control_after=ControlItem(SECONDARY, 2, 3),
        control_reads=[
            control_read(-1.0, PRIMARY, 1, 1, "serving"),
            control_read(16.0, SECONDARY, 2, 2, "claimed"),
            control_read(21.0, SECONDARY, 2, 3, "serving"),
        ],
        held_after_promotion=frozenset({"run-0", "run-1", "run-3", "replaced"}),
        dns_after_promotion=SECONDARY,
        dns_after_heal=[(OUTAGE + 22.7, SECONDARY), (OUTAGE + 30.0, SECONDARY)],
        primary_healthy_again=True,
        writes_to_the_returned=[RETURNED],
        notifications=[
            Notification(OUTAGE + 14.6, "started", "Pilot Light: failover started"),
            Notification(OUTAGE + 21.1, "promoted", "Pilot Light: failover ended: promoted"),
        ],
        lock={},
        recoveries=["recovery#2"],
        probe_results={int(OUTAGE) + n: 1 for n in range(20)},
        evidence={"confirm": {"verdict": "outage"}},
        calls=[call(), call(), call(PRIMARY, caller=PRIMARY)],
        journal_at_promotion=journal(0, 1),
        journal_at_the_end={**journal(0, 1, 2), "write-9": OUTAGE - 0.02},
        overwritten=Write("replaced", "write-9", OUTAGE - 0.01, PRIMARY),
        failback=failback(),
    )
    return replace(found, **other)


def unrecovered(**other: Any) -> Observations:
    """A drill in which the alarm's event never reached the machine."""
    seen = passing(
        requests=[r for r in passing().requests if r.ended < OUTAGE + 17.4],
        writes=passing().writes[:3],
        executions=[],
        changes=passing().changes[:4],
        healed=None,
        control_after=ControlItem(PRIMARY, 1, 1),
        held_after_promotion=None,
        dns_after_promotion=PRIMARY,
        dns_after_heal=[],
        primary_healthy_again=False,
        writes_to_the_returned=[],
        notifications=[],
        lock={},
        recoveries=[],
        probe_results={},
        evidence={},
        calls=[],
        journal_at_promotion=None,
        journal_at_the_end=None,
        overwritten=None,
        failback=None,
    )
    return replace(seen, **other)
