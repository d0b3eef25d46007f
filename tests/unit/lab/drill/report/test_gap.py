"""What users saw: the first failed request, and the first good answer after it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from lab.drill.report.stages import Gap, gap
from tests.unit.lab.drill.samples import OUTAGE, failed, passing, request
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from lab.drill.observations import Request


def gap_of(*requests: Request) -> tuple[float, float | None] | None:
    found = gap(passing(requests=list(requests)))
    if found is None:
        return None
    good = None if found.read is None else round(found.read - OUTAGE, 3)
    return round(found.failed - OUTAGE, 3), good


def test_the_gap_is_from_the_first_failed_request_to_the_first_good_read_and_write() -> None:
    at = OUTAGE + 0.05, OUTAGE + 17.45, OUTAGE + 21.0, OUTAGE + 17.45
    assert gap(passing()) == Gap(*at)


def test_where_only_writes_failed_reads_were_never_gone_and_users_arrived_with_the_first_one() -> (
    None
):
    requests = [
        failed(3.0, 3.1, "write"),
        request(3.2, 3.3, PRIMARY),
        request(8.0, 8.1, SECONDARY),
        request(9.0, 9.1, SECONDARY, kind="write"),
    ]
    found = gap(passing(requests=requests))
    assert found is not None
    assert (found.failed, found.read) == (OUTAGE + 3.0, OUTAGE + 3.0)
    assert (found.arrived, found.write) == (OUTAGE + 8.1, OUTAGE + 9.1)


def test_no_failed_request_is_no_gap() -> None:
    assert gap_of(request(-1, -0.9, PRIMARY), request(1, 1.1, SECONDARY)) is None
    assert gap_of() is None


def test_what_failed_before_the_outage_is_not_of_it() -> None:
    assert gap_of(failed(-2, -1.9), request(1, 1.1, SECONDARY)) is None
    assert gap_of(failed(-2, -1.9), failed(0.5, 0.6), request(1, 1.1, SECONDARY)) == (0.5, 1.1)


def test_a_gap_without_a_good_answer_has_no_end() -> None:
    assert gap_of(request(-1, -0.9, PRIMARY), failed(0.1, 0.2)) == (0.1, None)


def test_a_request_that_was_on_its_way_at_the_outage_and_failed_begins_the_gap() -> None:
    assert gap_of(failed(-0.02, 0.01), failed(0.1, 0.2), request(9, 9.1, SECONDARY)) == (-0.02, 9.1)


def test_an_answer_that_was_on_its_way_at_the_outage_does_not_end_the_gap() -> None:
    on_its_way = request(-0.001, 0.05, PRIMARY)
    assert gap_of(failed(-0.005, 0.01), on_its_way, request(9, 9.1, SECONDARY)) == (-0.005, 9.1)


def test_an_answer_that_the_primary_gave_before_it_was_gone_does_not_end_the_gap() -> None:
    # Between the moment of the outage and the admin API's act lie some milliseconds.
    last = request(0.001, 0.004, PRIMARY)
    assert gap_of(failed(0.0, 0.003), last, request(9, 9.1, SECONDARY)) == (0.0, 9.1)


def test_an_answer_to_a_request_that_began_before_another_failed_does_not_end_the_gap() -> None:
    assert gap_of(failed(0, 2), request(1.9, 2.1, SECONDARY), request(3, 3.1, SECONDARY)) == (
        0,
        3.1,
    )


def test_the_first_good_answer_ends_the_gap_though_another_request_fails_later() -> None:
    later = failed(5, 5.2), request(6, 6.1, SECONDARY)
    assert gap_of(failed(0.1, 0.2), request(4, 4.1, SECONDARY), *later) == (0.1, 4.1)


def test_the_request_that_began_first_begins_the_gap_though_it_failed_later() -> None:
    assert gap_of(failed(0.3, 0.4), failed(0.2, 2.2), request(4, 4.1, SECONDARY)) == (0.2, 4.1)


def test_an_answer_that_no_region_signed_does_not_end_the_gap() -> None:
    assert gap_of(failed(0.1, 0.2), request(1, 1.1, None), request(2, 2.1, SECONDARY)) == (0.1, 2.1)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_requests_were_noted_does_not_matter(seed: int) -> None:
    requests = list(passing().requests)
    random.Random(seed).shuffle(requests)
    assert gap(passing(requests=requests)) == gap(passing())
