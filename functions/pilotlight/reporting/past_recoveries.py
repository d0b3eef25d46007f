"""Past recoveries as their records tell them: how long they took, and what may have been lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pilotlight.shared.timestamps import try_parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEPT = 5


def epochs(control: Mapping[str, Any]) -> list[int]:
    """Return the epochs whose records tell of the latest recoveries. The first epoch was seeded."""
    newest = control.get("epoch")
    if not isinstance(newest, int):
        return []
    return list(range(newest, max(newest - KEPT, 1), -1))


def fact(records: Sequence[Mapping[str, Any]], control: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the latest recoveries, newest first. An epoch without a record is for a person to know.

    A run that ends between its promotion and its record leaves such an epoch, and so does a
    take-over by hand; the next run of the machine completes the record.
    """
    if "error" in control or not epochs(control):
        if control.get("epoch") == 1:
            return {"verdict": "ok", "detail": "There was none yet.", "recent": []}
        return {"verdict": "unknown", "detail": "The epoch is not known.", "recent": []}
    wanted = epochs(control)
    unread = [str(r["error"]) for r in records if "error" in r]
    if unread or len(records) < len(wanted):
        detail = f"Records could not be read: {'; '.join(unread) or 'some are missing'}"
        return {"verdict": "unknown", "detail": detail, "recent": _told(records)}
    bare = [str(e) for e, record in zip(wanted, records, strict=False) if not record]
    if bare:
        detail = f"There is no record of epoch {', '.join(bare)}."
        return {"verdict": "attention", "detail": detail, "recent": _told(records)}
    newest = _told(records)[0]
    detail = f"The last one was recorded at {newest['recorded_at']}: {newest['outcome']}."
    return {"verdict": "ok", "detail": detail, "recent": _told(records)}


def told(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record says of one recovery.

    `rto_seconds` is the machine's: from `rto_from`, the first failed probe where one is known and
    else the start of the run, to confirmed traffic, when reads and writes are both served. Users
    saw their first failure earlier or later than the probe; only a drill measures theirs.
    """
    timeline = read_json(record.get("timeline"), {})
    estimate = read_json(record.get("rpo_estimate"), {})
    failed, started = estimate.get("first_failed_at"), timeline.get("started_at")
    end = try_parse(timeline.get("traffic_confirmed_at"))
    source = (
        f"first failed probe ({estimate.get('source')})"
        if try_parse(failed)
        else "start of the run"
    )
    begin = try_parse(failed) or try_parse(started)
    seconds = estimate.get("seconds")
    return {
        **{k: record.get(k) for k in ("epoch", "outcome", "mode", "reason", "recorded_at")},
        "trigger": record.get("trigger"),
        "rto_seconds": round((end - begin).total_seconds(), 1) if begin and end else None,
        "rto_from": source if begin and end else None,
        "rpo_seconds": seconds if isinstance(seconds, int | float) else None,
        "rpo_detail": estimate.get("detail"),
    }


def read_json(text: Any, otherwise: Any) -> Any:
    """Read what a state machine stored as text, or something of the same kind where it is none."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return otherwise
    return found if isinstance(found, type(otherwise)) else otherwise


def _told(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [told(r) for r in records if r and "error" not in r]
