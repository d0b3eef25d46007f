"""Heartbeats: what the active Region writes about itself, so that the RPO can be read elsewhere.

They say nothing about who is active. Moments are milliseconds since 1970 by the writer's clock, and
one from the future is not believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Partitions of a global table replicate on their own: one key would speak for one partition only.
KEYS = 16
SORT_KEY = "heartbeat"
# A heartbeat may be late by half of its interval before it counts as missing.
PATIENCE = 1.5
CLOCK_TOLERANCE_MS = 1_000
# Where the other Region is active, one a minute is enough: it shows that replication works.
PASSIVE_MS = 60_000
# Who serves requests writes the next one, too. Health checks come all the time, and so do it a
# little early, in order to be in time; a write does it where they did not.
Server = Literal["check", "write"]
DUE: dict[Server, float] = {"check": 0.95, "write": 1.25}


class HeartbeatInvalid(Exception):
    """A heartbeat is there and does not say when it was written."""


@dataclass(frozen=True)
class Heartbeat:
    """One heartbeat. `by` begins with the kind of its writer: check, write or function."""

    seq: int
    written_at: int
    by: str = ""

    def age(self, now: int) -> int | None:
        """Return its age in milliseconds, or None where it is from the future."""
        found = now - self.written_at
        return found if found >= -CLOCK_TOLERANCE_MS else None

    def due(self, now: int, interval_ms: int, server: Server) -> bool:
        """Return whether such a server should write the next one now."""
        found = self.age(now)
        return found is None or found >= interval_ms * DUE[server]

    def kept_by_others(self, now: int, interval_ms: int, me: str) -> bool:
        """Return whether health checks or another invocation write the heartbeats.

        A write's heartbeat does not count: nobody knows when the next write comes. Nor does the
        last one of the invocation before, which is almost an interval old.
        """
        found, share = self.age(now), 0.5 if self.by.startswith("function ") else 1.0
        fresh = found is not None and found < interval_ms * share
        return fresh and self.by != me and not self.by.startswith("write ")


def next_heartbeat(last: Heartbeat | None, *, now: int, by: str) -> Heartbeat:
    """Return the heartbeat that follows the last one."""
    return Heartbeat(last.seq + 1 if last else 1, now, by)


def key(region: str, number: int = 0) -> dict[str, Any]:
    """Return a key of a Region's heartbeats. Number 0 is the one that is written first."""
    return {"pk": {"S": f"H#{region}#{number}"}, "sk": {"S": SORT_KEY}}


def attributes(beat: Heartbeat) -> dict[str, Any]:
    """Return a heartbeat's attributes, types included, without its key."""
    return {
        "seq": {"N": str(beat.seq)},
        "written_at": {"N": str(beat.written_at)},
        "by": {"S": beat.by},
    }


def from_attributes(found: Mapping[str, Any]) -> Heartbeat:
    """Read a heartbeat as DynamoDB returns it.

    Raises
    ------
    HeartbeatInvalid
        An attribute is missing or of the wrong kind.
    """
    try:
        return Heartbeat(
            seq=int(found["seq"]["N"]),
            written_at=int(found["written_at"]["N"]),
            by=found["by"]["S"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise HeartbeatInvalid(f"A heartbeat has no valid attribute {error}.") from error


def copies(beat: Heartbeat, region: str, *, active: bool) -> list[dict[str, Any]]:
    """Return the items beside the first: the other keys, for a Region whose writes may be lost."""
    numbers = range(1, KEYS) if active else range(0)
    return [{**key(region, n), **attributes(beat)} for n in numbers]


def held(beats: Sequence[Heartbeat | None], now: int) -> dict[str, Any]:
    """Return what one Region holds of the other's heartbeats, as evidence.

    The oldest of the newest counts, and only where every key is held: a missing key is a partition
    of which nothing is known. Nor does it count where one of them is from the future: the writer's
    clock is ahead, and the lag would look smaller than it is.
    """
    there = [b for b in beats if b is not None]
    future = sum(b.age(now) is None for b in there)
    whole = len(there) == KEYS and not future
    return {
        "keys": KEYS,
        "held": len(there),
        "from_the_future": future,
        "oldest_written_at": min(b.written_at for b in there) if whole else None,
        "oldest_seq": min(b.seq for b in there) if whole else None,
        "newest_seq": max((b.seq for b in there), default=None),
    }
