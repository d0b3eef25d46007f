"""Alarms, events and schedules: what starts what, and what only tells a person."""

from __future__ import annotations

import json
import re

import pytest
from pilotlight.failover import request as intake
from pilotlight.shared.validation import violation

from tests.template.stacks import ACCOUNT, Stack, intrinsics, source, stack


def test_an_alarm_on_a_route_53_metric_is_only_in_us_east_1(any_stack: Stack) -> None:
    for name, alarm in any_stack.of_type("AWS::CloudWatch::Alarm").items():
        if alarm["Namespace"] == "AWS/Route53":
            assert any_stack.region == "us-east-1", f"{name} would never see a data point"
            assert alarm["Period"] >= 60, "Route 53 publishes one point a minute"


def test_the_alarm_s_event_reaches_the_machine_through_both_rules(
    monitor: Stack, secondary: Stack
) -> None:
    alarm = monitor.resources["PrimaryUnhealthyAlarm"]["Properties"]
    arn = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{alarm['AlarmName']}"
    (forward,) = monitor.of_type("AWS::Events::Rule").values()
    assert forward["EventPattern"]["resources"] == ["<PrimaryUnhealthyAlarm.Arn>"]
    (target,) = forward["Targets"]
    assert target["Arn"] == f"arn:aws:events:{secondary.region}:{ACCOUNT}:event-bus/default"
    start = secondary.resources["StartFailoverRule"]["Properties"]
    assert start["EventPattern"]["resources"] == [arn]
    assert start["Targets"][0]["Arn"] == "<FailoverMachine>"
    intake = secondary.resources["IntakeFunction"]["Properties"]["Environment"]["Variables"]
    assert intake["ALARM_ARNS"] == arn


STARTS_BY_ITSELF = {
    "AlarmHealthCheck",
    "PrimaryUnhealthyAlarm",
    "StartFailoverRule",
    "SentinelSchedule",
    "SentinelProbesMapping",
}


@pytest.mark.parametrize("secondary_region", ["us-east-2", "us-east-1"])
@pytest.mark.parametrize("primary_exists", [False, True])
def test_nothing_starts_a_failover_before_there_is_a_primary(
    secondary: Stack, secondary_region: str, primary_exists: bool
) -> None:
    """With us-east-1 in the pair, a stack of the pair has the alarm."""
    exists = str(primary_exists).lower()
    given = {
        **secondary.parameters,
        "SecondaryRegion": secondary_region,
        "PeerBucketExists": exists,
    }
    known = intrinsics(secondary_region, given)
    starts = STARTS_BY_ITSELF & set(known.deployed(source()["Resources"]))
    of_us_east_1 = {"AlarmHealthCheck", "PrimaryUnhealthyAlarm"}
    here = STARTS_BY_ITSELF - (of_us_east_1 if secondary_region != "us-east-1" else set())
    assert starts == (here if primary_exists else set())


def test_the_public_name_s_alarm_tells_people_where_nothing_of_the_pair_has_to_live(
    monitor: Stack, any_stack: Stack
) -> None:
    alarm = monitor.resources["PublicUnreachableAlarm"]["Properties"]
    assert alarm["AlarmActions"] == alarm["OKActions"] == ["<RecoveryTopic>"]
    (metric,) = alarm["Dimensions"]
    assert metric == {"Name": "HealthCheckId", "Value": "<PublicHealthCheck>"}
    assert monitor.region not in (stack("primary").region, stack("secondary").region)
    for rule in any_stack.of_type("AWS::Events::Rule").values():
        assert alarm["AlarmName"] not in str(rule["EventPattern"]), "it starts nothing"


def test_the_public_name_s_alarm_lets_a_failover_end_before_it_speaks(monitor: Stack) -> None:
    """Three minutes: a recovery takes one, and is told of by itself."""
    alarm = monitor.resources["PublicUnreachableAlarm"]["Properties"]
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 180
    assert "DatapointsToAlarm" not in alarm, "each of them"
    assert alarm["Statistic"] == "Minimum"
    assert alarm["TreatMissingData"] == "missing"


