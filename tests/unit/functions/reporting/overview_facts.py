"""A deployment in which everything is well, as the overview reads it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pilotlight.reporting.overview import Gathered, Pair, overview
from pilotlight.shared.validation import violation

from tests.handlers import FUNCTIONS
from tests.unit.functions.fakes import PRIMARY, SECONDARY

NOW = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
TICK = timedelta(seconds=10)
PAIR = Pair(
    "pilot-light", PRIMARY, SECONDARY, timedelta(seconds=120), timedelta(days=14), TICK, 2, 60.0
)
FORECAST = {"reads": {"p50": 31, "p99": 42}, "writes": {"p50": 32, "p99": 45}}
SCHEMA = json.loads(Path(FUNCTIONS / "overview" / "facts.schema.json").read_text())
CHECKS = [
    {"name": "items_table", "required": True, "state": "ok", "detail": "ACTIVE", "seconds": 0.1},
    {"name": "subscribers", "required": False, "state": "failed", "detail": "0 of 1", "seconds": 1},
]
WELL = Gathered(
    control={"active_region": PRIMARY, "epoch": 1, "state": "serving", "changed_by": "seed"},
    lock={},
    sentinel={"probe_ok": True, "beacon": "healthy", "observed_at": "2026-07-01T11:59:55.000Z"},
    readiness={
        "verdict": "ready",
        "findings": "",
        "checks": json.dumps(CHECKS),
        "checked_at": "2026-07-01T11:56:00.000Z",
    },
    rehearsal={
        "verdict": "PASS",
        "at": "2026-06-29T12:00:00Z",
        "last_pass_at": "2026-06-29",
        "forecast": json.dumps(FORECAST),
    },
    heartbeats={"newest": MS - 5_000, "keys": 16, "held": 16, "oldest_written_at": MS - 30_040},
    ledger={"open": 0, "late": 0, "lost": 0, "unknown": 0},
    recoveries=[],
)
RECORD = {
    "epoch": 2,
    "outcome": "promoted",
    "mode": "drill",
    "reason": "practice",
    "trigger": "manual",
    "rto_target": 60,
    "recorded_at": "2026-07-01T11:58:00.000Z",
    "timeline": json.dumps(
        {
            "started_at": "2026-07-01T11:56:35.000Z",
            "traffic_confirmed_at": "2026-07-01T11:57:00.500Z",
        }
    ),
    "rpo_estimate": json.dumps(
        {
            "seconds": 12.5,
            "detail": "It was 12.5 s old.",
            "first_failed_at": "2026-07-01T11:56:00.000Z",
            "source": "sentinel",
        }
    ),
}
FAILED_OVER = replace(
    WELL,
    control={"active_region": SECONDARY, "epoch": 2, "state": "serving"},
    recoveries=[RECORD],
)


def told(**changed: Any) -> dict[str, Any]:
    """The document of a deployment that is well but for what is given; it fits its schema."""
    document = overview(replace(WELL, **changed), PAIR, NOW)
    assert violation(document, SCHEMA) is None
    return document


def fact(name: str, **changed: Any) -> dict[str, Any]:
    return told(**changed)["facts"][name]
