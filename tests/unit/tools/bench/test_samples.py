"""What users lost, at AWS's intervals."""

from __future__ import annotations

from typing import Any

import pytest

from lab.drill.report.stages import Stage
from tools.bench.designs import IMMEDIATE, PLAIN, Design
from tools.bench.samples import Part, Recovery, Sample, at_aws, beside, orchestrated
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


def of(design: Design, user: UserLog, moved: float | None = None, **recovery: Any) -> Sample:
    stages = recovery.pop("stages", STAGES)
    moments = {name: OUTAGE + at for name, at in recovery.items()}
    at = None if moved is None else OUTAGE + moved
    return beside(design, user, 0, Recovery(OUTAGE, SPEED, stages, **moments), at)


def seconds(sample: Sample) -> dict[str, float]:
    return {p.name: p.seconds for p in sample.parts}


@pytest.mark.parametrize(
    ("wall", "expected"), [(0, 0), (1, 10), (2, 20), (3.5, 21.5), (5, 23), (6, 33), (7, 43)]
)
def test_a_moment_is_stretched_where_the_stage_is_modelled_and_nowhere_else(
    wall: float, expected: float
) -> None:
    assert at_aws(STAGES, wall, SPEED) == pytest.approx(expected)


def test_without_stages_all_is_modelled() -> None:
    assert at_aws([], 3, SPEED) == 30


def test_what_lies_before_the_first_stage_is_modelled() -> None:
    late = [Stage("evidence", 3, 3, 2, modelled=False, detail="")]
    assert at_aws(late, 3, SPEED) == 20 + 1


def test_the_deployed_designs_sample_is_the_sum_of_its_stages() -> None:
    found = orchestrated(log(served=6, written=6), 3, STAGES)
    assert (found.total, found.reads, found.user) == (33, 33, 3)
    assert [p.modelled for p in found.parts] == [True, False, True]


def test_the_lease_and_the_first_write_count_for_writes_alone_and_as_they_are() -> None:
    lease = Stage("lease", 1.5, 4, 6, modelled=False, detail="")
    write = Stage("write", 0.4, 0.4, 10, modelled=False, detail="")
    found = orchestrated(log(served=6, written=10.4), 0, [*STAGES, lease, write])
    assert (found.reads, found.total) == (33, 34.9)


def test_a_user_who_is_not_served_again_has_no_figure() -> None:
    assert orchestrated(log(), 0, []).total is None
    assert orchestrated(log(served=6), 0, STAGES).total is None
    assert of(PLAIN, log()).total is None
    assert of(IMMEDIATE, log(served=4)).total is None


def test_a_design_of_nothing_but_intervals_is_stretched_whole() -> None:
    found = of(PLAIN, log(served=12), 9)
    assert (found.total, found.reads) == (120, 120)
    assert seconds(found) == {"detection": 90, "resolver": 30}
    assert found.resolver == 30


@pytest.mark.parametrize(("moved", "detection"), [(None, 0), (0.05, 0), (5, 49), (13, 119)])
def test_detection_lies_between_the_first_failed_request_and_the_first_good_one(
    moved: float | None, detection: float
) -> None:
    found = of(PLAIN, log(0.1, served=12), moved)
    assert seconds(found) == {"detection": detection, "resolver": 119 - detection}


def test_writes_of_a_fenced_design_wait_for_the_claim_and_its_lease() -> None:
    found = of(IMMEDIATE, log(served=1.5, written=5.25), 1, began=2, promoted=5)
    assert found.reads == 15
    assert seconds(found) == {"detection": 10, "resolver": 5, "start": 5, "claim": 3, "lease": 0.25}
    assert found.total == 23.25


def test_writes_that_find_the_claim_served_wait_for_nothing() -> None:
    found = of(IMMEDIATE, log(served=9, written=9), 8, began=2, promoted=5)
    assert found.total == found.reads == 90
    assert [seconds(found)[name] for name in ("start", "claim", "lease")] == [0, 0, 0]


def test_the_parts_add_up_to_the_total() -> None:
    found = of(IMMEDIATE, log(0.02, served=1.7, written=5.1), 1.1, began=2, promoted=5)
    assert found.total == pytest.approx(sum(p.seconds for p in found.parts), abs=0.01)


def test_the_resolver_is_found_by_its_name() -> None:
    assert Part("resolver", 3, modelled=True).seconds == 3
    assert of(PLAIN, log()).resolver is None
