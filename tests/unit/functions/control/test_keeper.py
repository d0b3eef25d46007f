"""The keeper: finishes what a dead run left, by its own waiting and its own strong reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client.last_resort import LastResortTable
from pilotlight.control.keeper import Keeper
from pilotlight.control.table import ControlTable

from tests.unit.functions.client.scripted import (
    CLAIMED,
    DRAINING,
    SECONDARY,
    SERVING,
    SILENT,
    Scripted,
    error,
    row,
)

if TYPE_CHECKING:
    from pilot_light_client.control_item import ControlItem

LEASE = 5.0
UNTIL = DRAINING.drain_until or 0
GRANTED = {"until": {"N": "1800003600"}, "epoch": {"N": "4"}, "by": {"S": "a person"}}


class Scene:
    """A keeper in the Secondary over a control item, and all that it did."""

    def __init__(
        self, item: ControlItem | Exception, *, now: int = 0, granted: bool = False, **calls: Any
    ) -> None:
        read = item if isinstance(item, Exception) else {"Item": row(item)}
        self.client = Scripted(**{"get_item": [read], "update_item": [{}], **calls})
        local = {"Item": GRANTED} if granted else {}
        self.local = Scripted(get_item=[local], delete_item=[{"Attributes": GRANTED}])
        self.slept: list[float] = []
        self.keeper = Keeper(
            ControlTable(self.client, "control"),
            SECONDARY,
            "keeper us-east-2",
            LEASE,
            LastResortTable(self.local, "local", lambda: 0.0),
            self.slept.append,
            lambda: now,
        )

    def keep(self, seconds_left: float = 50.0) -> str:
        return self.keeper.keep(seconds_left)

    @property
    def written(self) -> list[tuple[str, str]]:
        """The revision that each change required, and the state that it wrote."""
        values = [
            asked["ExpressionAttributeValues"]
            for name, asked in self.client.calls
            if name == "update_item"
        ]
        return [(v[":seen"]["N"], v[":state"]["S"]) for v in values]


def test_where_a_region_serves_nothing_is_done() -> None:
    scene = Scene(SERVING)
    assert scene.keep() == "nothing"
    assert scene.client.operations == ["get_item"]


def test_a_claim_for_the_own_region_serves_a_lease_after_it_was_read() -> None:
    scene = Scene(CLAIMED)
    assert scene.keep() == "served"
    assert scene.slept == [LEASE]
    assert scene.written == [("8", "serving")]


def test_a_claim_for_the_other_region_is_left_to_its_keeper() -> None:
    scene = Scene(replace(CLAIMED, active_region="us-west-2"))
    assert scene.keep() == "nothing"
    assert scene.written == []


@pytest.mark.parametrize(("left", "kept"), [(LEASE + 2, "nothing"), (LEASE + 2.1, "served")])
def test_a_claim_is_left_to_the_next_minute_where_too_little_time_is_left(
    left: float, kept: str
) -> None:
    scene = Scene(CLAIMED)
    assert scene.keep(left) == kept
    assert bool(scene.slept) is bool(scene.written) is (kept == "served")


def test_a_claim_that_its_machine_came_to_serve_meanwhile_is_not_the_keeper_s_doing() -> None:
    changed = error("ConditionalCheckFailedException")
    scene = Scene(CLAIMED, update_item=[changed])
    assert scene.keep() == "nothing"


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        (UNTIL - 60_000, "nothing"),
        (UNTIL, "nothing"),
        (UNTIL + 4_999, "nothing"),
        (UNTIL + 5_000, "undrained"),
        (UNTIL + 10**9, "undrained"),
    ],
)
def test_a_drain_is_undone_once_its_end_and_the_grace_have_passed(now: int, kept: str) -> None:
    scene = Scene(DRAINING, now=now)
    assert scene.keep() == kept
    assert scene.written == ([("8", "serving")] if kept == "undrained" else [])
    assert scene.slept == []


@pytest.mark.parametrize(
    ("ahead", "kept"),
    [(655_000, "nothing"), (655_001, "undrained"), (3_600_000, "undrained")],
)
def test_an_end_that_no_drain_could_have_is_not_believed(ahead: int, kept: str) -> None:
    assert Scene(DRAINING, now=UNTIL - ahead).keep() == kept


def test_a_drain_without_an_end_is_undone() -> None:
    assert Scene(replace(DRAINING, drain_until=None)).keep() == "undrained"


def test_a_drain_is_undone_whichever_region_drains() -> None:
    scene = Scene(replace(DRAINING, active_region=SECONDARY), now=UNTIL + 5_000)
    assert scene.keep() == "undrained"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (SILENT, "no_quorum"),
        (error("InternalServerError", 500), "no_quorum"),
        (error("ThrottlingException"), "nothing"),
    ],
)
def test_without_a_strong_read_nothing_is_done(answer: Exception, kept: str) -> None:
    scene = Scene(answer, granted=True)
    assert scene.keep() == kept
    assert scene.client.operations == ["get_item"]
    assert scene.local.calls == []


def test_a_last_resort_ends_at_a_strong_read_even_if_this_clock_says_that_it_is_over() -> None:
    scene = Scene(SERVING, granted=True)
    scene.keep()
    assert scene.local.operations == ["get_item", "delete_item"]


def test_where_there_is_no_last_resort_nothing_is_deleted() -> None:
    scene = Scene(SERVING)
    scene.keep()
    assert scene.local.operations == ["get_item"]
