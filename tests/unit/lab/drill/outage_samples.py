"""Observations of drills that could have been, each of them as it should be."""

from __future__ import annotations

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
)

PRIMARY, SECONDARY, NAME = "us-west-2", "us-east-2", "app.pilotlight.example"
OUTAGE, HEALED, ENDED = 1000.0, 1050.0, 1070.0
ALARM = {"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": "sentinel"}}
WITNESSES = "UNMET  outage_confirmed: 0 of 3 own probes succeeded, the beacon is healthy."


def request(at: float, *, good: bool = True, region: str = PRIMARY) -> Request:
    return Request("read", at, at + 0.1, good, region if good else None, "HTTP status 200")


def write(number: int, at: float, region: str = PRIMARY) -> Write:
    epoch = 1 if region == PRIMARY else 2
    return Write(f"item-{number}", f"w-{number}", at, region, at - 0.05, epoch)


def held(name: str = "run", ended_by: str | None = "primary_healthy", **more: Any) -> Execution:
    given: dict[str, Any] = {
        "arn": name,
        "input": ALARM,
        "status": "SUCCEEDED",
        "output": {"outcome": "held", "decision": {"ended_by": ended_by}},
        "started": OUTAGE + 10,
        "ended": HEALED + 10,
        "states": [State("NotifyHold", OUTAGE + 12, OUTAGE + 12.1)],
    }
    return Execution(**{**given, **more})


def stayed(mode: str = "us-east-1", **more: Any) -> Observations:
    """Nothing was started, users noticed nothing, and both Regions hold all writes."""
    times = [OUTAGE - 3 + i for i in range(int(ENDED - OUTAGE + 3))]
    writes = [write(i, at) for i, at in enumerate(times)]
    everything = frozenset(w.item_id for w in writes)
    given: dict[str, Any] = {
        "primary": PRIMARY,
        "secondary": SECONDARY,
        "public_name": NAME,
        "app_name": "pilot-light",
        "speed": 10.0,
        "replication_lag": 0.5,
        "started": OUTAGE - 5,
        "mode": mode,
        "outage": OUTAGE,
        "healed": HEALED,
        "ended": ENDED,
        "requests": [request(at) for at in times],
        "writes": writes,
        "control_before": ControlItem(PRIMARY, 1, 1),
        "control_after": ControlItem(PRIMARY, 1, 1),
        "control_reads": [
            ControlRead(at, at + 0.1, PRIMARY, ControlItem(PRIMARY, 1, 1)) for at in times
        ],
        "dns_throughout": [(at, PRIMARY) for at in times if at >= OUTAGE],
        "effects": ["us-east-1 evaluation of its alarms: 12"],
        "probe_results": {int(OUTAGE): 1},
        "held_finally": {PRIMARY: everything, SECONDARY: everything},
    }
    return Observations(**{**given, **more})


def on_hold(mode: str = "partition", **more: Any) -> Observations:
    """A partition: one run was started, held, said so and ended."""
    given: dict[str, Any] = {
        "executions": [held()],
        "notifications": [
            Notification(OUTAGE + 11, "started", "started", "started"),
            Notification(OUTAGE + 12, "held", "on hold", WITNESSES),
            Notification(HEALED + 10, "hold_ended", "ended: held", "ended"),
        ],
    }
    return stayed(mode, **{**given, **more})


def _failback(writes: list[Write], lost: Write) -> Failback:
    """The planned move afterwards, with one entry in the ledger."""
    entry = {"write_id": lost.write_id, "kinds": ["late", "lost"], "status": "replayed"}
    entry |= {"region": PRIMARY, "epoch": 1, "version": 2, "table": "pilot-light-app-items"}
    entry |= {"key": {"pk": "I#1", "sk": "item-0"}}
    return Failback(
        ledger=[{**entry, "written_at": "2027-01-15T08:00:00Z"}],
        complete=True,
        open_after=0,
        replaced_text=LAST_MOMENT,
        requested=OUTAGE + 30,
        run=held("back", output={"outcome": "switched_over"}, states=[]),
        ended=OUTAGE + 38,
        leads_to=PRIMARY,
        control=ControlItem(PRIMARY, 3, 5),
        written=frozenset(w.write_id for w in writes),
        served={PRIMARY: 1},
    )


def recovered(mode: str = "region", **more: Any) -> Observations:
    """The Secondary was promoted 10 s after the outage and served all writes."""
    promoted_at, moved, back = OUTAGE + 10, OUTAGE + 12, OUTAGE + 13
    run = held(
        output={
            "outcome": "promoted",
            "summary": "It is active.",
            "decision": {"rpo_estimate": {"seconds": 2.5}},
        },
        started=OUTAGE + 9,
        ended=back,
        states=[
            State("GatherEvidence", OUTAGE + 9.2, OUTAGE + 9.6),
            State("Decide", OUTAGE + 9.6, OUTAGE + 9.8),
            State("Claim", OUTAGE + 9.8, promoted_at),
            State("WaitOutLease", promoted_at, promoted_at + 5),
            State("Serve", promoted_at + 5, promoted_at + 5.1),
        ],
    )
    served = [request(OUTAGE - 3 + i / 4) for i in range(12)]
    failed = [request(OUTAGE + i / 4, good=False) for i in range(52)]
    again = [request(back + i / 4, region=SECONDARY) for i in range(40)]
    writes = [write(i, OUTAGE - 3 + i / 4) for i in range(12)]
    journal = {w.write_id: w.acknowledged for w in writes}
    lost = Write("item-0", "w-lost", OUTAGE - 0.1, PRIMARY, OUTAGE - 0.2, 1)
    given: dict[str, Any] = {
        "healed": back + 5,
        "requests": served + failed + again,
        "writes": [*writes, lost, write(99, back + 1, SECONDARY)],
        "changes": [
            Change(OUTAGE + 5, "health check pilot-light-alarm", "unhealthy"),
            Change(OUTAGE + 8, "alarm pilot-light-primary-unhealthy", "ALARM"),
            Change(moved, f"DNS {NAME}", SECONDARY),
        ],
        "executions": [run],
        "control_after": ControlItem(SECONDARY, 2, 3),
        "held_after_promotion": frozenset(w.item_id for w in writes),
        "dns_after_promotion": SECONDARY,
        "dns_after_heal": [(back + 6, SECONDARY)],
        "primary_healthy_again": True,
        "notifications": [
            Notification(OUTAGE + 9, "started", "started"),
            Notification(back, "promoted", "ended: promoted"),
        ],
        "lock": {},
        "recoveries": ["recovery#2"],
        "overwritten": lost,
        "failback": _failback([*writes, lost, write(99, back + 1, SECONDARY)], lost),
        "calls": [
            {
                "at": OUTAGE + 9.5,
                "from": SECONDARY,
                "region": SECONDARY,
                "role": "pilot-light-secondary-FailoverRole-0A1B2C3D4E5F6",
                "service": "dynamodb",
                "operation": "UpdateItem",
            }
        ],
        "writes_to_the_returned": [],
        "journal_at_promotion": journal,
        "journal_at_the_end": {**journal, lost.write_id: OUTAGE - 0.2},
    }
    return stayed(mode, **{**given, **more})
