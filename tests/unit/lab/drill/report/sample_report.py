"""Reports of drills that could have been: one that passed, one that failed."""

from __future__ import annotations

import json
from typing import Any

from lab.drill.report.report import SCHEMA

PRIMARY, SECONDARY = "us-west-2", "us-east-2"
SPEED = 6.0
STAGES = [
    ("Health checkers notice", 28.8, True, "Three failed checks in a row, 10 s apart."),
    ("Alarm", 19.8, True, "The sentinel's metric breached in 3 of 4 points."),
    ("Event reaches the machine", 0.42, False, "EventBridge rule to the start of the execution."),
    ("Confirm, verify and warm", 2.61, False, "3 own probes, 8 checks, 2 functions warmed."),
    ("Promote", 0.13, False, "One conditional write: epoch 1 to 2."),
    ("DNS moves", 9.6, True, "The name answered with the Secondary."),
    ("Resolvers forget", 5.4, True, "The client's resolver kept the old answer for its TTL."),
]


def closed_schema() -> Any:
    """The report's schema with no property allowed that it does not name."""

    def closed(schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        parts = {name: closed(part) for name, part in schema.items()}
        return {**parts, "additionalProperties": False} if "properties" in schema else parts

    return closed(json.loads(SCHEMA.read_text()))


def passing() -> dict[str, Any]:
    """A Region was lost, users moved, nothing is missing."""
    stages = _stages(0.21)
    recovered_at = stages[-1]["starts_at"] + stages[-1]["wall_seconds"]
    slots = _slots(recovered_at)
    return {
        "version": 2,
        "id": "20260314T102231Z",
        "kind": "drill",
        "started_at": "2026-03-14T10:22:31Z",
        "ended_at": "2026-03-14T10:23:18Z",
        "verdict": "pass",
        "outage": {
            "mode": "region",
            "happened": f"{PRIMARY} was lost",
            "expected": "recovers",
            "result": "recovers",
            "verdict": f"moved to {SECONDARY} by itself",
            "why": "Nothing of the Primary answers.",
        },
        "outcome": "promoted",
        "rto_read_seconds": round(sum(s["seconds"] for s in stages), 3),
        "rto_write_seconds": round(sum(s["seconds"] for s in stages), 3),
        "rpo_seconds": 0,
        "rpo_estimate_seconds": 4.2,
        "rpo_journal_seconds": 0.0,
        "returned": {
            "replication_behind_seconds": 2.0,
            "refused_seconds": 0.4,
            "forwards_after_seconds": 0.5,
            "forwarded_seconds": 1.2,
            "writes": 13,
            "forwarded": 10,
            "taken": 0,
            "refused": {"NoQuorum": 3},
        },
        "by_name": None,
        "last_resort": None,
        "control": [
            {"at": -1.0, "active_region": PRIMARY, "epoch": 1, "revision": 1, "state": "serving"},
            {"at": 11.4, "active_region": SECONDARY, "epoch": 2, "revision": 2, "state": "claimed"},
        ],
        "writers": [
            {"region": PRIMARY, "epoch": 1, "first": -3.0, "last": -0.1, "writes": 15},
            {"region": SECONDARY, "epoch": 2, "first": 16.5, "last": 30.0, "writes": 70},
        ],
        "acknowledged_writes": 251,
        "present_writes": 248,
        "ledger_writes": 3,
        "lost_writes": 0,
        "refused_write_seconds": 4.3,
        "failback": _failback(),
        "stages": stages,
        "checks": _checks(),
        "regions": {"primary": PRIMARY, "secondary": SECONDARY},
        "public_name": "app.pilotlight.example",
        "clock": {
            "speed": SPEED,
            "rto_read_wall_seconds": round(sum(s["wall_seconds"] for s in stages), 3),
            "rto_write_wall_seconds": round(sum(s["wall_seconds"] for s in stages), 3),
        },
        "modelled": [
            "Health checkers: two for each checker Region, at 10 s intervals; "
            "the check is healthy while more than 18 % of them say so.",
            "Alarm periods slide; AWS aligns them.",
            "Replication keeps the order of each item, with a fixed lag of 0.5 s.",
            "There is no latency between Regions.",
        ],
        "client": {
            "requests": sum(s["failed"] + sum(s["good"].values()) for s in slots),
            "failed": sum(s["failed"] for s in slots),
            "acknowledged_writes": 118,
            "missing_writes": 0,
            "slots": slots,
        },
        "milestones": [
            {"name": "outage", "at": 0.0},
            {"name": "alarm", "at": 8.3},
            {"name": "claimed", "at": 11.35},
            {"name": "DNS moved", "at": 13.1},
            {"name": "healed", "at": 24.0},
        ],
        "timeline": _timeline(recovered_at),
        "notifications": [
            {"at": 9.1, "event": "started", "subject": "Pilot Light: failover started"},
            {"at": 14.9, "event": "promoted", "subject": "Pilot Light: failover ended: promoted"},
        ],
        "evidence": {
            "execution": f"arn:aws:states:{SECONDARY}:000000000000:execution:"
            "pilot-light-failover:1f6c2a58-9d0e-4a1f-8f5b-0a6f3f0f7c11",
            "decision": _decision(),
            "checks": {"confirm": _confirm(), "readiness": _readiness(), "warm": _warm()},
            "calls": _calls(),
        },
    }


def failing() -> dict[str, Any]:
    """The same outage, but the alarm's event never reached the machine."""
    report = passing()
    slots = _slots(None)
    told = {
        "users_are_served_again": "No request after the outage was answered in 90 s.",
        "the_machine_ended": "No execution of pilot-light-failover was started. "
        "The rule pilot-light-recovery matched 1 event and delivered none.",
        "dns_stays": f"app.pilotlight.example still leads to {PRIMARY}.",
        "a_person_was_told": "The topic received no message.",
    }
    return {
        **report,
        "id": "20260314T113005Z",
        "verdict": "fail",
        "outage": {
            **report["outage"],
            "result": "something else",
            "verdict": "neither recovered nor stayed as it was",
        },
        "outcome": "none",
        **dict.fromkeys(
            ("rto_read_seconds", "rto_write_seconds", "rpo_seconds", "rpo_estimate_seconds")
        ),
        **dict.fromkeys(("rpo_journal_seconds", "refused_write_seconds", "returned", "failback")),
        "acknowledged_writes": 20,
        **dict.fromkeys(("present_writes", "ledger_writes", "lost_writes")),
        "stages": [],
        "checks": [
            {**c, "passed": False, "detail": told[c["name"]]} if c["name"] in told else c
            for c in report["checks"]
        ],
        "clock": {**dict.fromkeys(report["clock"]), "speed": SPEED},
        "client": {
            "requests": sum(s["failed"] + sum(s["good"].values()) for s in slots),
            "failed": sum(s["failed"] for s in slots),
            "acknowledged_writes": 20,
            "missing_writes": None,
            "slots": slots,
        },
        "milestones": report["milestones"][:2],
        "timeline": [e for e in report["timeline"] if e["at"] < 9],
        "notifications": [],
        "evidence": {"execution": None, "decision": {}, "checks": {}, "calls": []},
    }


def _stages(starts_at: float) -> list[dict[str, Any]]:
    stages = []
    for name, seconds, modelled, detail in STAGES:
        wall = round(seconds / SPEED if modelled else seconds, 3)
        stages.append(
            {
                "name": name,
                "seconds": seconds,
                "wall_seconds": wall,
                "starts_at": round(starts_at, 3),
                "modelled": modelled,
                "detail": detail,
            }
        )
        starts_at += wall
    return stages


def _slots(recovered_at: float | None) -> list[dict[str, Any]]:
    slots = []
    for half in range(-10, 80):
        at = half / 2
        count = 4 + (half % 3 == 0)
        if at < 0:
            slots.append({"at": at, "failed": 0, "good": {PRIMARY: count}})
        elif recovered_at is None or at + 0.5 <= recovered_at:
            slots.append({"at": at, "failed": 2 + half % 2, "good": {}})
        elif at <= recovered_at:
            slots.append({"at": at, "failed": 1, "good": {SECONDARY: 3}})
        else:
            slots.append({"at": at, "failed": 0, "good": {SECONDARY: count}})
    return slots


def _checks() -> list[dict[str, Any]]:
    checks = {
        "users_are_served_again": f"The name was answered from {SECONDARY} 20 times in a row.",
        "the_machine_ended": "pilot-light-failover ended: promoted.",
        "the_outage_was_real": f"134 requests to {PRIMARY} were refused during the outage.",
        "no_acknowledged_write_is_missing": "Every acknowledged write is in the Secondary.",
        "only_one_region_wrote": f"No journal entry of {PRIMARY} has an epoch after 1.",
        "no_call_left_the_secondary": f"61 API calls of 7 roles, all in {SECONDARY}.",
        "no_control_plane_call": "Every operation called is of a data plane.",
        "dns_stays": f"30 s after {PRIMARY} returned the name still leads to {SECONDARY}.",
        "returned_primary_takes_no_write": "A write to the returned Primary was forwarded.",
        "the_second_alarm_changed_nothing": "Its execution ended as a duplicate.",
        "the_lock_is_free": "The recoveries table holds no lock.",
        "a_person_was_told": "2 messages: started, promoted.",
    }
    return [{"name": n, "passed": True, "detail": d} for n, d in checks.items()]


def _failback() -> dict[str, Any]:
    found = [("01ARZ3NDEKTSV4RRFFQ69G5FA1", ["late"], "accepted", "a7")]
    found += [("01ARZ3NDEKTSV4RRFFQ69G5FA2", ["late"], "accepted", "b8")]
    found += [("01ARZ3NDEKTSV4RRFFQ69G5FA3", ["late", "lost"], "replayed", "replaced")]
    return {
        "outcome": "switched_over",
        "execution": f"arn:aws:states:{SECONDARY}:0:execution:pilot-light-switchover:back",
        "seconds": 9.1,
        "proven_writes": 27,
        "ledger": [
            {
                "write_id": write_id,
                "kinds": kinds,
                "status": status,
                "region": PRIMARY,
                "epoch": 1,
                "version": 1,
                "table": "pilot-light-app-items",
                "key": {"pk": "I#1", "sk": item},
                "written_at": "2026-03-14T10:22:41Z",
            }
            for write_id, kinds, status, item in found
        ],
    }


def _timeline(recovered_at: float) -> list[dict[str, Any]]:
    events = [
        (-4.2, "control item", f"serving from {PRIMARY}, epoch 1"),
        (0.0, f"Region {PRIMARY}", "lost"),
        (5.0, "health check endpoint", "unhealthy"),
        (5.1, "beacon", "unhealthy"),
        (8.3, "alarm pilot-light-sentinel", "ALARM"),
        (8.7, "execution 1f6c2a58", "RUNNING"),
        (11.35, "control item", "promoted: us-east-2, epoch 2"),
        (11.9, "health check not-on", "unhealthy"),
        (13.1, "DNS app.pilotlight.example", f"leads to {SECONDARY}"),
        (round(recovered_at, 2), "client", f"first good answer from {SECONDARY}"),
        (14.6, "execution 1f6c2a58", "SUCCEEDED"),
        (17.9, "alarm pilot-light-primary-unhealthy", "ALARM"),
        (24.0, f"Region {PRIMARY}", "healed"),
        (29.2, "health check endpoint", "healthy"),
        (33.4, "alarm pilot-light-sentinel", "OK"),
    ]
    return [{"at": at, "what": what, "state": state} for at, what, state in events]


def _decision() -> dict[str, Any]:
    details = {
        "outage_confirmed": "0 of 3 own probes succeeded, the beacon is unhealthy.",
        "secondary_ready": "8 checks passed.",
        "functions_warm": "Execution environments: pilot-light-app:live: 3 of 3.",
    }
    return {
        "action": "promote",
        "conditions": [
            {"name": n, "required": n != "functions_warm", "met": True, "detail": d}
            for n, d in details.items()
        ],
        "unmet": [],
        "summary": "All required conditions are met.",
        "ended_by": None,
    }


def _confirm() -> dict[str, Any]:
    error = "ProtocolError: ('Connection aborted.', ConnectionResetError(104, 'reset by peer'))"
    probe = {"ok": False, "status": None, "error": error, "seconds": 0.012}
    return {
        "verdict": "outage",
        "probes": [{**probe, "at": f"2026-03-14T10:22:44.{ms}Z"} for ms in (112, 113, 115)],
        "beacon": "unhealthy",
        "checked_at": "2026-03-14T10:22:44.131Z",
    }


def _readiness() -> dict[str, Any]:
    canary = "put, read and deleted a canary"
    host = f"https://{SECONDARY}.pilotlight.example"
    checks = [
        ("items_table", True, canary, 0.041),
        ("control_table", True, canary, 0.038),
        ("recoveries_table", True, canary, 0.036),
        ("app_function", True, "GET /health answered 200", 0.612),
        ("switch_function", True, "GET /switch/off answered 200", 0.587),
        ("endpoint", True, f"{host}/health answered 200", 0.094),
        ("certificate", False, "ends on 2027-03-14", 0.021),
        ("bucket", False, canary, 0.058),
    ]
    return {
        "verdict": "ready",
        "checks": [
            {"name": n, "required": r, "ok": True, "detail": d, "seconds": s}
            for n, r, d, s in checks
        ],
        "checked_at": "2026-03-14T10:22:44.801Z",
    }


def _warm() -> dict[str, Any]:
    target = {"requested": 3, "environments": 3, "failed": 0}
    return {"ok": True, "targets": [{"function": "pilot-light-app:live", **target}]}


def _calls() -> list[dict[str, Any]]:
    calls = [
        ("pilot-light-failover", "sns", "Publish", 2),
        ("pilot-light-failover", "dynamodb", "GetItem", 3),
        ("pilot-light-failover", "dynamodb", "UpdateItem", 4),
        ("pilot-light-failover", "lambda", "Invoke", 6),
        ("pilot-light-readiness", "dynamodb", "PutItem", 3),
        ("pilot-light-readiness", "dynamodb", "GetItem", 3),
        ("pilot-light-readiness", "dynamodb", "DeleteItem", 3),
        ("pilot-light-readiness", "lambda", "Invoke", 2),
        ("pilot-light-warm", "lambda", "Invoke", 3),
        ("pilot-light-app", "dynamodb", "TransactWriteItems", 27),
        ("pilot-light-switch", "dynamodb", "GetItem", 5),
    ]
    return [
        {"role": r, "region": SECONDARY, "service": s, "operation": o, "count": n}
        for r, s, o, n in calls
    ]
