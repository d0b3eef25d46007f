"""What a drill's record of calls has to show of the recovery path."""

from __future__ import annotations

from lab.drill.observations import Observations
from lab.drill.outage.recovery import data_planes_only, no_call_left_the_secondary

PRIMARY, SECONDARY = "us-west-2", "us-east-2"


def call(role="FailoverRole", service="dynamodb", operation="UpdateItem", region=SECONDARY, at=5.0):
    return {
        "at": at,
        "role": f"pilot-light-secondary-{role}-0A1B2C3D4E5F6",
        "service": service,
        "operation": operation,
        "region": region,
        "from": SECONDARY,
    }


def results(check, *calls):
    seen = Observations(
        primary=PRIMARY,
        secondary=SECONDARY,
        public_name="app.example.com",
        app_name="pilot-light",
        speed=1.0,
        replication_lag=0.5,
        started=0.0,
        outage=1.0,
        ended=10.0,
        calls=list(calls),
    )
    return check(seen)


def test_calls_of_data_planes_in_the_secondary_pass_both_checks():
    assert results(no_call_left_the_secondary, call())[0]
    assert results(data_planes_only, call(), call(service="lambda", operation="Invoke"))[0]


def test_no_calls_at_all_prove_nothing():
    assert not results(no_call_left_the_secondary)[0]
    assert not results(data_planes_only)[0]


def test_a_call_to_another_region_is_named():
    passed, detail = results(no_call_left_the_secondary, call(), call(region=PRIMARY))
    assert not passed
    assert f"dynamodb:UpdateItem in {PRIMARY}" in detail


def test_a_control_plane_call_is_named_even_in_the_secondary():
    passed, detail = results(data_planes_only, call(), call(operation="DescribeTable"))
    assert not passed
    assert "FailoverRole: dynamodb:DescribeTable" in detail


def test_whether_a_run_has_ended_may_be_asked_for_the_path_goes_on_without_the_answer():
    asked = call(service="states", operation="DescribeExecution")
    passed, detail = results(data_planes_only, call(), asked)
    assert passed
    assert "without states:DescribeExecution: Whether the run that holds the lock" in detail


def test_the_same_question_of_another_region_is_no_exception():
    asked = call(service="states", operation="DescribeExecution", region=PRIMARY)
    assert not results(data_planes_only, call(), asked)[0]


def test_a_call_that_nobody_classified_is_a_failed_check_and_not_a_failed_drill():
    passed, detail = results(data_planes_only, call(service="quantum", operation="Entangle"))
    assert not passed
    assert "quantum:Entangle" in detail


def test_what_is_off_the_path_may_call_what_it_likes():
    stray = call(role="SeedRole", operation="DescribeTable", region=PRIMARY)
    assert results(no_call_left_the_secondary, call(), stray)[0]
    assert results(data_planes_only, call(), stray)[0]


def test_calls_before_the_outage_and_after_the_recovery_do_not_count():
    away = [call(region=PRIMARY, at=0.5), call(region=PRIMARY, at=11.0)]
    assert results(no_call_left_the_secondary, call(), *away)[0]
