"""One writer at a time, and a control item that never goes back: how a drill finds out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lab.drill.observations import ControlItem, ControlRead, Write
from lab.drill.quorum import (
    changes,
    one_writer,
    overlapping,
    revisions_and_epochs_never_go_back,
    turns,
)
from tests.unit.lab.drill.samples import nothing

if TYPE_CHECKING:
    from lab.drill.checks import Result

WEST, EAST = "us-west-2", "us-east-2"


def write(started: float, region: str, epoch: int, took: float = 0.1) -> Write:
    name = f"{region}-{started}"
    return Write(name, name, started + took, region, started, epoch)


def read(sent: float, revision: int, epoch: int = 1, *, took: float = 0.1) -> ControlRead:
    return ControlRead(sent, sent + took, EAST, ControlItem(WEST, epoch, revision))


def forward_only(reads: list[ControlRead]) -> Result:
    return revisions_and_epochs_never_go_back(replace(nothing(), control_reads=reads))


def test_turns_follow_the_moments_of_the_answers() -> None:
    found = turns([write(5, EAST, 2), write(1, WEST, 1), write(2, WEST, 1), write(9, WEST, 3)])
    assert [(t.region, t.epoch, t.first, t.last, t.writes) for t in found] == [
        (WEST, 1, 1.1, 2.1, 2),
        (EAST, 2, 5.1, 5.1, 1),
        (WEST, 3, 9.1, 9.1, 1),
    ]


def test_regions_that_write_one_after_the_other_do_not_overlap() -> None:
    writes = [write(1, WEST, 1), write(7, EAST, 2), write(20, WEST, 3)]
    assert overlapping(writes) == []
    passed, detail = one_writer(writes, 0.0)
    assert passed
    assert "0 writes overlap. us-west-2 in epoch 1 from +1.1 to +1.1 s (1)" in detail


def test_a_write_of_an_older_epoch_sent_after_one_of_a_newer_was_answered_overlaps() -> None:
    late = write(8, WEST, 1)
    assert overlapping([write(1, WEST, 1), write(7, EAST, 2), late]) == [late]


def test_answers_that_cross_on_their_way_prove_nothing() -> None:
    """The old Region acknowledged before it was too late; its answer took a while."""
    assert overlapping([write(6.5, WEST, 1, took=2.0), write(7, EAST, 2)]) == []


def test_two_regions_that_take_turns_in_one_epoch_overlap() -> None:
    back = write(3, WEST, 1)
    assert overlapping([write(1, WEST, 1), write(2, EAST, 1), back]) == [back]


def test_a_region_that_takes_over_for_good_in_the_same_epoch_does_not_overlap() -> None:
    """As by a last resort, the other Region being lost."""
    assert overlapping([write(1, WEST, 1), write(2, EAST, 1), write(3, EAST, 1)]) == []


def test_without_writes_nothing_was_proven() -> None:
    assert not one_writer([], 0.0)[0]


def test_reads_that_see_newer_revisions_go_forward() -> None:
    assert forward_only([read(1, 1), read(2, 1), read(3, 2, 2), read(4, 3, 2)])[0]


@pytest.mark.parametrize("late", [read(3, 2, 2), read(3, 4, 1)])
def test_a_read_that_is_older_than_one_before_it_went_back(late: ControlRead) -> None:
    passed, detail = forward_only([read(1, 1), read(2, 3, 2), late])
    assert not passed
    assert "1 of them were older than one before" in detail


def test_reads_that_were_under_way_together_may_see_either() -> None:
    assert forward_only([read(1.0, 2, 2, took=0.5), read(1.2, 1, took=0.1)])[0]


def test_reads_without_an_answer_prove_nothing() -> None:
    silent = ControlRead(1, 2, WEST, None)
    assert not forward_only([silent])[0]
    assert "1 of 2 strong reads were answered" in forward_only([silent, read(3, 1)])[1]


def test_each_revision_is_told_once_from_when_it_was_first_seen() -> None:
    found = changes([read(4, 2, 2), read(1, 1), read(2, 1)], since=1.0)
    assert [(c["revision"], c["at"]) for c in found] == [(1, 0.1), (2, 3.1)]
