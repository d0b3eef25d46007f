"""Which of a strong table's three members reach each other, and how long a round trip takes.

DynamoDB answers strong calls in a Region only while it reaches at least one of the other two
members. A Region that comes back has to catch up first, and answers them with errors until then.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.engine.clock import Clock
    from lab.engine.outages.losses import Style
    from lab.engine.outages.outage import Outage

# Seconds of a round trip between any two Regions. Assumed: AWS states no figures for
# strong tables, and nothing was measured there. Real seconds, which no speed shortens, because the
# code under test waits for them by its own clock.
ROUND_TRIP = 0.06
# Seconds of AWS, assumed: how long a Region that is back needs until it is where the others are.
CATCH_UP_SECONDS = 3.0


@dataclass(frozen=True)
class Members:
    """The three members of a strong table. A witness keeps the log and serves nobody."""

    replicas: tuple[str, ...]
    witness: str | None = None

    def besides(self, region: str) -> list[str]:
        """Return the other members."""
        every = (*self.replicas, *([self.witness] if self.witness else []))
        return [member for member in every if member != region]


class Quorum:
    """Which Regions may answer strong calls on a table."""

    def __init__(self, members: Members, outage: Outage, clock: Clock) -> None:
        self.members = members
        self._outage = outage
        self._clock = clock
        self._out_of_touch: set[str] = set()
        self._back_since: dict[str, float] = {}

    def look(self) -> None:
        """Note which Regions are out of touch now, and since when others are back."""
        for region in self.members.replicas:
            if self._silenced(region):
                self._out_of_touch.add(region)
            elif region in self._out_of_touch:
                self._back_since[region] = time.monotonic()
                self._out_of_touch.discard(region)

    def refusal(self, region: str) -> Style | None:
        """Return how a strong call in a Region fails now, or None where it is answered."""
        self.look()
        silenced = self._silenced(region)
        return "503" if silenced is None and self.catching_up(region) else silenced

    def catching_up(self, region: str) -> bool:
        """Return whether a Region is back and not yet where the others are."""
        back = self._back_since.get(region)
        return back is not None and time.monotonic() - back < self._clock.real(CATCH_UP_SECONDS)

    def round_trip(self, region: str) -> float:
        """Return the seconds to another member in reach and back; 0 where there is none."""
        reached = (self._unreached(region, o) is None for o in self.members.besides(region))
        return ROUND_TRIP if any(reached) else 0.0

    def _silenced(self, region: str) -> Style | None:
        """Return how a Region fails that is lost or reaches nobody, or None."""
        here = self._lost(region)
        others = self.members.besides(region)
        ways = [here] if here else [self._unreached(region, other) for other in others]
        if None in ways:
            return None
        return "hang" if {"hang", "drop"} & {*ways} else "503"

    def _unreached(self, region: str, other: str) -> Style | None:
        """Return how what a Region sends to another member fails, or None."""
        return self._outage.cuts.get(frozenset((region, other))) or self._lost(other)

    def _lost(self, region: str) -> Style | None:
        loss = self._outage.loss_of(region)
        return loss.style if loss and not self._outage.serves(region, "dynamodb") else None
