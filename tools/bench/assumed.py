"""What the lab leaves out, assumed, and drawn on top of what was measured. Pure.

AWS publishes no figure for these delays. Each is drawn anew for each user from a triangle: the
least, the most likely, and the most seconds. They are assumptions; the bench's own tables are
without them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotlight.failover.forecast import LATE, VERDICT_DELAY

if TYPE_CHECKING:
    from collections.abc import Sequence

DRAWS = 200
# How many states a failover that the sentinel starts enters until its claim; a test counts them.
STATES = 24


@dataclass(frozen=True)
class Delay:
    """One delay, in seconds, and how often it comes before users of ours or of a rival are served.

    `chance` is for how many of them it comes at all.
    """

    name: str
    why: str
    least: float
    likely: float
    most: float
    ours: int
    rivals: int = 0
    chance: float = 1.0

    def drawn(self, times: int, draw: random.Random) -> float:
        """Draw its seconds, for as often as it comes."""
        return sum(
            draw.triangular(self.least, self.most, self.likely)
            for _ in range(times)
            if draw.random() < self.chance
        )


DELAYS = (
    Delay(
        "from a verdict to the name servers' answers",
        "Users report one to five seconds, and up to sixty. Ours waits for the endpoint's verdict "
        "and the switch's, a rival for one.",
        *VERDICT_DELAY,
        ours=2,
        rivals=1,
    ),
    Delay(
        "a probe run begins late",
        "A delayed message of SQS is due at a full second, and polled for.",
        *LATE,
        ours=1,
    ),
    Delay(
        "StartExecution",
        "One call of an API in the own Region.",
        0.02,
        0.05,
        0.3,
        ours=1,
    ),
    Delay(
        "from one state of the machine to the next",
        "Standard workflows store each. As many as are entered until the claim, as if none of the "
        "branches ran beside another.",
        0.01,
        0.03,
        0.15,
        ours=STATES,
    ),
    Delay(
        "invocation of a function that is warm",
        "Intake, the slowest of the evidence, decide.",
        0.01,
        0.03,
        0.1,
        ours=3,
    ),
    Delay(
        "cold start of one of them",
        "Scheduled readiness keeps an environment of each by a ping every five minutes. That one "
        "in ten is gone all the same is assumed.",
        0.4,
        0.6,
        1.5,
        ours=3,
        chance=0.1,
    ),
    Delay(
        "the beacon's name servers",
        "Found by NS and A once in two days; then one round trip.",
        0.005,
        0.02,
        0.2,
        ours=1,
    ),
)


def with_delays(seconds: Sequence[float | None], *, ours: bool) -> list[float | None]:
    """Return what users would have lost with everything that is assumed, so many draws of each."""
    draw = random.Random(1)
    return [
        None
        if each is None
        else each + sum(d.drawn(d.ours if ours else d.rivals, draw) for d in DELAYS)
        for each in seconds
        for _ in range(DRAWS)
    ]
