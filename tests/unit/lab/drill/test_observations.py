"""Which run recovered, when it claimed and served, and when DNS moved."""

from __future__ import annotations

import pytest

from lab.drill.observations import WriteByName
from tests.unit.lab.drill.samples import OUTAGE, STATES, change, execution, nothing, passing, states
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

DUPLICATE = {"outcome": "duplicate"}


def test_the_recovery_is_the_run_that_promoted_though_another_began_earlier() -> None:
    earlier = execution(arn="earlier", output=DUPLICATE, started=OUTAGE + 13)
    assert passing(executions=[earlier, execution()]).recovery == execution()


def test_without_a_promotion_the_recovery_is_the_first_run_after_the_outage() -> None:
    before = execution(arn="before", output=DUPLICATE, started=OUTAGE - 1)
    runs = [execution(arn=arn, status="FAILED", output={}) for arn in ("first", "second")]
    found = passing(executions=[before, *runs]).recovery
    assert found and found.arn == "first"


def test_a_run_from_before_the_outage_recovered_nothing() -> None:
    assert passing(executions=[execution(started=OUTAGE - 1)]).recovery is None
    assert nothing().recovery is None


@pytest.mark.parametrize(
    ("status", "output", "outcome"),
    [
        ("SUCCEEDED", {"outcome": "held"}, "held"),
        ("SUCCEEDED", {}, "none"),
        ("RUNNING", {}, "none"),
        ("FAILED", {"error": "E", "cause": "C"}, "failed"),
        ("TIMED_OUT", {}, "failed"),
        ("ABORTED", {"outcome": "promoted"}, "failed"),
    ],
)
def test_the_outcome_is_what_a_run_that_succeeded_says(
    status: str, output: dict[str, str], outcome: str
) -> None:
    assert execution(status=status, output=output).outcome == outcome


def test_an_event_is_told_from_a_persons_request() -> None:
    assert execution(input={"mode": "drill", "reason": "Tuesday"}).started_by == ""


def test_the_claim_is_made_when_its_state_was_left() -> None:
    assert passing().promoted_at == OUTAGE + 15.86


def test_the_region_serves_when_the_lease_is_over_and_its_state_was_left() -> None:
    assert passing().served_at == OUTAGE + 20.88
    waiting = states({n: m for n, m in STATES.items() if m[1] <= 20.86})
    assert passing(executions=[execution(states=waiting)]).served_at is None


def test_every_acknowledged_write_counts_whoever_sent_it() -> None:
    refused = WriteByName(503, PRIMARY, None, code="NoQuorum")
    taken = WriteByName(201, PRIMARY, None, OUTAGE + 1, "", "i", "by-name", OUTAGE + 0.9, 1)
    seen = passing(writes_by_name=[refused, taken])
    assert len(seen.acknowledged) == len(seen.writes) + 2
    assert ("by-name", PRIMARY, 1) in {(w.write_id, w.region, w.epoch) for w in seen.acknowledged}


def test_a_claim_that_was_tried_again_counts_from_the_last_try() -> None:
    again = [*states()[:-4], *states({"ReadControl": (16, 16.1), "Claim": (17, 17.2)})]
    assert passing(executions=[execution(states=again)]).promoted_at == OUTAGE + 17.2


@pytest.mark.parametrize("then", ["NotifyFailure", "IsFailureNews", "ReadControl"])
def test_a_claim_that_was_refused_was_not_made(then: str) -> None:
    refused = {n: m for n, m in STATES.items() if m[1] <= 15.86} | {then: (15.86, 15.9)}
    run = execution(status="FAILED", output={}, states=states(refused))
    assert passing(executions=[run]).promoted_at is None


def test_a_claim_whose_confirmation_still_runs_was_made() -> None:
    confirming = states({n: m for n, m in STATES.items() if m[1] <= 15.86})
    run = execution(status="RUNNING", output={}, ended=None, states=confirming)
    assert passing(executions=[run]).promoted_at == OUTAGE + 15.86


def test_a_claim_whose_confirmation_failed_was_made() -> None:
    failed = states({**STATES, "NotifyFailure": (21.1, 21.2)})
    run = execution(status="FAILED", output={}, states=failed)
    assert passing(executions=[run]).promoted_at == OUTAGE + 15.86


def test_without_a_claim_nothing_was_promoted() -> None:
    held = states({n: m for n, m in STATES.items() if n != "Claim"})
    assert passing(executions=[execution(states=held)]).promoted_at is None
    assert nothing().promoted_at is None


def test_dns_moved_when_it_first_led_to_the_secondary_after_the_outage() -> None:
    what = "DNS app.pilotlight.example"
    moves = [change(at, what, region) for at, region in ((-9, SECONDARY), (16, SECONDARY))]
    assert passing(changes=moves).dns_moved == OUTAGE + 16
    assert nothing().dns_moved is None


def test_the_first_change_is_the_first_to_that_state_of_that_thing() -> None:
    changes = [change(1, "a", "off"), change(2, "a", "on"), change(3, "b", "off")]
    seen = passing(changes=[*changes, change(4, "a", "off")])
    assert seen.first("a", "off", OUTAGE) == OUTAGE + 1
    assert seen.first("a", "off", OUTAGE + 2) == OUTAGE + 4
    assert seen.first("b", "on", OUTAGE) is None
