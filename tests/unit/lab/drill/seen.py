"""What a drill that passed has seen, in seconds from the outage, and how to see something else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lab.drill.failback import LAST_MOMENT, Failback
from lab.drill.observations import (
    Answered,
    Change,
    Control,
    Execution,
    Notification,
    Observations,
    Request,
    State,
    Write,
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
    "Promote": (15.85, 15.86),
    "ConfirmTraffic": (15.86, 17.1),
    "Ended": (17.1, 17.1),
}
CHANGES = [
    (0.001, f"Region {PRIMARY}", "lost"),
    (2.7, "health check pilot-light-endpoint", "unhealthy"),
    (8.0, "health check pilot-light-alarm", "unhealthy"),
    (14.0, "alarm pilot-light-primary-unhealthy", "ALARM"),
    (16.6, "DNS app.pilotlight.example", SECONDARY),
    (20.6, f"Region {PRIMARY}", "healed"),
    (23.9, "health check pilot-light-endpoint", "healthy"),
]


def request(started: float, ended: float, region: str | None, *, good: bool = True) -> Request:
    said = "HTTP status 200" if good else "ProtocolError"
    return Request("read", OUTAGE + started, OUTAGE + ended, good, region, said)


def failed(started: float, ended: float) -> Request:
    return request(started, ended, PRIMARY, good=False)


def write(number: int, acknowledged: float, region: str) -> Write:
    return Write(f"run-{number}", f"write-{number}", OUTAGE + acknowledged, region)


def change(at: float, what: str, state: str) -> Change:
    return Change(OUTAGE + at, what, state)


def states(moments: dict[str, tuple[float, float]] | None = None) -> list[State]:
    found = STATES if moments is None else moments
    return [State(name, OUTAGE + a, OUTAGE + b) for name, (a, b) in found.items()]


def execution(**other: Any) -> Execution:
    found = Execution(
        arn="arn:aws:states:us-east-2:000000000000:execution:pilot-light-failover:1",
        given=ALARM_EVENT,
        status="SUCCEEDED",
        output=OUTPUT,
        started=OUTAGE + 14.1,
        ended=OUTAGE + 17.2,
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
        given={"mode": "failback"},
        output={
            "outcome": "switched_over",
            "summary": "us-west-2 is the active Region.",
            "timeline": {"promoted_at": "2027-01-15T08:00:38Z"},
            "proof": {"writes": 3},
        },
        states=states({"Drain": (33.0, 33.1), "Promote": (37.0, 37.1)}),
    )
    found = Failback(
        started=OUTAGE + 30,
        ledger=[entry("write-2"), entry("write-9", "late", "lost", status="replayed")],
        complete=True,
        open_after=0,
        replaced_text=LAST_MOMENT,
        asked=OUTAGE + 32,
        run=run,
        ended=OUTAGE + 38,
        leads_to=PRIMARY,
        control=Control(PRIMARY, 3),
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
        "item_id": "run-2",
        "written_at": "2027-01-15T07:59:59Z",
        "new": {"text": "not for the report"},
    }


def passing(**other: Any) -> Observations:
    """A drill that passed; the writes of the last half second had not crossed yet."""
    writes = [write(0, -3.0, PRIMARY), write(1, -1.0, PRIMARY), write(2, -0.4, PRIMARY)]
    found = replace(
        nothing(),
        healed=OUTAGE + 20.6,
        requests=[
            *(request(-3 + i, -2.98 + i, PRIMARY) for i in range(3)),
            *(failed(0.05 + i, 0.06 + i) for i in range(17)),
            *(request(17.4 + i, 17.45 + i, SECONDARY) for i in range(20)),
            replace(request(33.5, 33.6, SECONDARY, good=False), kind="write"),
            replace(request(34.5, 34.6, SECONDARY, good=False), kind="write"),
            replace(request(37.2, 37.3, PRIMARY), kind="write"),
        ],
        writes=[
            *writes,
            Write("replaced", "write-9", OUTAGE - 0.01, PRIMARY),
            write(3, 17.5, SECONDARY),
            write(4, 18.5, SECONDARY),
            write(5, 38.5, PRIMARY),
        ],
        changes=[change(*c) for c in CHANGES],
        executions=[execution()],
        control_before=Control(PRIMARY, 1),
        control_after=Control(SECONDARY, 2),
        held_after_promotion=frozenset({"run-0", "run-1", "run-3", "replaced"}),
        dns_after_promotion=SECONDARY,
        dns_after_heal=[(OUTAGE + 20.7, SECONDARY), (OUTAGE + 28.0, SECONDARY)],
        primary_healthy_again=True,
        writes_to_the_returned=[Answered(201, SECONDARY, PRIMARY)],
        notifications=[
            Notification(OUTAGE + 14.6, "started", "Pilot Light: failover started"),
            Notification(OUTAGE + 17.2, "promoted", "Pilot Light: failover ended: promoted"),
        ],
        lock={"pk": "lock", "cooldown_until": "1800000917"},
        recoveries=["recovery#2"],
        looks={int(OUTAGE) + n: 1 for n in range(20)},
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
        control_after=Control(PRIMARY, 1),
        held_after_promotion=None,
        dns_after_promotion=PRIMARY,
        dns_after_heal=[],
        primary_healthy_again=False,
        writes_to_the_returned=[],
        notifications=[],
        lock={},
        recoveries=[],
        looks={},
        evidence={},
        calls=[],
        journal_at_promotion=None,
        journal_at_the_end=None,
        overwritten=None,
        failback=None,
    )
    return replace(seen, **other)
