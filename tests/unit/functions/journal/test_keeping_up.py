"""By schedule the watermark follows the active Region's journal, and nothing is an error."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.journal.keeping_up import keep_up
from pilotlight.journal.proof import Progress, TailsDiffer

from tests.unit.functions.fakes import PRIMARY, SECONDARY


class World:
    """A control item, calls that compare a part each, and a clock that they move."""

    def __init__(self, calls: int = 1) -> None:
        self.item: Any = SimpleNamespace(active_region=PRIMARY, state="serving", epoch=3)
        self.calls, self.left = calls, 60.0
        self.asked: list[tuple[str, int]] = []
        self.fails: Exception | None = None

    def read(self) -> Any:
        if isinstance(self.item, Exception):
            raise self.item
        return self.item

    def proof_of(self, source: str, epoch: int) -> Any:
        self.asked.append((source, epoch))
        return self

    def advance(self, seconds: float) -> Progress:
        if self.fails:
            raise self.fails
        self.calls -= 1
        self.left -= seconds
        return Progress(10, 100, "mark", "mark", complete=self.calls == 0)

    def keep_up(self) -> dict[str, Any]:
        control: Any = self
        return keep_up(control, self.proof_of, lambda: self.left)


def test_it_compares_the_active_regions_journal_of_its_epoch() -> None:
    world = World()
    world.item.active_region, world.item.epoch = SECONDARY, 4
    assert world.keep_up() == {"caught_up": True, "watermark": "mark", "compared": 100}
    assert world.asked == [(SECONDARY, 4)]


def test_it_goes_on_while_there_is_time_and_ends_before_it_is_cut_off() -> None:
    assert World(4).keep_up()["caught_up"]
    world = World(100)
    assert world.keep_up()["why"] == "There is more to compare."
    assert 0 < world.left < 15


@pytest.mark.parametrize("state", ["claimed", "draining"])
def test_while_nobody_serves_the_move_compares_for_itself(state: str) -> None:
    world = World()
    world.item.state = state
    assert world.keep_up() == {"caught_up": False, "why": f"{PRIMARY} is {state}."}
    assert not world.asked


@pytest.mark.parametrize(
    "error", [TailsDiffer("1 writes are missing"), TableUnavailable("unanswered", "silent")]
)
def test_what_is_missing_or_silent_is_told_and_compared_again_next_time(error: Exception) -> None:
    world = World()
    world.fails = error
    assert world.keep_up() == {"caught_up": False, "why": str(error)}


def test_without_the_control_item_nothing_is_compared() -> None:
    world = World()
    world.item = ControlUnread("missing", "There is no control item.")
    assert world.keep_up() == {"caught_up": False, "why": "There is no control item."}
    assert not world.asked
