"""When an epoch was closed, and which part of the journal its closing may have torn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor
from typing import TYPE_CHECKING, Any

from pilotlight.shared.timestamps import try_parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.control.item import ControlItem
    from pilotlight.items.writes import Item

# By how much the clocks of two execution environments may differ: one may be off by an hour.
CLOCKS = timedelta(minutes=61)


@dataclass(frozen=True)
class Promotion:
    """A promotion as its record tells of it. What the record does not tell is None."""

    at: datetime | None = None
    first_failed_at: datetime | None = None
    lag: timedelta | None = None


def from_record(item: Mapping[str, Any]) -> Promotion:
    """Read the record of a promotion, attribute types included."""
    timeline, estimate = _json(item, "timeline"), _json(item, "rpo_estimate")
    seconds = estimate.get("seconds")
    return Promotion(
        at=try_parse(timeline.get("promoted_at")),
        first_failed_at=try_parse(estimate.get("first_failed_at")),
        lag=timedelta(seconds=seconds) if isinstance(seconds, int | float) else None,
    )


def is_closed(written: Item, control: ControlItem) -> bool:
    """Say whether the epoch in which something was written is over, or was never this Region's."""
    if written.epoch == control.epoch:
        return written.region != control.active_region
    return written.epoch < control.epoch


def closed_at(epoch: int, control: ControlItem, promotion: Promotion | None) -> datetime | None:
    """Return when an epoch was closed: the earliest of what is told, or None.

    Parameters
    ----------
    promotion
        The record of the promotion to the epoch after it, if there is one yet. The control item
        tells of the last change only, which may be a drain and so too late.
    """
    told = [promotion.at if promotion else None]
    if control.epoch <= epoch + 1:
        told.append(try_parse(control.changed_at))
    return min((t for t in told if t), default=None)


def is_late(created: float, closed: datetime | None) -> bool:
    """Say whether something arrived after its epoch was closed.

    A stream tells the creation of a record in whole seconds. What may have arrived after the
    closing counts as late: all of its second, and everything where the closing is not known. So an
    entry too many may stand in the ledger, and none too few.

    Parameters
    ----------
    created
        `ApproximateCreationDateTime` of the record, in seconds since 1970. Not when it was read: a
        consumer may lag behind.
    """
    return closed is None or floor(created) + 1 > closed.timestamp()


def torn_since(closed: datetime | None, promotion: Promotion | None) -> datetime | None:
    """Return from when on writes of a closed epoch may be missing, or None for all of it.

    The first failed probe less what replication lagged behind then, by the record. Where the record
    does not tell the lag, all of the epoch counts.
    """
    known = promotion or Promotion()
    seen = [t for t in (known.first_failed_at, known.at, closed) if t]
    if not seen or known.lag is None:
        return None
    return min(seen).astimezone(UTC) - known.lag - CLOCKS


def _json(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    try:
        found = json.loads(item[name]["S"])
    except (KeyError, TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
