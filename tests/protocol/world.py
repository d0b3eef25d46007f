"""Three Regions, the links between them, and a virtual clock.

Product code runs as it is. Where it waits, the world goes on inside of the call until the time has
passed: others may run meanwhile, and whoever waits may wake late, never early.
"""

from __future__ import annotations

import heapq
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.protocol.rules import Rules

PRIMARY, SECONDARY, WITNESS = "us-west-2", "us-east-2", "us-east-1"
REGIONS = (PRIMARY, SECONDARY, WITNESS)
LINKS = tuple(
    frozenset(p) for p in ((PRIMARY, SECONDARY), (PRIMARY, WITNESS), (SECONDARY, WITNESS))
)
BETWEEN = LINKS[0]
BEGINNING = 1_800_000_000.0
OVERSLEPT = 3.0
SHORTEST_LEG, LONGEST_LEG = 0.025, 0.06


class Violation(AssertionError):
    """An invariant does not hold."""


class World:
    """What everything in one history shares."""

    def __init__(self, seed: int, rules: Rules) -> None:
        self.rng = Random(seed)
        self.rules = rules
        self.now = BEGINNING
        self.cut: set[frozenset[str]] = set()
        self.lost: set[str] = set()
        self.catches_up: dict[str, float] = {}
        self.lives: dict[str, int] = dict.fromkeys(REGIONS, 0)
        self.slow = 0.0
        self.running: Any = None
        self._waiting: list[float] = []
        self._in_company = set(REGIONS)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._ids = 0
        self.log: list[str] | None = None

    # --- time ------------------------------------------------------------------------------------
    def at(self, delay: float, do: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._later, (self.now + delay, self._number, do))

    def run_until(self, moment: float) -> None:
        later = self._later
        while later and later[0][0] <= moment:
            due, _, do = heapq.heappop(later)
            if due > self.now:
                self.now = due
            do()
        self.now = max(self.now, moment)

    def wait(self, seconds: float) -> None:
        """Let time pass inside of a call."""
        me, due = self.running, self.now + seconds
        self._waiting.append(due)
        self.run_until(due)
        self._waiting.pop()
        self.running = me

    @property
    def crowded(self) -> bool:
        """Whether somebody should have woken long ago: then nobody new may begin."""
        return bool(self._waiting) and min(self._waiting) + OVERSLEPT < self.now

    def chance(self, of: float) -> bool:
        return self.rng.random() < of

    def leg(self) -> float:
        """How long a request, or an answer, is on its way between two Regions."""
        rng = self.rng
        way = SHORTEST_LEG + (LONGEST_LEG - SHORTEST_LEG) * rng.random()
        return way + rng.random() * 4 if self.slow and rng.random() < self.slow else way

    def number(self) -> int:
        self._ids += 1
        return self._ids

    def tell(self, what: str) -> None:
        if self.log is not None:
            self.log.append(f"{self.now - BEGINNING:9.3f} {what}")

    # --- Regions and links -----------------------------------------------------------------------
    def linked(self, one: str, other: str) -> bool:
        return not (self.lost & {one, other}) and frozenset((one, other)) not in self.cut

    def answered(self, region: str) -> bool:
        """Say whether the control table answers a Region: it reaches one more member."""
        return region in self._in_company and self.now >= self.catches_up.get(region, 0)

    def _look_around(self) -> None:
        company = (link for link in LINKS if link not in self.cut and not link & self.lost)
        self._in_company = {region for link in company for region in link}

    def lose(self, region: str) -> None:
        self.tell(f"{region} is lost")
        self.lost.add(region)
        self._look_around()
        self.lives[region] += 1

    def bring_back(self, region: str, catches_up: float) -> None:
        self.tell(f"{region} is back")
        self.lost.discard(region)
        self._look_around()
        self.catches_up[region] = self.now + catches_up

    def sever(self, links: set[frozenset[str]]) -> None:
        self.tell(f"cut: {_named(links)}")
        self.cut |= links
        self._look_around()

    def mend(self, links: set[frozenset[str]], catches_up: float) -> None:
        self.tell(f"mended: {_named(links)}")
        alone = [r for r in REGIONS if not self.answered(r)]
        self.cut -= links
        self._look_around()
        for region in alone:
            self.catches_up[region] = self.now + catches_up


def _named(links: set[frozenset[str]]) -> str:
    return ", ".join(sorted(" - ".join(sorted(link)) for link in links)) or "nothing"
