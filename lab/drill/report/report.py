"""Turns what a drill saw into its report, and writes it."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from lab.deployment import sentinel_interval
from lab.drill import quorum
from lab.drill.checks import run_checks
from lab.drill.failback import checks as failback
from lab.drill.last_resort import checks as last_resort
from lab.drill.outage import losses, without_quorum
from lab.drill.outage.expectations import expectation, outage_report
from lab.drill.outage.recovery import missing, recovery_calls, rpo
from lab.drill.report.page import render
from lab.drill.report.stages import gap, rto, stages, wall_seconds
from lab.drill.users.returned import returned

if TYPE_CHECKING:
    from lab.drill.observations import Execution, Observations

SCHEMA = Path(__file__).parents[2] / "schemas" / "report.schema.json"
SLOT_SECONDS = 0.5


def modelled(drill: Observations) -> list[str]:
    """Return what the lab models, in sentences."""
    return [
        f"AWS's own intervals, {drill.speed:g} times faster here: health-check intervals, the "
        "minute of their metric, the alarms' periods and CloudWatch's delay, schedules, and DNS "
        "TTLs. The sentinel's interval is a parameter, and deployed as "
        f"{sentinel_interval(drill.speed)} s to match. Figures of modelled stages are at AWS's "
        f"length again, so that a tenth of a second here counts as {drill.speed / 10:g} s.",
        f"Replication between the Regions: a lag of {drill.replication_lag:g} s at most and half "
        "of that at least, in order for each item and not between items. AWS promises none; "
        "DynamoDB's is usually about a second.",
        "The control table: linearizable, answers a Region only while it reaches one more member, "
        "and takes assumed round trips between Regions, in real seconds. So are the fence's times, "
        f"the lease of {without_quorum.LEASE_SECONDS:g} s and the pulse's half minute: no speed "
        "divides what the code waits for.",
        f"{_cold_starts(drill)} The latency between Regions, but for the control table, is not "
        "modelled. docs/lab.md has the whole list.",
    ]


def _cold_starts(drill: Observations) -> str:
    if not drill.cold_starts:
        return "Lambda's cold starts are not modelled: --no-cold-starts."
    return (
        "Lambda's cold starts: a new environment is ready after the CPU time that importing the "
        "libraries took of one core of this machine, and its first invocation has the share of a "
        "vCPU that its memory gives it. In real seconds, from the outage on."
    )


def report(drill: Observations) -> dict[str, Any]:
    """Return the report, as report.schema.json describes it."""
    schema, expected = json.loads(SCHEMA.read_text()), expectation(drill.mode, drill.primary)
    results, window, run = run_checks(drill, expected.checks), gap(drill), drill.recovery
    parts, outage = stages(drill), outage_report(drill)
    read, write = rto(drill)
    recovered = read is not None and write is not None
    as_expected = recovered if expected.recovers else outage["result"] in expected.allowed
    decision = run.output.get("decision") if run else None
    document = {
        "version": 2,
        "id": datetime.fromtimestamp(drill.started, UTC).strftime("%Y%m%dT%H%M%SZ"),
        "kind": "drill",
        "started_at": _moment(drill.started),
        "ended_at": _moment(drill.ended),
        "verdict": "pass" if as_expected and all(c.passed for c in results) else "fail",
        "outage": outage,
        "outcome": _outcome(run, schema),
        "rto_read_seconds": read if recovered else None,
        "rto_write_seconds": write if recovered else None,
        "rpo_seconds": rpo(drill),
        "rpo_estimate_seconds": losses.estimate(drill),
        "rpo_journal_seconds": losses.journal_rpo(drill),
        "returned": returned(drill),
        "by_name": without_quorum.section(drill),
        "last_resort": last_resort.section(drill),
        "control": quorum.changes(drill.control_reads, drill.outage),
        "writers": [
            {**asdict(t), "first": round(t.first - drill.outage, 3)}
            | {"last": round(t.last - drill.outage, 3)}
            for t in quorum.turns(drill.acknowledged)
        ],
        **_writes(drill),
        "refused_write_seconds": failback.refused_write_seconds(drill),
        "failback": failback.section(drill),
        "stages": [asdict(s) for s in parts],
        "checks": [asdict(c) for c in results],
        "regions": {"primary": drill.primary, "secondary": drill.secondary},
        "public_name": drill.public_name,
        "clock": {
            "speed": drill.speed,
            **wall_seconds(window if recovered or expected.recovers else None),
        },
        "modelled": modelled(drill),
        "client": {
            "requests": len(drill.requests),
            "failed": sum(not r.good for r in drill.requests),
            "acknowledged_writes": len(drill.writes),
            "missing_writes": len(missing(drill)) if rpo(drill) is not None else None,
            "slots": _slots(drill),
        },
        "milestones": _milestones(drill),
        "timeline": _timeline(drill),
        "notifications": [
            {"at": round(n.at - drill.outage, 3), "event": n.event, "subject": n.subject}
            for n in sorted(drill.notifications, key=lambda n: n.at)
        ],
        "evidence": {
            "execution": run.arn if run else None,
            "decision": decision or {},
            "checks": drill.evidence,
            "calls": _calls(drill),
        },
    }
    jsonschema.validate(document, schema)
    return document


def _writes(drill: Observations) -> dict[str, Any]:
    """Return what became of the acknowledged writes; null where it is unknown."""
    unknown: dict[str, int | None] = dict.fromkeys(("present", "ledger", "lost"))
    counts = (
        asdict(drill.fate) if drill.fate else {"acknowledged": len(drill.acknowledged), **unknown}
    )
    return {f"{name}_writes": n for name, n in counts.items()}


def write(report: dict[str, Any], folder: Path) -> Path:
    """Write report.json and report.html, and return their folder."""
    files = {"report.json": json.dumps(report, indent=2) + "\n", "report.html": render(report)}
    return store(str(report["id"]), files, folder)


def store(name: str, files: dict[str, str], folder: Path) -> Path:
    """Write the files of a report, point `latest` to them, and return their folder.

    The folder appears whole or not at all.
    """
    place, half = folder / name, folder / f".{name}"
    half.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (half / file).write_text(text, encoding="utf-8")
    if place.exists():
        shutil.rmtree(place)
    half.rename(place)
    _point_latest(folder, place.name)
    return place


def _outcome(run: Execution | None, schema: dict[str, Any]) -> str:
    """Return the outcome of a run; a hold that has ended is none any more."""
    if run is None:
        return "none"
    if run.outcome == "none" and run.last("NotifyHold"):
        return "held"
    outcome = "hold_ended" if run.outcome == "held" else run.outcome
    # A dropped or duplicate run, for one, is no outcome of a recovery.
    return outcome if outcome in schema["properties"]["outcome"]["enum"] else "none"


def _point_latest(folder: Path, name: str) -> None:
    """Point `latest` to a report, where there can be links and no folder has that name."""
    link = folder / f".latest-{os.getpid()}"
    try:
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(folder / "latest")
    except OSError:
        link.unlink(missing_ok=True)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _slots(drill: Observations) -> list[dict[str, Any]]:
    """Count what the client saw in each half second, from its first request to its last."""
    good: dict[int, Counter[str]] = {}
    failed: Counter[int] = Counter()
    for request in drill.requests:
        slot = int((request.ended - drill.outage) // SLOT_SECONDS)
        good.setdefault(slot, Counter())
        if request.good:
            good[slot][request.region or "unknown"] += 1
        else:
            failed[slot] += 1
    return [
        {"at": slot * SLOT_SECONDS, "failed": failed[slot], "good": dict(good.get(slot, {}))}
        for slot in (range(min(good), max(good) + 1) if good else ())
    ]


def _milestones(drill: Observations) -> list[dict[str, Any]]:
    hold = drill.recovery.last("NotifyHold") if drill.recovery else None
    moments = {
        "outage": drill.outage,
        "alarm": drill.alarmed_at,
        "held": hold.exited if hold else None,
        "claimed": drill.promoted_at,
        "serving": drill.served_at,
        "DNS moved": drill.dns_moved,
        "healed": drill.healed,
        "drained": failback.left(drill, "Drain"),
        "moved back": failback.left(drill, "PlannedClaim"),
    }
    return [
        {"name": name, "at": round(at - drill.outage, 3)}
        for name, at in moments.items()
        if at is not None
    ]


def _timeline(drill: Observations) -> list[dict[str, Any]]:
    events = [(c.at, c.what, c.state) for c in drill.changes]
    events += [
        (
            drill.outage + c["at"],
            "control item",
            f"{c['active_region']} {c['state']}, epoch {c['epoch']}, revision {c['revision']}",
        )
        for c in quorum.changes(drill.control_reads, drill.outage)
    ]
    run = drill.recovery
    if run:
        events += [(s.entered, f"state {s.name}", "entered") for s in run.states]
    if drill.promoted_at:
        events.append((drill.promoted_at, "claim", "made"))
    if drill.served_at:
        events.append((drill.served_at, "lease", f"over, {drill.secondary} serves"))
    window = gap(drill)
    if window:
        events.append((window.failed, "client", "first failed request"))
    for kind, at in (("read", window.read), ("write", window.write)) if window else ():
        if at is not None:
            events.append((at, "client", f"first good {kind}"))
    return [
        {"at": round(at - drill.outage, 3), "what": what, "state": state}
        for at, what, state in sorted(events)
    ]


def _calls(drill: Observations) -> list[dict[str, Any]]:
    keys = ("role", "region", "service", "operation")
    counts = Counter(tuple(c[k] for k in keys) for c in recovery_calls(drill))
    return [{**dict(zip(keys, key, strict=True)), "count": n} for key, n in sorted(counts.items())]
