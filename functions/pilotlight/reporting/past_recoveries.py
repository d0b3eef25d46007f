"""Past recoveries by their records: how long they took, and what may have been lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client.timestamps import try_parse

from pilotlight.conditions.evidence import read_json
from pilotlight.recoveries import rto

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEPT = 5


def epochs(control: Mapping[str, Any]) -> list[int]:
    """Return the epochs of the latest recoveries. The first epoch was seeded."""
    newest = control.get("epoch")
    if not isinstance(newest, int):
        return []
    return list(range(newest, max(newest - KEPT, 1), -1))


def fact(records: Sequence[Mapping[str, Any]], control: Mapping[str, Any]) -> dict[str, Any]:
    """Return the latest recoveries, newest first. An epoch without a record needs attention.

    A run that ends between its promotion and its record leaves such an epoch, and so does a
    take-over by hand; the next run of the machine completes the record.
    """
    verdict, detail = _verdict(records, control)
    recent = [recovery(r) for r in records if r and "error" not in r]
    return {"verdict": verdict, "detail": detail, "recent": recent}


def _verdict(records: Sequence[Mapping[str, Any]], control: Mapping[str, Any]) -> tuple[str, str]:
    expected = epochs(control)
    if control.get("epoch") == 1:
        return "ok", "There was none yet."
    if not expected:
        return "unknown", "The epoch is not known."
    unread = [str(r["error"]) for r in records if "error" in r]
    if unread or len(records) < len(expected):
        return "unknown", f"Records could not be read: {'; '.join(unread) or 'some are missing'}"
    bare = [str(e) for e, record in zip(expected, records, strict=True) if not record]
    if bare:
        return "attention", f"There is no record of epoch {', '.join(bare)}."
    newest = records[0]
    return (
        "ok",
        f"The last one was recorded at {newest.get('recorded_at')}: {newest.get('outcome')}.",
    )


def recovery(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return one recovery by its record.

    `rto_seconds` is the machine's: from `rto_from`, the first failed probe if one is known and
    else the start of the run, to confirmed traffic, when reads and writes are both served. Users
    saw their first failure earlier or later than the probe; only a drill measures theirs. Its
    target is the one of its day.
    """
    timeline = read_json(record.get("timeline"), {})
    estimate = read_json(record.get("rpo_estimate"), {})
    failed = try_parse(estimate.get("first_failed_at"))
    end = try_parse(timeline.get("traffic_confirmed_at"))
    begin = failed or try_parse(timeline.get("started_at"))
    source = f"first failed probe ({estimate.get('source')})" if failed else "start of the run"
    actual = round((end - begin).total_seconds(), 1) if begin and end else None
    target = record.get("rto_target")
    seconds = estimate.get("seconds")
    names = ("epoch", "outcome", "mode", "reason", "recorded_at", "trigger")
    return {
        **{name: record.get(name) for name in names},
        "rto_seconds": actual,
        "rto_from": source if begin and end else None,
        "rto_target_seconds": target,
        "within_target": rto.actual_against(actual, source, target).within,
        "rpo_seconds": seconds if isinstance(seconds, int | float) else None,
        "rpo_detail": estimate.get("detail"),
    }
