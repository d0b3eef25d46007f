"""When an epoch ended, and which part of its journal may be incomplete in the Secondary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor
from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import try_text
from pilot_light_client.timestamps import has_happened, try_parse

from pilotlight.conditions.evidence import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilot_light_client.control_item import ControlItem
    from pilot_light_client.journal import Version

# By how much the clocks of two execution environments may differ: one may be off by an hour.
CLOCKS = timedelta(minutes=61)
# A year. Whatever claims more counts as unknown.
LONGEST_LAG_SECONDS = 366 * 86_400


@dataclass(frozen=True)
class Promotion:
    """A promotion by its record. A value that the record does not hold is None."""

    at: datetime | None = None
    first_failed_at: datetime | None = None
    lag: timedelta | None = None
    # Both Regions' journals of the epoch before were compared to their end, and were equal.
    proven: bool = False


def from_record(item: Mapping[str, Any]) -> Promotion:
    """Read the record of a promotion, attribute types included."""
    timeline, estimate, proof = (
        read_json(try_text(item, name), {}) for name in ("timeline", "rpo_estimate", "proof")
    )
    seconds = estimate.get("seconds")
    known = isinstance(seconds, int | float) and 0 <= seconds <= LONGEST_LAG_SECONDS
    return Promotion(
        at=try_parse(timeline.get("promoted_at")),
        first_failed_at=try_parse(estimate.get("first_failed_at")),
        lag=timedelta(seconds=seconds) if known else None,
        proven=proof.get("proven") is True,
    )


def is_over(written: Version, control: ControlItem) -> bool:
    """Return whether the epoch of a write is over, or was never its Region's."""
    runs = written.epoch == control.epoch and written.region == control.active_region
    return written.epoch <= control.epoch and not runs


def ended_at(
    epoch: int, control: ControlItem, promotion: Promotion | None, now: datetime
) -> datetime | None:
    """Return when an epoch ended: the earliest time on record, or None.

    A time in the future is not believed.

    Parameters
    ----------
    promotion
        The record of the promotion to the next epoch, if there is one yet. The control item holds
        only the time of its last change, which may be a drain and so too late.
    """
    times = [promotion.at if promotion else None]
    if control.epoch <= epoch + 1:
        times.append(try_parse(control.changed_at))
    past = (t for t in times if t and has_happened((now - t).total_seconds()))
    return min(past, default=None)


def is_late(created: float, ended: datetime | None) -> bool:
    """Return whether a stream record was created after its epoch ended.

    A stream gives the creation in whole seconds. A record of the second in which the epoch ended
    counts as late, and so does every record if the end is unknown. The ledger may so hold an entry
    too many, and never one too few.

    Parameters
    ----------
    created
        `ApproximateCreationDateTime` of the record, in seconds since 1970. Not when it was read: a
        consumer may lag behind.
    """
    return ended is None or floor(created) + 1 > ended.timestamp()


def incomplete_since(
    ended: datetime | None, promotion: Promotion | None, clocks: timedelta = CLOCKS
) -> datetime | None:
    """Return since when writes of an ended epoch may be missing, or None for all of the epoch.

    That is the first failed probe, less the replication lag on record, less what the clocks may
    differ by. If the lag is not on record, all of the epoch counts.
    """
    if promotion is None or promotion.lag is None:
        return None
    times = [t for t in (promotion.first_failed_at, promotion.at, ended) if t]
    return min(times).astimezone(UTC) - promotion.lag - clocks if times else None
