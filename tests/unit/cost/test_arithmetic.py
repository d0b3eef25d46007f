"""Schedules, samples, sums and money."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from cost import CostError
from cost.bill import Line, allowances, merged
from cost.failover import compute as one_failover
from cost.prices import load
from cost.schedules import per_month
from cost.settings import Settings
from cost.traces import DEFAULT, Rule

MONTH = 730 * 3600
DAYS = 730 / 24


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(1 minute)", MONTH / 60),
        ("rate(5 minutes)", MONTH / 300),
        ("rate(7 days)", DAYS / 7),
        ("cron(0 5 * * ? *)", DAYS),
        ("cron(0/15 * * * ? *)", 96 * DAYS),
        ("cron(0,30 8-17 ? * MON *)", 2 * 10 * DAYS / 7),
        ("cron(0 0 1 * ? *)", DAYS / 31),
        ("cron(*/10 * ? * 2 *)", 144 * DAYS / 7),
    ],
)
def test_a_schedule_fires_so_often_in_a_month(expression, times):
    assert per_month(expression, MONTH) == pytest.approx(times)


@pytest.mark.parametrize(
    "expression",
    ["at(2026-01-01T00:00:00)", "rate(0 minutes)", "cron(0 5 L * ? *)", "cron(0 5 ? * MON-FRI *)"],
)
def test_a_schedule_that_cannot_be_counted_is_an_error_that_quotes_it(expression):
    with pytest.raises(CostError) as error:
        per_month(expression, MONTH)
    assert expression in str(error.value)


@given(st.floats(0, 1e9), st.integers(0, 20), st.floats(0, 1))
def test_never_more_requests_are_recorded_than_come_or_fewer_than_the_rate(number, size, rate):
    found = Rule("r", 1, "*", "*", "*", "*", size, rate).sampled(number, MONTH)
    assert rate * number * (1 - 1e-9) - 1e-6 <= found <= number * (1 + 1e-9) + 1e-6


def test_rare_requests_are_all_recorded_and_frequent_ones_by_reservoir_and_rate():
    assert DEFAULT.sampled(1000, MONTH) == pytest.approx(1000, rel=0.001)
    frequent = 100 * MONTH
    assert DEFAULT.sampled(frequent, MONTH) == pytest.approx(MONTH + 0.05 * (frequent - MONTH))


def test_the_reservoir_takes_one_of_the_requests_that_fall_into_the_same_second():
    assert DEFAULT.sampled(MONTH, MONTH) / MONTH == pytest.approx(0.632 + 0.05 * 0.368, abs=0.001)


def test_equal_lines_are_added_up_and_empty_ones_left_out():
    price = load()["trace"]
    lines = [
        Line("X-Ray", "Primary", "traces", 2, price, ("a",)),
        Line("X-Ray", "Primary", "traces", 3, price, ("b", "a")),
        Line("X-Ray", "Secondary", "traces", 0, price, ("c",)),
    ]
    (line,) = merged(lines).lines
    assert (line.quantity, line.causes) == (5, ("a", "b"))


def test_an_allowance_takes_off_no_more_than_was_used():
    few, many = (merged([Line("X-Ray", "P", "t", n, load()["trace"])]) for n in (7, 1e6))
    assert [line.quantity for line in allowances(few)] == [-7]
    assert [line.quantity for line in allowances(many)] == [-100_000]


def test_the_services_come_to_the_total(deployed):
    for bill in (deployed.month.bill, deployed.failover):
        assert sum(bill.services.values()) == pytest.approx(bill.total)
        assert bill.total == pytest.approx(
            sum(x.quantity * x.price.usd / x.price.per for x in bill.lines)
        )


def test_allowances_lower_the_month_and_leave_nothing_below_zero(deployed):
    free = deployed.instead(free_allowances=True)
    assert free.total < deployed.total
    assert all(free.month.bill.quantity(x.price.name) >= 0 for x in free.month.bill.lines)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("api_rest", "$3.50 per million"),
        ("kms_request", "$0.03 per 10,000"),
        ("s3_storage", "$0.023"),
        ("kms_key", "$1.00"),
        ("lambda_arm64", "$0.0000133334"),
    ],
)
def test_a_price_is_written_as_people_write_it(name, label):
    assert load()[name].label == label


def test_a_failover_enters_each_state_of_its_path_and_counts_retries(deployed):
    states = deployed.month.deployment.usage.failover.states
    assert deployed.failover.quantity("state_transition") == sum(states.values())


def test_a_failover_counts_what_its_states_call(deployed):
    bill = deployed.failover
    causes = {cause for line in bill.lines for cause in line.causes}
    assert {"IntakeFunction", "TrafficFunction", "WarmFunction", "FailoverMachine"} <= causes
    assert bill.quantity("sns_publish") == 2, "announced, and its outcome"
    promoted = [x for x in bill.lines if x.price.name == "dynamodb_write" and x.where == "Primary"]
    assert promoted, "a write to a global table is billed in the other Region, too"


def test_more_pings_make_a_failover_dearer(deployed):
    more = deployed.instead(parameters={"WarmConcurrency": "100"}).failover
    difference = more.quantity("lambda_request") - deployed.failover.quantity("lambda_request")
    before = int(deployed.month.deployment.stacks[0].parameters["WarmConcurrency"])
    assert difference == 2 * (100 - before)


def test_a_task_that_calls_an_unpriced_service_is_an_error(repository):
    file = "statemachines/failover.asl.yaml"
    repository.edit(file, "arn:aws:states:::sns:publish", "arn:aws:states:::glue:startJobRun")
    with pytest.raises(CostError, match="FailoverMachine calls glue:startJobRun"):
        repository.computed()


def test_a_failover_needs_its_definition(deployed, tmp_path):
    with pytest.raises(CostError, match=r"failover.asl.yaml cannot be read"):
        one_failover(deployed.month.deployment, Settings(), tmp_path)
