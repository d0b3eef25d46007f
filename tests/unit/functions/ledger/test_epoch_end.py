"""When an epoch was closed, and from when on its writes may be missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pilot_light_client.control_item import ControlItem
from pilot_light_client.journal import Version
from pilotlight.ledger.epoch_end import (
    CLOCKS,
    Promotion,
    ended_at,
    from_record,
    incomplete_since,
    is_late,
    is_over,
)

from tests.unit.functions.fakes import PRIMARY, SECONDARY

NOON = datetime(2027, 1, 15, 12, 0, 0, 500_000, tzinfo=UTC)
TEXT = "2027-01-15T12:00:00.500Z"
NOW = NOON + timedelta(days=1)
LATER = "2027-01-15T13:00:00.000Z"
CONTROL = ControlItem(2, SECONDARY, 2, "serving", changed_at=TEXT)


@pytest.mark.parametrize(
    ("region", "epoch", "closed"),
    [(PRIMARY, 1, True), (SECONDARY, 2, False), (PRIMARY, 2, True), (PRIMARY, 3, False)],
)
def test_an_epoch_is_closed_once_another_follows_and_to_all_but_its_region(
    region: str, epoch: int, closed: bool
) -> None:
    written = Version(1, "-", region, epoch)
    assert is_over(written, CONTROL) is closed


@pytest.mark.parametrize(
    ("seconds", "late"), [(-1.5, False), (-0.5, True), (0.0, True), (0.5, True), (60, True)]
)
def test_an_arrival_in_the_second_of_the_promotion_counts_as_late(
    seconds: float, late: bool
) -> None:
    """Streams tell whole seconds, so either may have been first."""
    assert is_late(NOON.timestamp() + seconds, NOON) is late


@pytest.mark.parametrize(
    ("proof", "proven"),
    [('{"proven": true}', True), ('{"proven": false}', False), ("{}", False), ("none", False)],
)
def test_a_record_tells_whether_the_epoch_before_was_compared_to_its_end(
    proof: str, *, proven: bool
) -> None:
    assert from_record({"proof": {"S": proof}}).proven is proven
    assert not from_record({}).proven


def test_where_the_closing_is_not_known_everything_is_late() -> None:
    assert is_late(0.0, None)


def test_the_earliest_of_what_is_told_closed_an_epoch() -> None:
    """A drain changes the control item as well, and only later."""
    drained = replace(CONTROL, changed_at=LATER)
    assert ended_at(1, CONTROL, None, NOW) == NOON
    assert ended_at(1, drained, Promotion(at=NOON), NOW) == NOON
    assert ended_at(1, CONTROL, Promotion(), NOW) == NOON
    assert ended_at(1, replace(CONTROL, changed_at="-"), None, NOW) is None


def test_the_control_item_tells_only_of_the_last_closing() -> None:
    control = replace(CONTROL, epoch=4)
    assert ended_at(1, control, None, NOW) is None
    assert ended_at(1, control, Promotion(at=NOON), NOW) == NOON


def test_an_end_in_the_future_was_written_by_a_clock_that_is_ahead_and_is_none() -> None:
    """With it, what arrives late until then would not count as late."""
    before = NOON - timedelta(minutes=5)
    assert ended_at(1, CONTROL, None, before) is None
    assert ended_at(1, CONTROL, Promotion(at=before), before) == before


def test_a_record_tells_when_what_and_by_how_much() -> None:
    record = {
        "timeline": {"S": f'{{"promoted_at": "{TEXT}"}}'},
        "rpo_estimate": {"S": f'{{"seconds": 12.5, "first_failed_at": "{TEXT}"}}'},
    }
    assert from_record(record) == Promotion(NOON, NOON, timedelta(seconds=12.5))


@pytest.mark.parametrize("text", ["", "[]", '{"promoted_at": 7}', '{"seconds": null}', "{"])
def test_what_a_record_does_not_tell_is_not_known(text: str) -> None:
    assert from_record({"timeline": {"S": text}, "rpo_estimate": {"S": text}}) == Promotion()
    assert from_record({}) == Promotion()


def test_writes_may_be_missing_from_the_first_failure_less_the_lag_on() -> None:
    failed = NOON - timedelta(minutes=2)
    known = Promotion(NOON, failed, timedelta(seconds=20))
    assert incomplete_since(NOON, known) == failed - timedelta(seconds=20) - CLOCKS
    assert incomplete_since(None, known) == failed - timedelta(seconds=20) - CLOCKS
    assert timedelta(hours=1) < CLOCKS, "the clock of an environment may be off by an hour"


def test_where_nobody_measured_the_lag_every_write_of_the_epoch_may_be_missing() -> None:
    assert incomplete_since(NOON, Promotion(NOON, NOON)) is None
    assert incomplete_since(NOON, None) is None
    assert incomplete_since(None, Promotion(lag=timedelta(seconds=20))) is None
