"""Every kind of item in the recoveries table: its key, and its attributes.

The state machines and the IAM policies are checked against this by `tests/template/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# One item each.
LOCK, OUTAGE, SENTINEL = "lock", "outage", "sentinel"
READINESS, REHEARSAL = "readiness", "rehearsal"
WARM_TARGETS, SEEDED = "warm-targets", "seeded"
# One item for each epoch, rehearsal, Region, and Region with epoch.
RECOVERY, REHEARSAL_RECORD, CANARY, WATERMARK = "recovery#", "rehearsal#", "canary#", "watermark#"

_RUN = {"reason", "trigger", "execution", "outcome", "timeline", "decision", "evidence", "hooks"}
ATTRIBUTES: dict[str, set[str]] = {
    # Who runs: one recovery at a time. `expires_at` in seconds since 1970.
    LOCK: {"owner", "machine", "mode", "acquired_at", "expires_at"},
    # The outage that goes on, what was started for it, and which failure was last notified.
    OUTAGE: {
        *("first_failed_at", "attempts", "last_started_at", "execution"),
        *("notified_step", "notified_at"),
    },
    # What a probe run hands to the next, and a person's instructions: see sentinel/item.py.
    SENTINEL: {
        *("first_failed_at", "good_probes", "healthy_since", "probe_ok", "beacon", "observed_at"),
        *("well_at", "held_by", "paused_until", "by", "reason", "reminded_at", "drill_until"),
        *("pulse_beat", "pulse_still_since", "last_tick", "owner", "planned_until"),
    },
    # The last verdict of scheduled readiness.
    READINESS: {"verdict", "findings", "checks", "checked_at"},
    # The newest rehearsal with its forecast of the RTO, and when one last passed.
    REHEARSAL: {"verdict", "at", "started_at", "execution", "last_pass_at", "forecast"},
    # Functions of other teams that a failover warms: a string set.
    WARM_TARGETS: {"targets"},
    # The highest epoch that a seed knew of.
    SEEDED: {"epoch"},
    # A promotion, by its epoch.
    RECOVERY: {
        *_RUN,
        *("epoch", "mode", "source", "target", "promoted_by", "completing", "drain", "proof"),
        *("rpo_estimate", "traffic", "approval", "rto_target", "recorded_at"),
    },
    # A rehearsal, by its start. `keep_until` is the table's TTL attribute.
    REHEARSAL_RECORD: {
        *_RUN,
        *("verdict", "summary", "forecast", "rto_target", "recorded_at", "keep_until"),
    },
    CANARY: {"at"},
    # How far a journal was compared and found equal, and since when entries may have expired first.
    WATERMARK: {"watermark", "compared", "unreadable", "uncompared_since"},
}


def key(kind: str, which: object = "") -> dict[str, Any]:
    """Return the key of an item, such as `key(LOCK)` or `key(RECOVERY, epoch)`."""
    return {"pk": {"S": f"{kind}{which}"}}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as plain values, without the key."""
    return {name: _plain(value) for name, value in item.items() if name != "pk"}


def _plain(value: Mapping[str, Any]) -> Any:
    """Read one attribute: a string, a number, a boolean, or None for any other type."""
    if "N" not in value:
        return value.get("S", value.get("BOOL"))
    try:
        number = float(value["N"])
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else number
