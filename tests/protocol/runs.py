"""Many histories, one after the other or side by side, and the searches of the model."""

from __future__ import annotations

import gc
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial

from tests.protocol import model
from tests.protocol.history import REPLAY, lived
from tests.protocol.model_movers import Plan
from tests.protocol.rules import Rules, without
from tests.protocol.search import Found, searched
from tests.protocol.world import Violation

# The first look. HISTORIES=100000 runs as many instead.
HISTORIES = 200
AT_ONCE = 1_000


def _failover(number: int, region: int, executions: int, budget: int) -> Plan:
    return Plan("failover", number, region, executions, budget)


def _switchover(number: int, region: int, executions: int, budget: int) -> Plan:
    return Plan("switchover", number, region, executions, budget)


# Pairs of machines: number, Region that is to be active, starts, requests for each start. The
# Primary is Region 0 and active at first. Each search comes to its end.
WORLDS = (
    (_switchover(1, 1, 2, 2), _switchover(2, 1, 1, 3)),
    (_failover(1, 1, 1, 3), _failover(2, 1, 1, 3)),
    (_failover(1, 1, 1, 3), _switchover(2, 1, 1, 3)),
    (_failover(1, 1, 1, 3), _switchover(2, 0, 1, 3)),
    (_failover(1, 0, 1, 3), _switchover(2, 1, 2, 2)),
    (_switchover(1, 1, 2, 2), _switchover(2, 0, 2, 2)),
    (_failover(1, 1, 1, 3), _failover(2, 0, 1, 2)),
)
# Smaller pairs, which `make unit` searches in seconds.
FIRST_LOOK = (
    (_switchover(1, 1, 1, 2), _switchover(2, 0, 1, 2)),
    (_failover(1, 0, 1, 2), _switchover(2, 1, 1, 2)),
    (_failover(1, 1, 1, 2), _switchover(2, 0, 1, 2)),
)


@dataclass
class Lived:
    """What came of some histories."""

    histories: int = 0
    acknowledged: int = 0
    claims: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Lived) -> None:
        self.histories += other.histories
        self.acknowledged += other.acknowledged
        self.claims += other.claims
        self.kinds += other.kinds
        self.failures += other.failures

    def told(self, rule: str | None = None) -> str:
        """Say which failed, and how each is lived again."""
        out = f" {rule}" if rule else ""
        return "\n".join(f"{why}: {REPLAY} {seed}{out}" for seed, why in self.failures)


def live(seeds: range, rule: str | None = None, *, to_first: bool = False) -> Lived:
    """Live the histories of some seeds, with all rules or without one."""
    found = Lived()
    collects = gc.isenabled()
    gc.disable()  # Each history is garbage as a whole. Twice as fast.
    try:
        with without(rule) as rules:
            for seed in seeds:
                _one(seed, rules, found)
                if seed % 100 == 0:
                    gc.collect()
                if to_first and found.failures:
                    break
    finally:
        if collects:
            gc.enable()
    return found


def _one(seed: int, rules: Rules, found: Lived) -> None:
    found.histories += 1
    try:
        seen = lived(seed, rules)
    except Violation as violation:
        found.failures.append((seed, str(violation)))
        return
    found.acknowledged += seen.acknowledged
    found.claims += seen.claims
    found.kinds.update(seen.kinds)


@cache
def searches() -> list[Found]:
    """Search every pair of machines, once."""
    return searched(WORLDS, model.Rules())


def live_all(number: int) -> Lived:
    """Live the histories from seed 0 on, on all cores where they are many."""
    if number <= HISTORIES:
        return live(range(number))
    total = Lived()
    parts = [range(n, min(n + AT_ONCE, number)) for n in range(0, number, AT_ONCE)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(partial(live), parts):
            total.add(part)
    return total
