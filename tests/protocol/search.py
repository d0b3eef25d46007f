"""Every state that the model can reach, each seen once, each judged."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.protocol.model import START, Broken, Rules, Shared, Writer, network, write, writer_ticks
from tests.protocol.model_movers import Mover, Plan, keep, steps, ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BITS = 14
MASK = (1 << BITS) - 1
SHARED, FIRST, SECOND, KEEPER, LEFT, RIGHT = range(6)


@dataclass
class Found:
    """What a search saw: how many states, how long it took, and what was broken, step by step."""

    states: int
    seconds: float
    broken: str | None = None
    trace: list[str] = field(default_factory=list)


class Numbers(dict):
    """A number for each value, and the value of each number."""

    def __init__(self) -> None:
        self.values_of: list = []

    def __missing__(self, value: object) -> int:
        self[value] = number = len(self.values_of)
        assert number <= MASK
        self.values_of.append(value)
        return number


class Search:
    """A breadth-first search. A state is one integer: a field of bits for each part."""

    def __init__(self, plans: tuple[Plan, Plan], rules: Rules) -> None:
        self._rules = rules
        self._numbers = [Numbers() for _ in range(6)]
        self._next: list[dict[int, tuple[int, ...]]] = [{} for _ in range(6)]
        self._tick: list[dict[int, int]] = [{} for _ in range(6)]
        self._start = (START, plans[0].start, plans[1].start, Mover(), Writer(), Writer())
        self._step: list[Callable] = [
            lambda _, shared: ((None, after) for after in network(shared, rules)),
            lambda me, shared: steps(plans[0], me, shared, rules),
            lambda me, shared: steps(plans[1], me, shared, rules),
            lambda me, shared: keep(me, shared, rules),
            lambda me, shared: write(0, me, shared, rules),
            lambda me, shared: write(1, me, shared, rules),
        ]

    def run(self, at_most: int = 10_000_000, *, trace: bool = False) -> Found:
        """Search to the end, to the first thing broken, or to a number of states."""
        begun = time.perf_counter()
        start = sum(self._numbers[p][v] << (p * BITS) for p, v in enumerate(self._start))
        seen, level, before = {start}, [start], {start: start} if trace else None
        try:
            while level and len(seen) < at_most:
                level = self._level(level, seen, before)
        except Broken as broken:
            at, why = broken.args[1], broken.args[0]
            found = Found(len(seen), time.perf_counter() - begun, why)
            return self._told(found, at, before) if before is not None else found
        return Found(len(seen), time.perf_counter() - begun)

    def _level(self, level: list[int], seen: set[int], before: dict[int, int] | None) -> list[int]:
        """Return all states that are one step further on, and new."""
        deltas, tables = self._deltas, self._next
        found: list[int] = []
        for state in level:
            shared, moves, steps_on = state & MASK, 0, []
            for part in range(6):
                key = (state >> (part * BITS)) & MASK
                table, pair = tables[part], shared | key << BITS
                if pair not in table:
                    table[pair] = deltas(part, key, shared, state)
                steps_on += table[pair]
                if part == KEEPER:
                    moves = len(steps_on)
            waited = self._ticked(state)
            if not moves and not waited:
                self._rests(state)
            for delta in (*steps_on, waited):
                after = state + delta
                if after not in seen:
                    seen.add(after)
                    found.append(after)
                    if before is not None:
                        before[after] = state
        return found

    def _deltas(self, part: int, key: int, shared: int, state: int) -> tuple[int, ...]:
        """Compute what a part may do. Kept for every other state with the same two."""
        me, there = self._numbers[part].values_of[key], self._numbers[SHARED].values_of[shared]
        found = set()
        try:
            for after, then in self._step[part](me, there):
                delta = self._numbers[SHARED][then] - shared
                if part != SHARED:
                    delta += (self._numbers[part][after] - key) << (part * BITS)
                found.add(delta)
        except Broken as broken:
            raise Broken(broken.args[0], state) from None
        found.discard(0)
        return tuple(found)

    def _ticked(self, state: int) -> int:
        total = 0
        for part in (FIRST, SECOND, KEEPER, LEFT, RIGHT):
            key = (state >> (part * BITS)) & MASK
            delta = self._tick[part].get(key)
            if delta is None:
                me = self._numbers[part].values_of[key]
                after = writer_ticks(me, self._rules) if part >= LEFT else ticks(me)
                delta = (self._numbers[part][after] - key) << (part * BITS)
                self._tick[part][key] = delta
            total += delta
        return total

    def _rests(self, state: int) -> None:
        """Nobody but the writers has anything left to do."""
        there: Shared = self._numbers[SHARED].values_of[state & MASK]
        if there.state != "serving":
            raise Broken("A claim or a drain stays, and nobody ends it.", state)

    def _told(self, found: Found, at: int, before: dict[int, int]) -> Found:
        path = [at]
        while before[path[-1]] != path[-1]:
            path.append(before[path[-1]])
        found.trace = [self._text(state) for state in reversed(path)]
        return found

    def _text(self, state: int) -> str:
        values = (n.values_of[(state >> (p * BITS)) & MASK] for p, n in enumerate(self._numbers))
        return " | ".join(map(str, values))


def searched(worlds: Iterable[tuple[Plan, Plan]], rules: Rules, **how: bool | int) -> list[Found]:
    """Search several pairs of machines, up to the first that breaks something."""
    found: list[Found] = []
    for plans in worlds:
        found.append(Search(plans, rules).run(**how))
        if found[-1].broken:
            break
    return found
