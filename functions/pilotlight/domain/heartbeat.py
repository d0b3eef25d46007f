"""Heartbeats: what a Region writes about itself, so that the other can tell what it lacks.

A heartbeat promises when the next one comes. One that comes much later shows a gap: the Region was
down, or its code was. Moments are milliseconds since 1970 by the writer's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Partitions of a global table replicate on their own: one key would speak for one partition only.
KEYS = 16
SORT_KEY = "heartbeat"
# A heartbeat may be late by half of what was promised before it counts as a gap.
PATIENCE = 1.5
CLOCK_TOLERANCE_MS = 1_000
# Where the other Region is active, one a minute is enough: nothing rests on this Region's pulse.
PASSIVE_PROMISE_MS = 60_000
# Who serves writes the next one, too. Health checks come all the time, and so do it a little early,
# in order to be in time; a write does it where they did not.
Server = Literal["check", "write"]
DUE: dict[Server, float] = {"check": 0.95, "write": 1.25}


class HeartbeatInvalid(Exception):
    """A heartbeat is there and does not say when it was written."""


@dataclass(frozen=True)
class Heartbeat:
    """One heartbeat. `unbroken_since` is when they began anew after the latest gap, if any."""

    seq: int
    written_at: int
    promise_ms: int
    unbroken_since: int | None = None
    by: str = ""
    by_started: int = 0

    def late(self, now: int) -> bool:
        """Say whether the next one should be there."""
        return now - self.written_at >= self.promise_ms

    def due(self, now: int, promise_ms: int, server: Server) -> bool:
        """Say whether a Region that promises so much leaves the next one to such a server now."""
        return now - self.written_at >= min(self.promise_ms, promise_ms) * DUE[server]

    def stale(self, now: int) -> bool:
        """Say whether one that comes now comes after a gap. A clock that went back shows one."""
        age = now - self.written_at
        return not -CLOCK_TOLERANCE_MS <= age <= self.promise_ms * PATIENCE


def following(
    last: Heartbeat | None, *, now: int, promise_ms: int, by: str, by_started: int
) -> Heartbeat:
    """Return the heartbeat that follows the last one.

    The very first follows nothing, and so no gap: that nothing was ever written is no sign of an
    outage, and a release that brings heartbeats may not stop writes.
    """
    if last is None:
        return Heartbeat(1, now, promise_ms, None, by, by_started)
    since = now if last.stale(now) else last.unbroken_since
    return Heartbeat(last.seq + 1, now, promise_ms, since, by, by_started)


def key(region: str, number: int = 0) -> dict[str, Any]:
    """Return a key of a Region's heartbeats. Number 0 carries the pulse that the fence reads."""
    return {"pk": {"S": f"H#{region}#{number}"}, "sk": {"S": SORT_KEY}}


def attributes(beat: Heartbeat) -> dict[str, Any]:
    """Return a heartbeat's attributes, types included, without its key."""
    found = {
        "seq": {"N": str(beat.seq)},
        "written_at": {"N": str(beat.written_at)},
        "promise_ms": {"N": str(beat.promise_ms)},
        "by": {"S": beat.by},
        "by_started": {"N": str(beat.by_started)},
    }
    if beat.unbroken_since is not None:
        found["unbroken_since"] = {"N": str(beat.unbroken_since)}
    return found


def from_attributes(found: Mapping[str, Any]) -> Heartbeat:
    """Read a heartbeat as DynamoDB returns it.

    Raises
    ------
    HeartbeatInvalid
        An attribute is missing or of the wrong kind.
    """
    try:
        since = found.get("unbroken_since")
        return Heartbeat(
            seq=int(found["seq"]["N"]),
            written_at=int(found["written_at"]["N"]),
            promise_ms=int(found["promise_ms"]["N"]),
            unbroken_since=int(since["N"]) if since else None,
            by=found["by"]["S"],
            by_started=int(found["by_started"]["N"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise HeartbeatInvalid(f"A heartbeat lacks or garbles {error}.") from error


def copies(beat: Heartbeat, region: str, *, active: bool) -> list[dict[str, Any]]:
    """Return the items beside the pulse: the other keys, for a Region whose writes may be lost."""
    numbers = range(1, KEYS) if active else range(0)
    return [{**key(region, n), **attributes(beat)} for n in numbers]


def held(beats: Sequence[Heartbeat | None], object_written_at: int | None) -> dict[str, Any]:
    """Return what one Region holds of the other's heartbeats, as evidence.

    The oldest of the newest counts, and only where every key is held: a missing key is a partition
    of which nothing is known.
    """
    there = [b for b in beats if b is not None]
    whole = len(there) == KEYS
    return {
        "keys": KEYS,
        "held": len(there),
        "oldest_written_at": min(b.written_at for b in there) if whole else None,
        "oldest_seq": min(b.seq for b in there) if whole else None,
        "newest_seq": max((b.seq for b in there), default=None),
        "object_written_at": object_written_at,
    }


def kept_by_checks(last: Heartbeat | None, now: int) -> bool:
    """Say whether health checks write the heartbeats: the last one was theirs, and none is late.

    A write's heartbeat says nothing of the next write, and so does not count.
    """
    return last is not None and last.by.startswith("check ") and not last.late(now)


def taken_over(mine: int, last: Heartbeat | None) -> bool:
    """Say whether an invocation that was started later than `mine` writes the heartbeats now."""
    return last is not None and last.by_started > mine
