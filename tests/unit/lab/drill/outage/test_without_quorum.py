"""What a Region does that asks a control table which does not answer it."""

from __future__ import annotations

from typing import Any

import pytest

from lab.drill.observations import Observations, Request, WriteByName
from lab.drill.outage import without_quorum
from tests.unit.lab.drill.outage_samples import HEALED, OUTAGE, PRIMARY, stayed, write


def taken(after: float, took: float = 0.1) -> WriteByName:
    at = OUTAGE + after
    return WriteByName(201, PRIMARY, None, at, "", f"i{after}", f"w{after}", at - took, 1)


def refused(after: float, code: str = "NoQuorum") -> WriteByName:
    return WriteByName(503, PRIMARY, None, OUTAGE + after, code, started=OUTAGE + after - 2.5)


def asked(*writes: WriteByName, mode: str = "isolated", **more: Any) -> Observations:
    reads = [Request("read", OUTAGE + i, OUTAGE + i + 0.1, True, PRIMARY, "200") for i in range(9)]
    given = {"writes_by_name": list(writes), "reads_by_name": reads, "writes": [], **more}
    return stayed(mode, **given)


def test_a_primary_that_is_cut_off_takes_writes_for_a_lease_and_refuses_from_then_on() -> None:
    seen = asked(taken(1), taken(3.4), refused(6), refused(40))
    passed, detail = without_quorum.isolated_primary_takes_no_write_after_the_lease(seen)
    assert passed
    assert "took writes until +3.4 s, 0 of them after the lease of 5 s" in detail
    assert "refused 2 of 4 writes from +3.5 to +40.0 s: 2 NoQuorum" in detail


@pytest.mark.parametrize(
    "seen",
    [
        asked(taken(1), taken(5.1), refused(9)),
        asked(taken(1), refused(9), writes=[write(1, OUTAGE + 6)]),
        asked(taken(1)),
        asked(),
    ],
    ids=["later than the lease", "a user's write", "nothing refused", "not asked"],
)
def test_a_write_after_the_lease_or_nothing_to_judge_by_fails(seen: Observations) -> None:
    assert not without_quorum.isolated_primary_takes_no_write_after_the_lease(seen)[0]


def test_users_who_reach_it_get_reads_all_through() -> None:
    check = without_quorum.users_who_reach_the_isolated_primary_get_reads
    assert check(asked(taken(1)))[0]
    failed = Request("read", OUTAGE + 3, OUTAGE + 3.1, False, None, "HTTP status 503")
    assert not check(asked(reads_by_name=[*asked().reads_by_name, failed]))[0]
    assert not check(asked(reads_by_name=[]))[0]


def test_in_a_short_silence_no_write_may_be_refused() -> None:
    check = without_quorum.no_write_was_refused
    passed, detail = check(asked(taken(1), taken(2, took=0.6), mode="stall"))
    assert passed
    assert "2 of 2 writes at its own name were taken, the slowest in 0.6 s" in detail
    assert not check(asked(taken(1), refused(2), mode="stall"))[0]
    assert not check(asked(mode="stall"))[0]


def test_in_a_long_silence_writes_are_refused_as_what_they_are() -> None:
    check = without_quorum.writes_wait_for_the_quorum
    assert check(asked(taken(2), refused(7), refused(15), taken(21), mode="long-stall"))[0]
    assert not check(asked(taken(2), refused(7, "Claimed"), mode="long-stall"))[0]
    assert not check(asked(taken(2), refused(7), taken(9), mode="long-stall"))[0]
    assert not check(asked(taken(2), mode="long-stall"))[0]
    assert not check(asked(mode="long-stall"))[0]


def test_where_the_deployment_goes_on_without_a_quorum_most_writes_are_taken() -> None:
    check = without_quorum.writes_wait_for_the_quorum
    goes_on = {"mode": "long-stall", "parameters": ("WithoutQuorum=continue",)}
    passed, detail = check(asked(taken(2), taken(9), taken(15), **goes_on))
    assert passed
    assert detail.startswith("WithoutQuorum=continue.")
    assert check(asked(taken(2), refused(9), taken(15), **goes_on))[0], "a new environment"
    assert not check(asked(taken(2), refused(9), refused(12), taken(15), **goes_on))[0]
    assert not check(asked(taken(2), refused(9, "Claimed"), taken(15), **goes_on))[0]
    assert not check(asked(taken(2), **goes_on))[0], "nothing went on"


def test_the_report_tells_what_was_asked_by_name() -> None:
    found = without_quorum.section(
        asked(taken(1), taken(6), refused(9), taken(HEALED - OUTAGE + 5))
    )
    assert found is not None
    assert (found["writes"], found["taken"], found["taken_after_lease"]) == (4, 3, 1)
    assert found["refused"] == {"NoQuorum": 1}
    assert (found["reads"], found["good_reads"]) == (9, 9)
    assert without_quorum.section(stayed()) is None


@pytest.mark.parametrize("during", [199, 200])
def test_so_few_requests_during_the_outage_prove_nothing(during: int) -> None:
    requests = [
        Request("read", at, at, True, PRIMARY, "200")
        for at in [OUTAGE - 1, *(OUTAGE + i / 100 for i in range(during)), HEALED + 1]
    ]
    seen = stayed("witness", requests=requests)
    assert without_quorum.enough_requests_were_made(seen)[0] == (during == 200)
