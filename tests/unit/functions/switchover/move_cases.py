"""Evidence of a pair of Regions between which a planned move may begin, to be spoiled by tests."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pilotlight.switchover.decision import Move, Patience, decide_on

if TYPE_CHECKING:
    from pilotlight.conditions.condition import Decision

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
PRIMARY, SECONDARY = "us-west-2", "us-east-2"
SWITCHOVER = Move("switchover", PRIMARY, SECONDARY)
FAILBACK = Move("failback", SECONDARY, PRIMARY)
MOVES = {"switchover": SWITCHOVER, "failback": FAILBACK}
PATIENCE = Patience(healthy=timedelta(minutes=5), heartbeat=timedelta(seconds=20))
Path = tuple[Any, ...]
HEALTHY = {"status": 200, "health": "healthy", "release": "1.2.0"}


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


def whole() -> dict[str, Any]:
    """What the steps answer where nothing stands in the way of a move in either direction."""
    beat = {"keys": 16, "held": 16, "age_seconds": 4.0}
    check = {"name": "items_table", "required": True, "ok": True, "detail": ""}
    return {
        "preflight": {
            "probes": [{"ok": True, "status": 200, "error": None} for _ in range(3)],
            "beacon": "healthy",
            "health": {PRIMARY: dict(HEALTHY), SECONDARY: dict(HEALTHY)},
            "replication": {"to_target": beat, "to_source": {**beat, "keys": 1, "held": 1}},
            "sentinel": {"observed_at": ago(5), "healthy_since": ago(600)},
            "scheduled": {"verdict": "ready", "checked_at": ago(60), "findings": ""},
        },
        "readiness": {"verdict": "ready", "checks": [check]},
        "warm": {
            "ok": True,
            "planned": 1,
            "planned_paths": 0,
            "functions": 1,
            "requested": 3,
            "environments": 3,
            "targets": [],
        },
        "watermark": {"caught_up": True, "watermark": "01J", "compared": 7},
        "ledger": {"complete": True, "compared": 9, "open": 0, "late": 0, "lost": 0},
    }


def container(found: Any, path: Path) -> Any:
    """Return what holds the last step of a path."""
    for step in path[:-1]:
        found = found[step]
    return found


def spoiled(*changes: tuple[Path, Any]) -> dict[str, Any]:
    """Return whole evidence with other values in some of its places."""
    found = whole()
    for path, value in changes:
        container(found, path)[path[-1]] = value
    return found


def without(path: Path) -> dict[str, Any]:
    """Return whole evidence that lacks one place."""
    found = whole()
    del container(found, path)[path[-1]]
    return found


def decided(
    evidence: dict[str, Any], move: Move = SWITCHOVER, patience: Patience = PATIENCE
) -> Decision:
    event = {"request": asdict(move), "evidence": evidence, "now": NOW.isoformat()}
    return decide_on(event, patience)