def test_each_stack_has_a_topic_to_which_its_alarms_may_publish(any_stack: Stack) -> None:
    (topic,) = any_stack.of_type("AWS::SNS::Topic").values()
    speaks = [
        a for a in any_stack.of_type("AWS::CloudWatch::Alarm").values() if "AlarmActions" in a
    ]
    own_key = any_stack.of_type("AWS::KMS::Key")
    if own_key:
        assert topic["KmsMasterKeyId"] == "<TopicKey>"
        (key,) = own_key.values()
        services = [s["Principal"].get("Service") for s in key["KeyPolicy"]["Statement"]]
        assert "cloudwatch.amazonaws.com" in services
    else:
        assert topic["KmsMasterKeyId"] == "alias/aws/sns"
        assert speaks == [], "alarms cannot publish under the key that AWS manages"


@pytest.mark.parametrize("env", ["primary", "secondary", "monitor"])
def test_an_address_that_is_given_is_subscribed_in_each_stack(env: str) -> None:
    found = stack(env)
    for given, there in (("", False), ("ada@example.com", True)):
        known = intrinsics(found.region, {**found.parameters, "NotificationEmail": given})
        assert known.holds(source()["Resources"]["EmailSubscription"]["Condition"]) is there


def test_the_readiness_alarm_tells_a_person_and_starts_nothing(
    secondary: Stack, any_stack: Stack
) -> None:
    alarm = secondary.resources["SecondaryReadyAlarm"]["Properties"]
    assert alarm["TreatMissingData"] == "breaching", "that nobody looks is drift too"
    assert alarm["AlarmActions"] == ["<RecoveryTopic>"]
    function = secondary.resources["ScheduledReadinessFunction"]["Properties"]
    service = function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]
    namespace = function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Namespace"] == namespace
    for rule in any_stack.of_type("AWS::Events::Rule").values():
        assert alarm["AlarmName"] not in str(rule["EventPattern"])


def test_the_janitor_hears_of_every_machine_of_the_secondary_and_knows_it(
    secondary: Stack,
) -> None:
    machines = secondary.of_type("AWS::StepFunctions::StateMachine")
    # It takes no lock and drains nothing; a claim that it left is served by a keeper.
    assert machines.pop("EmergencyMachine")
    detail = secondary.resources["ExecutionEndedRule"]["Properties"]["EventPattern"]["detail"]
    assert {arn.strip("<>") for arn in detail["stateMachineArn"]} == set(machines)
    assert {"TIMED_OUT", "ABORTED"} <= set(detail["status"])
    janitor = secondary.resources["JanitorFunction"]["Properties"]["Environment"]["Variables"]
    assert janitor["MACHINE_ARNS"].split(",") == detail["stateMachineArn"]


def test_the_schedule_starts_a_rehearsal_that_says_so(secondary: Stack) -> None:
    schedule = secondary.resources["WeeklyRehearsal"]["Properties"]
    assert schedule["Target"]["Arn"] == "<FailoverMachine>"
    role = secondary.resources[schedule["Target"]["RoleArn"].strip("<>").split(".")[0]]
    (policy,) = role["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        "states:StartExecution",
        "<FailoverMachine>",
    )
    request = intake.read(
        json.loads(schedule["Target"]["Input"]),
        validate=violation,
        alarm_arns=[],
    )
    assert (request.mode, request.disposition, request.trigger) == (
        "rehearsal",
        "accept",
        "schedule",
    )


@pytest.mark.parametrize(
    ("env", "expression", "there"),
    [
        ("secondary", "rate(7 days)", True),
        ("secondary", "off", False),
        ("secondary-first", "rate(7 days)", False),
        ("primary", "rate(7 days)", False),
    ],
)
def test_rehearsals_are_scheduled_where_there_is_a_primary_and_nobody_said_off(
    env: str, expression: str, there: bool
) -> None:
    found = stack(env)
    known = intrinsics(found.region, {**found.parameters, "RehearsalSchedule": expression})
    for name in ("WeeklyRehearsal", "WeeklyRehearsalRole"):
        assert known.holds(source()["Resources"][name]["Condition"]) is there
    pattern = source()["Parameters"]["RehearsalSchedule"]["AllowedPattern"]
    assert re.fullmatch(pattern, expression)


@pytest.mark.parametrize("expression", ["", "never", "0 10 ? * TUE *", "cron()", "Off"])
def test_a_schedule_that_is_none_is_refused_at_the_deployment(expression: str) -> None:
    pattern = source()["Parameters"]["RehearsalSchedule"]["AllowedPattern"]
    assert not re.fullmatch(pattern, expression)


def test_every_rule_keeps_what_it_cannot_deliver(any_stack: Stack) -> None:
    for name, rule in any_stack.of_type("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            assert "DeadLetterConfig" in target, name
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600, name
