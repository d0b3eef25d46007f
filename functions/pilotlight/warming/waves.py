"""Warming: how many environments a function is proven to have, and how the work is shared out.

An environment answers a ping under an id of its own and holds it for a while. Pings that are held
at the same time cannot share one, so distinct ids within one wave are environments that exist side
by side. Ids of different waves are not added up: that would prove less.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pilotlight.warming.paths import Requested

# An inline Map runs at most 40 iterations at once (Step Functions guide, "Map state in Inline
# mode"). As many batches, whatever there is to warm, are one round and about 280 events.
MAX_BATCHES = 40
PINGS_IN_A_BATCH = 125
# Held longer if a wave met an environment twice: it had answered before all pings were sent.
HOLDS_MS = (150, 500, 1000)
SHOWN = 20


@dataclass(frozen=True)
class Wave:
    """What one wave of pings returned."""

    environments: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Warmed:
    """One function: environments requested, the most that one wave proved, and failed pings."""

    function: str
    requested: int
    environments: int = 0
    failed: int = 0
    waves: int = 0
    why: str = ""

    @property
    def short(self) -> int:
        """Environments that were requested and not proven."""
        return self.requested - self.environments


def name(function: str) -> str:
    """Return a function's name and alias, of its ARN or as it stands."""
    return function.split(":function:")[-1]


def warmed(
    function: str,
    requested: int,
    send: Callable[[int], Wave],
    in_time: Callable[[], bool],
) -> Warmed:
    """Send waves of pings to one function until one of them proves as many environments.

    Parameters
    ----------
    send
        Sends as many pings at once, each to be held for the given milliseconds.
    in_time
        Whether another wave may begin.
    """
    target = Warmed(name(function), requested)
    for hold in HOLDS_MS:
        if not in_time():
            return replace(target, why=target.why or "There was no time left to ping it.")
        wave = send(hold)
        distinct = len(set(wave.environments))
        target = replace(
            target,
            environments=max(target.environments, distinct),
            failed=target.failed + len(wave.errors),
            waves=target.waves + 1,
            why=wave.errors[-1] if wave.errors else "",
        )
        # If nothing answered, a longer hold helps nobody.
        if not target.short or not distinct:
            break
    return target


def batches(targets: int, requested: int) -> list[dict[str, int]]:
    """Share out so many functions and paths, by their place in the list.

    `show` is how many of its functions a batch may name.
    """
    size = max(1, PINGS_IN_A_BATCH // requested, ceil(targets / MAX_BATCHES))
    starts = range(0, targets, size)
    return [
        {"from": i, "to": min(i + size, targets), "show": max(1, SHOWN // len(starts))}
        for i in starts
    ]


def summary(
    targets: Sequence[Warmed], show: int, paths: Sequence[Requested] = ()
) -> dict[str, Any]:
    """Return the sums of a batch, and its least warm functions: evidence has to stay small.

    A contract has a few paths only, so they are all there.
    """
    short = any(t.short for t in targets) or any(p.short for p in paths)
    worst = sorted(targets, key=lambda t: -t.short)[:show]
    return {
        "ok": bool(targets or paths) and not short,
        "functions": len(targets),
        "requested": sum(t.requested for t in targets),
        "environments": sum(t.environments for t in targets),
        "failed": sum(t.failed for t in targets),
        "targets": [{**asdict(t), "why": t.why[:200]} for t in worst],
        "paths": [{**asdict(p), "why": p.why[:200]} for p in paths],
    }
