"""The fence: a write passes only where its Region is known to be active."""

from __future__ import annotations

import pytest
from pilotlight.domain.control import ControlItem
from pilotlight.domain.fence import (
    DRAINING_FENCE_SECONDS,
    FENCE_SECONDS,
    TRANSACTION_SECONDS,
    WRITE_DEADLINE_SECONDS,
    Passage,
    judge,
    kept_seconds,
    too_late,
)

from tests.unit.functions.fakes import PRIMARY, SECONDARY

T = 1_800_000_000_000
DRAINING = ControlItem(PRIMARY, 4, "draining", T + 1000, SECONDARY)
CONTROLS = [
    None,
    ControlItem(PRIMARY, 4, "serving"),
    ControlItem(SECONDARY, 4, "serving"),
    ControlItem(PRIMARY, 4, "draining"),
    DRAINING,
    ControlItem(SECONDARY, 4, "draining", T + 1000, PRIMARY),
    ControlItem(SECONDARY, 4, "draining", T, PRIMARY),
]


@pytest.mark.parametrize("forwarded", [True, False])
def test_the_active_region_writes_in_the_epoch_of_the_control_item(forwarded: bool) -> None:
    passage = judge(ControlItem(PRIMARY, 4, "serving"), PRIMARY, now=T, forwarded=forwarded)
    assert (passage.action, passage.region, passage.epoch) == ("write", PRIMARY, 4)


def test_the_other_region_forwards_to_the_active_one() -> None:
    passage = judge(ControlItem(PRIMARY, 4, "serving"), SECONDARY, now=T, forwarded=False)
    assert (passage.action, passage.region, passage.epoch) == ("forward", PRIMARY, 4)


def test_a_forwarded_write_is_never_sent_back() -> None:
    passage = judge(ControlItem(PRIMARY, 4, "serving"), SECONDARY, now=T, forwarded=True)
    assert (passage.action, passage.code) == ("refuse", "NotActive")


@pytest.mark.parametrize("own", [PRIMARY, SECONDARY])
@pytest.mark.parametrize("forwarded", [True, False])
def test_a_missing_control_item_refuses_writes(own: str, forwarded: bool) -> None:
    passage = judge(None, own, now=T, forwarded=forwarded)
    assert (passage.action, passage.code) == ("refuse", "ControlItemMissing")


# --- while a drain is on -------------------------------------------------------------------------
def test_the_drained_region_passes_writes_to_the_one_that_is_to_be_promoted() -> None:
    passage = judge(DRAINING, PRIMARY, now=T, forwarded=False)
    assert (passage.action, passage.code, passage.region) == ("forward", "Draining", SECONDARY)


def test_the_region_that_is_to_be_promoted_refuses_until_it_is() -> None:
    for forwarded in (True, False):
        passage = judge(DRAINING, SECONDARY, now=T, forwarded=forwarded)
        assert (passage.action, passage.code) == ("refuse", "Draining")
        assert "Try again" in passage.reason


def test_a_drained_region_does_not_pass_on_what_was_forwarded_to_it() -> None:
    """The other Region has not seen the drain yet, and would send it back."""
    passage = judge(DRAINING, PRIMARY, now=T, forwarded=True)
    assert (passage.action, passage.code) == ("refuse", "Draining")


def test_a_drain_that_leads_nowhere_refuses() -> None:
    passage = judge(ControlItem(PRIMARY, 4, "draining"), PRIMARY, now=T, forwarded=False)
    assert (passage.action, passage.code) == ("refuse", "Draining")


def test_an_expired_drain_is_as_if_it_had_never_been() -> None:
    later, serving = T + 1000, ControlItem(PRIMARY, 4, "serving")
    for own in (PRIMARY, SECONDARY):
        for forwarded in (True, False):
            expired = judge(DRAINING, own, now=later, forwarded=forwarded)
            assert expired == judge(serving, own, now=later, forwarded=forwarded)


PROMOTED = ControlItem(SECONDARY, 5, "serving")
SEEN = [ControlItem(PRIMARY, 4, "serving"), DRAINING, PROMOTED]


@pytest.mark.parametrize("in_primary", SEEN)
@pytest.mark.parametrize("in_secondary", SEEN)
@pytest.mark.parametrize("first", [PRIMARY, SECONDARY])
def test_a_write_is_passed_on_at_most_once_whatever_either_region_has_seen(
    in_primary: ControlItem, in_secondary: ControlItem, first: str
) -> None:
    passages = passed_on(first, {PRIMARY: in_primary, SECONDARY: in_secondary})
    assert [p.action for p in passages] in (["write"], ["refuse"], ["forward", "write"]) or (
        [p.action for p in passages] == ["forward", "refuse"]
    )


@pytest.mark.parametrize("first", [PRIMARY, SECONDARY])
def test_writers_are_served_as_soon_as_the_promotion_is_made(first: str) -> None:
    """The drained Region has not heard of it yet."""
    last = passed_on(first, {PRIMARY: DRAINING, SECONDARY: PROMOTED})[-1]
    assert (last.action, last.region, last.epoch) == ("write", SECONDARY, 5)


def passed_on(first: str, seen: dict[str, ControlItem]) -> list[Passage]:
    """Return what becomes of a write in one Region after the other."""
    own, passages = first, [judge(seen[first], first, now=T, forwarded=False)]
    while passages[-1].action == "forward" and len(passages) < 5:
        own = str(passages[-1].region)
        passages.append(judge(seen[own], own, now=T, forwarded=True))
    return passages


# --- for how long a write may go by what was read ------------------------------------------------
def test_a_transaction_that_begins_in_time_ends_before_the_drain_stops_waiting() -> None:
    waits = FENCE_SECONDS + WRITE_DEADLINE_SECONDS
    last = waits - TRANSACTION_SECONDS
    assert not too_late(last)
    assert too_late(last + 0.001)
    assert not too_late(FENCE_SECONDS), "a fresh passing by the oldest item that is kept"


def test_a_clock_that_went_back_tells_no_age() -> None:
    assert too_late(-0.001)
    assert not too_late(0)


@pytest.mark.parametrize(
    ("control", "seconds"),
    [(None, FENCE_SECONDS), (PROMOTED, FENCE_SECONDS), (DRAINING, DRAINING_FENCE_SECONDS)],
)
def test_an_item_that_drains_is_asked_for_more_often(
    control: ControlItem | None, seconds: float
) -> None:
    assert kept_seconds(control) == seconds


# --- always --------------------------------------------------------------------------------------
@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("forwarded", [True, False])
def test_the_two_regions_never_both_write_on_the_same_item(
    control: ControlItem | None, forwarded: bool
) -> None:
    passages = [judge(control, own, now=T, forwarded=forwarded) for own in (PRIMARY, SECONDARY)]
    assert sum(p.action == "write" for p in passages) <= 1


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("own", [PRIMARY, SECONDARY])
@pytest.mark.parametrize("forwarded", [True, False])
def test_a_refusal_names_no_region_and_everything_has_a_reason(
    control: ControlItem | None, own: str, forwarded: bool
) -> None:
    passage = judge(control, own, now=T, forwarded=forwarded)
    assert passage.reason
    assert passage.code
    assert (passage.region is None) == (passage.epoch is None) == (passage.action == "refuse")
