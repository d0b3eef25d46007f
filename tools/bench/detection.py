"""Which outages promote, and how often errors alone would: computed, nothing is run. Pure.

Errors strike each request on its own, at a constant rate. Checkers ask every ten seconds and do not
coordinate. A checker changes its mind after so many like answers in a row, and Route 53 finds the
endpoint unhealthy while at most 18 % of the checkers find it healthy: of six, one.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import comb
from typing import TypeAlias

INTERVAL, MONTH = 10.0, 30 * 86_400.0
CHECKERS, UNHEALTHY = 6, 5
ERROR_RATES = (0.01, 0.05, 0.20)
DURATIONS = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0)
# Own probes from the first failed one until the machine is started, and the seconds they take.
OWN_PROBES, SETTLE_SECONDS = 5, 4.0
# Own probes of a judgement, and the seconds for which it follows the beacon.
PROBES, FOLLOW_SECONDS = 3, 6.0
# From the start of the machine, or from the beacon, to the last own probe that has to fail.
MACHINE_SECONDS = 0.5
DRAWS = 4_000
Outcome: TypeAlias = Callable[[float, int, random.Random], bool]


def checker(error_rate: float, failures: int) -> tuple[float, float]:
    """Return for which share of the time a checker finds a well endpoint unhealthy, and its turns.

    Turns are the share of its requests at which it turns from healthy to unhealthy. Both follow
    from the lengths of runs of failures and of good answers, in equilibrium.
    """
    good = 1.0 - error_rate
    healthy = (1.0 - error_rate**failures) / good
    unhealthy = (error_rate / good) ** failures * (1.0 - good**failures) / error_rate
    whole = healthy + unhealthy
    return unhealthy / whole, error_rate**failures / whole


def false_moves(error_rate: float, failures: int) -> float:
    """Return how often a month errors move the users of a plain failover."""
    share, turns = checker(error_rate, failures)
    others = comb(CHECKERS - 1, UNHEALTHY - 1) * share ** (UNHEALTHY - 1) * (1.0 - share)
    return CHECKERS * MONTH / INTERVAL * turns * others


def false_promotions(error_rate: float, failures: int) -> float:
    """Return how often a month, at most, errors promote.

    All probes of the sentinel fail, then all of a judgement; the beacon is unhealthy, or turns
    while the machine follows it. A judgement in which all is well ends the run, so there are few.
    """
    share, _ = checker(error_rate, failures)
    beacon = sum(
        comb(CHECKERS, n) * share**n * (1.0 - share) ** (CHECKERS - n)
        for n in range(UNHEALTHY, CHECKERS + 1)
    )
    followed = 1.0 + CHECKERS * FOLLOW_SECONDS / INTERVAL
    starts = MONTH / INTERVAL * error_rate**OWN_PROBES
    judgements = 1.0 / (1.0 - error_rate) ** PROBES
    return starts * judgements * error_rate**PROBES * min(1.0, beacon * followed)


def promoted(duration: float, failures: int, draw: random.Random) -> bool:
    """Draw the phases of one outage, and return whether it lasts until the promotion."""
    started = draw.uniform(0.0, INTERVAL) + SETTLE_SECONDS
    return max(started, _unhealthy(failures, draw)) + MACHINE_SECONDS < duration


def moved(duration: float, failures: int, draw: random.Random) -> bool:
    """Draw the phases of one outage, and return whether a plain failover moves its users."""
    return _unhealthy(failures, draw) < duration


def _unhealthy(failures: int, draw: random.Random) -> float:
    """Draw when Route 53 finds the endpoint unhealthy, in seconds since the outage."""
    first = sorted(draw.uniform(0.0, INTERVAL) for _ in range(CHECKERS))
    return first[UNHEALTHY - 1] + (failures - 1) * INTERVAL


def share(outcome: Outcome, duration: float, failures: int) -> float:
    """Return the share of the outages of one length that come to something."""
    draw = random.Random(1)
    return sum(outcome(duration, failures, draw) for _ in range(DRAWS)) / DRAWS
