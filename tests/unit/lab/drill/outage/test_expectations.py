"""What has to come of an outage, and what a report makes of what came."""

from __future__ import annotations

import pytest

from lab.drill import quorum
from lab.drill.last_resort import checks as last_resort
from lab.drill.observations import ControlItem, WriteByName
from lab.drill.outage import recovery, staying
from lab.drill.outage.expectations import EXPECTATIONS, expectation, observed_result
from lab.drill.report import report as report_module
from lab.drill.report.page import sentence
from lab.engine.outages.named_outages import NAMED
from tests.unit.lab.drill.outage_samples import (
    OUTAGE,
    PRIMARY,
    SECONDARY,
    held,
    on_hold,
    recovered,
    stayed,
)

FORWARDED = WriteByName(201, SECONDARY, PRIMARY, OUTAGE + 20, "", "returned", "w-99")


def reported(seen):
    return report_module.report(seen)


def test_every_outage_of_the_lab_has_an_expectation_and_no_other():
    assert list(EXPECTATIONS) == list(NAMED)


@pytest.mark.parametrize("mode", EXPECTATIONS)
def test_who_may_stay_is_checked_for_promotions_and_who_recovers_for_exactly_one(mode):
    checks = expectation(mode, PRIMARY).checks
    if expectation(mode, PRIMARY).recovers:
        assert recovery.one_promotion_only in checks
        assert recovery.dns_stays in checks
    elif expectation(mode, PRIMARY).last_resort:
        assert staying.nothing_promoted in checks
        assert last_resort.the_last_resort_is_void_after_the_outage in checks
    else:
        assert staying.nothing_promoted in checks
        assert staying.dns_never_moved in checks
        only = ("us-east-1", "witness", "stall", "long-stall")
        assert (staying.nothing_was_started in checks) is (mode in only)
    names = {check.__name__ for check in checks}
    assert {check.__name__ for check in quorum.CHECKS} <= names, "one writer, whatever is lost"


def test_us_east_1_has_to_be_recovered_from_where_it_is_the_primary():
    assert expectation("us-east-1", "us-east-1").recovers
    assert not expectation("us-east-1", PRIMARY).recovers


@pytest.mark.parametrize(
    ("seen", "came"),
    [
        (recovered(), "recovers"),
        (stayed(), "stays"),
        (on_hold(), "holds"),
        (on_hold(executions=[held(), held("two", output={"outcome": "duplicate"})]), "holds"),
        (stayed(control_after=ControlItem(SECONDARY, 2, 3)), None),
        (stayed(control_after=None), None),
        (on_hold(executions=[held(status="FAILED")]), None),
        (on_hold(executions=[held(status="RUNNING")]), None),
        (recovered(control_after=ControlItem(PRIMARY, 1, 1)), None),
    ],
)
def test_what_came_of_an_outage_has_a_name_or_none(seen, came):
    assert observed_result(seen) == came


@pytest.mark.parametrize("mode", ["region", "api", "table", "read-only", "slow"])
def test_a_recovery_is_reported_with_its_figures(mode):
    found = reported(recovered(mode, writes_to_the_returned=[FORWARDED]))
    assert [c["name"] for c in found["checks"] if not c["passed"]] == []
    assert (found["verdict"], found["outcome"]) == ("pass", "promoted")
    assert (found["outage"]["expected"], found["outage"]["result"]) == ("recovers", "recovers")
    assert found["rto_write_seconds"] >= found["rto_read_seconds"] > 0
    assert found["rpo_seconds"] == 0


@pytest.mark.parametrize("seen", [stayed(), on_hold(), stayed("grey")])
def test_where_nothing_had_to_recover_there_is_no_figure_and_the_drill_passes(seen):
    found = reported(seen)
    assert [c["name"] for c in found["checks"] if not c["passed"]] == []
    assert found["verdict"] == "pass"
    assert found["rto_read_seconds"] is found["rto_write_seconds"] is None
    assert found["rpo_seconds"] is None
    assert found["clock"]["rto_write_wall_seconds"] is None
    assert found["stages"] == []
    assert "stayed in us-west-2" in sentence(found)
    assert "no acknowledged write was lost" in sentence(found)


def test_a_hold_is_told_and_marked():
    found = reported(on_hold())
    assert found["outcome"] == "hold_ended"
    assert [m["name"] for m in found["milestones"]] == ["outage", "held", "healed"]
    assert "the recovery held and ended its hold by itself" in sentence(found)


@pytest.mark.parametrize("mode", ["us-east-1", "partition", "flap", "grey"])
def test_a_promotion_where_none_may_be_fails_the_drill(mode):
    found = reported(recovered(mode))
    failed = {c["name"] for c in found["checks"] if not c["passed"]}
    assert found["verdict"] == "fail"
    assert {"nothing_promoted", "dns_never_moved"} <= failed


@pytest.mark.parametrize("mode", ["region", "api", "table", "read-only", "slow"])
def test_an_outage_that_has_to_be_recovered_from_and_is_not_fails_the_drill(mode):
    assert reported(stayed(mode))["verdict"] == "fail"


def test_a_run_on_us_east_1s_loss_fails_the_drill_even_if_it_held():
    found = reported(on_hold(mode="us-east-1"))
    assert [c["name"] for c in found["checks"] if not c["passed"]] == ["nothing_was_started"]
    assert found["verdict"] == "fail"
