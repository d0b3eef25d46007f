"""Heartbeats: times that the active Region writes, so that the other can estimate the RPO.

They say nothing about who is active. Times are milliseconds since 1970 by the writer's clock. A
heartbeat from the future does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client.attributes import AttributeInvalid, number, text
from pilot_light_client.timestamps import has_happened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pilot_light_client.attributes import Row

# Partitions of a global table replicate separately: one key would stand for one partition only.
KEYS = 8
SORT_KEY = "heartbeat"
# A heartbeat may be late by half of its interval before it counts as missing.
PATIENCE = 1.5
# One a minute is enough while the other Region is active: it shows that replication works.
PASSIVE_MS = 60_000
# Requests write the next heartbeat, too. Health checks come all the time and do so a little early,
# in order to be in time; a write does so if they did not.
Server = Literal["check", "write"]
DUE: dict[Server, float] = {"check": 0.95, "write": 1.25}


@dataclass(frozen=True)
class Heartbeat:
    """One heartbeat. `by` begins with the kind of its writer: check, write or function."""

    seq: int
    written_at: int
    by: str = ""

    def age(self, now: int) -> int | None:
        """Return its age in milliseconds, or None if it is from the future."""
        age = now - self.written_at
        return age if has_happened(age / 1000) else None

    def due(self, now: int, interval_ms: int, server: Server) -> bool:
        """Return whether such a server should write the next one now."""
        age = self.age(now)
        return age is None or age >= interval_ms * DUE[server]

    def others_write(self, now: int, interval_ms: int, me: str) -> bool:
        """Return whether health checks or another invocation write the heartbeats.

        A write's heartbeat does not count: nobody knows when the next write comes. Nor does the
        last one of the invocation before, which is almost an interval old.
        """
        age, share = self.age(now), 0.5 if self.by.startswith("function ") else 1.0
        fresh = age is not None and age < interval_ms * share
        return fresh and self.by != me and not self.by.startswith("write ")


# A row that is no heartbeat: older than any, and written over.
UNREADABLE = Heartbeat(-1, 0)


def next_heartbeat(last: Heartbeat | None, *, now: int, by: str) -> Heartbeat:
    """Return the heartbeat after the last one."""
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


def read(row: Row | None) -> Heartbeat | None:
    """Read a heartbeat as DynamoDB returns it, or return None or UNREADABLE."""
    if row is None:
        return None
    try:
        return Heartbeat(number(row, "seq"), number(row, "written_at"), text(row, "by"))
    except AttributeInvalid:
        return UNREADABLE


def copies(beat: Heartbeat, region: str) -> list[dict[str, Any]]:
    """Return the items of the other keys."""
    return [{**key(region, n), **attributes(beat)} for n in range(1, KEYS)]


def replica_state(beats: Sequence[Heartbeat | None], now: int) -> dict[str, Any]:
    """Return the state of the other Region's heartbeats in this replica, as evidence.

    The oldest of the newest counts, and only if every key has one: nothing is known of the
    partition of a missing key. It does not count either if one is from the future: the writer's
    clock is ahead, and the lag would look smaller than it is.
    """
    present = [b for b in beats if b is not None]
    future = sum(b.age(now) is None for b in present)
    whole = len(present) == KEYS and not future
    return {
        "keys": KEYS,
        "held": len(present),
        "from_the_future": future,
        "oldest_written_at": min(b.written_at for b in present) if whole else None,
        "oldest_seq": min(b.seq for b in present) if whole else None,
        "newest_seq": max((b.seq for b in present), default=None),
    }
