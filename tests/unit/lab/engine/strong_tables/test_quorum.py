"""Who reaches whom, and how long the way is."""

from __future__ import annotations

import pytest

from lab.engine.clock import Clock
from lab.engine.outages.losses import Loss
from lab.engine.outages.outage import Outage
from lab.engine.strong_tables.quorum import ROUND_TRIP, Members, Quorum
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA

WITNESSED = Members((PRIMARY, SECONDARY), VIRGINIA)


def test_the_way_leads_to_any_member_that_is_in_reach() -> None:
    outage = Outage()
    quorum = Quorum(WITNESSED, outage, Clock())
    assert quorum.round_trip(PRIMARY) == quorum.round_trip(SECONDARY) == ROUND_TRIP
    outage.cut(PRIMARY, SECONDARY)
    assert quorum.round_trip(PRIMARY) == ROUND_TRIP
    outage.lose(VIRGINIA, Loss("region"))
    assert quorum.round_trip(PRIMARY) == 0, "there is nobody"


def test_no_speed_of_the_lab_shortens_the_way() -> None:
    fast, slow = (Quorum(WITNESSED, Outage(), Clock(speed)) for speed in (20.0, 1.0))
    assert fast.round_trip(PRIMARY) == slow.round_trip(PRIMARY)


@pytest.mark.parametrize(
    "loss",
    [
        Loss("entry"),
        Loss("region", services=frozenset({"s3"})),
        Loss("entry", late=5.0),
        Loss("entry", every_other=True),
    ],
)
def test_a_member_whose_tables_serve_is_a_member_whatever_else_is_lost(loss: Loss) -> None:
    outage = Outage()
    outage.lose(SECONDARY, loss)
    outage.cut(PRIMARY, VIRGINIA)
    quorum = Quorum(WITNESSED, outage, Clock())
    assert [quorum.refusal(r) for r in (PRIMARY, SECONDARY)] == [None, None]


@pytest.mark.parametrize(
    ("to_secondary", "to_witness", "expected"),
    [
        ("503", "503", "503"),
        ("reset", "reset", "503"),
        ("hang", "reset", "hang"),
        ("drop", "503", "hang"),
    ],
)
def test_a_region_alone_is_silent_if_anything_that_it_asks_is(
    to_secondary: str, to_witness: str, expected: str
) -> None:
    outage = Outage()
    outage.cut(PRIMARY, SECONDARY, to_secondary)  # type: ignore[arg-type]
    outage.lose(VIRGINIA, Loss("region", to_witness))  # type: ignore[arg-type]
    assert Quorum(WITNESSED, outage, Clock()).refusal(PRIMARY) == expected


def test_a_region_that_was_lost_and_is_back_catches_up_and_no_other_does() -> None:
    outage = Outage()
    quorum = Quorum(WITNESSED, outage, Clock())
    outage.lose(PRIMARY, Loss("region"))
    assert quorum.refusal(PRIMARY) == "503"
    outage.heal()
    assert quorum.refusal(PRIMARY) == "503"
    assert quorum.catching_up(PRIMARY)
    assert not quorum.catching_up(SECONDARY)
