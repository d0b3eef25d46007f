"""The control table and signs of life: counted by what the template and the code say."""

from __future__ import annotations

import pytest
from pilotlight.control import fence, pulse
from pilotlight.replication import heartbeat
from pytest import approx

from cost import CostError, control
from cost.savings import GOAL, together

MONTH = 730 * 3600


def test_what_is_assumed_of_signs_of_life_is_what_the_code_does(deployed):
    usage = deployment(deployed).usage
    assert usage.assumed("heartbeat_keys") == heartbeat.KEYS
    assert usage.assumed("pulse_seconds") == pulse.PULSE_SECONDS
    assert usage.assumed("fence_refresh_seconds") == fence.REFRESH_SECONDS


def deployment(computed):
    return computed.month.deployment


def test_a_pulse_is_written_in_both_regions_that_hold_the_table_and_not_in_the_witness_s(
    repository,
):
    witness = repository.properties("ControlTable")["GlobalTableWitnesses"][0]["Region"]
    assert witness == {"Ref": "WitnessRegion"}
    before = repository.computed()
    after = repository.computed(assumptions={"pulse_seconds": 5.0})
    for role in ("Primary", "Secondary"):
        more = sum(
            x.quantity * (1 if found is after else -1)
            for found in (before, after)
            for x in found.month.bill.lines
            if x.price.name == "dynamodb_write" and x.where == role
        )
        assert more == approx(MONTH / 10), role
    places = {x.where for x in after.month.bill.lines if x.service == "DynamoDB"}
    assert places == {"Primary", "Secondary"}


def test_a_witness_stores_nothing(repository):
    repository.edit("usage.toml", "ControlTable = 0.000001", "ControlTable = 1")
    found = repository.more()
    assert found == {"dynamodb_storage": approx(2, rel=1e-5)}, "nor has it point-in-time recovery"


def test_heartbeats_cost_by_the_interval_that_the_parameter_gives(repository):
    found = repository.more(parameters={"HeartbeatSeconds": "30"})
    assert found == {"dynamodb_write": approx(2 * 16 * MONTH * (1 / 30 - 1 / 20))}


def test_the_check_of_the_public_name_asks_the_primary_in_an_idle_month(deployed):
    (check,) = [c for c in deployed.month.checks if c.name == "PublicHealthCheck"]
    assert (check.target, check.owner, check.of_aws) == ("Primary", "Monitor", True)
    (flow,) = [f for f in deployed.month.flows if f.cause == "PublicHealthCheck"]
    assert (flow.where, flow.route.path, flow.by_url) == ("Primary", "/switch/on", False)


def test_the_alarms_of_us_east_1_have_a_topic_with_a_key_of_its_own(deployed):
    keys = [x for x in deployed.month.bill.lines if x.price.name == "kms_key"]
    assert {(x.where, x.quantity) for x in keys} == {("Secondary", 1), ("Monitor", 1)}


def test_the_uses_of_the_control_table_are_those_of_the_checks_and_schedules(deployed):
    uses = {u.who: u for u in control.uses(deployed)}
    assert uses["the pulse of the active Region"].number == approx(MONTH / 10)
    looks = uses["the pulse in each look of the sentinel"]
    assert looks.number == approx(MONTH / 10), "a look every ten seconds"
    assert uses["the keeper of each Region"].number == approx(2 * MONTH / 60)
    on = uses["the switch: on"]
    assert on.number == approx(6 * MONTH / 10 + 6 * MONTH / 30), (
        "of the name, and of the public one"
    )
    assert on.usd == approx(on.number * 0.125 / 1e6)
    assert uses["the fence: nobody writes in an idle month"].number == 0
    assert control.busiest_fence(deployed).number == MONTH


def test_what_the_control_table_is_asked_is_within_what_the_tables_are_billed(deployed):
    bill = deployed.month.bill
    billed = sum(x.amount for x in bill.lines if x.service == "DynamoDB")
    assert 0 < sum(u.usd for u in control.uses(deployed)) < billed


@pytest.mark.parametrize(
    ("name", "less"),
    [
        ("dashboard", {"dashboard": -1}),
        ("monitor-key", {"kms_key": -1}),
    ],
)
def test_what_is_left_out_saves_what_it_costs_and_no_more(repository, name, less):
    assert repository.more(without=frozenset({name})) == less


def test_the_second_check_of_us_east_1_saves_its_fees_and_its_requests(repository):
    found = repository.more(without=frozenset({"second-check"}))
    assert found["health_check_aws"] == found["health_check_option_aws"] == -1
    assert found["api_rest"] == approx(-6 * MONTH / 30)


def test_a_way_back_within_the_goal_is_shown(deployed):
    if deployed.total > GOAL:
        assert any(option.reaches_goal for option in together(deployed))


def test_a_table_of_a_kind_without_a_price_is_still_an_error(repository):
    repository.properties("ControlTable")["SSESpecification"] = {"SSEEnabled": True}
    with pytest.raises(CostError, match="ControlTable has SSESpecification"):
        repository.computed()
