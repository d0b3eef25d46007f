"""What users lost, at AWS's intervals."""

from __future__ import annotations

import pytest

from lab.drill.report.stages import Stage
from tools.bench.designs import PLAIN, STANDARD
from tools.bench.samples import Part, Sample, beside, deployed
from tools.bench.users import UserLog

OUTAGE, SPEED = 1000.0, 10.0
# Two wall seconds of an interval of AWS, three of the machine's own, one of AWS's again.
STAGES = [
    Stage("alarm", 20, 2, 0, modelled=True, detail=""),
    Stage("evidence", 3, 3, 2, modelled=False, detail=""),
    Stage("dns", 10, 1, 5, modelled=True, detail=""),
]


def log(failed: float = 0, served: float | None = None, written: float | None = None) -> UserLog:
    return UserLog(
        OUTAGE + failed,
        None if served is None else OUTAGE + served,
        None if written is None else OUTAGE + written,
    )


def plain(user: UserLog, moved: float | None = None) -> Sample:
    at = None if moved is None else OUTAGE + moved
    return beside(PLAIN, user, 0, OUTAGE, SPEED, at)


def seconds(sample: Sample) -> dict[str, float]:
    return {p.name: p.seconds for p in sample.parts}


def test_the_deployed_designs_sample_is_the_sum_of_its_stages() -> None:
    found = deployed(STANDARD, log(served=6, written=6), 3, STAGES)
    assert (found.total, found.reads, found.user) == (33, 33, 3)
    assert [p.modelled for p in found.parts] == [True, False, True]


def test_the_lease_and_the_first_write_count_for_writes_alone_and_as_they_are() -> None:
    lease = Stage("lease", 1.5, 4, 6, modelled=False, detail="")
    write = Stage("write", 0.4, 0.4, 10, modelled=False, detail="")
    found = deployed(STANDARD, log(served=6, written=10.4), 0, [*STAGES, lease, write])
    assert (found.reads, found.total) == (33, 34.9)


def test_a_user_who_is_not_served_again_has_no_figure() -> None:
    assert deployed(STANDARD, log(), 0, []).total is None
    assert deployed(STANDARD, log(served=6), 0, STAGES).total is None
    assert plain(log()).total is None


def test_a_design_of_nothing_but_intervals_is_stretched_whole() -> None:
    found = plain(log(served=12), 9)
    assert (found.total, found.reads) == (120, 120)
    assert seconds(found) == {"detection": 90, "resolver": 30}
    assert found.resolver == 30


@pytest.mark.parametrize(("moved", "detection"), [(None, 0), (0.05, 0), (5, 49), (13, 119)])
def test_detection_lies_between_the_first_failed_request_and_the_first_good_one(
    moved: float | None, detection: float
) -> None:
    found = plain(log(0.1, served=12), moved)
    assert seconds(found) == {"detection": detection, "resolver": 119 - detection}


def test_the_parts_add_up_to_the_total() -> None:
    found = plain(log(0.02, served=1.7), 1.1)
    assert found.total == pytest.approx(sum(p.seconds for p in found.parts), abs=0.01)


def test_the_resolver_is_found_by_its_name() -> None:
    assert Part("resolver", 3, modelled=True).seconds == 3
    assert plain(log()).resolver is None
