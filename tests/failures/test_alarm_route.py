"""The documented route by itself: where the sentinel may start nothing, Route 53's alarm does."""

from __future__ import annotations

import json

import pytest

from tests.failures import situations as at

pytestmark = [pytest.mark.failures, pytest.mark.timeout(300, func_only=True)]


def alarm_of(pair):
    cloudwatch = pair.lab.client("cloudwatch", "us-east-1")
    name = f"{pair.lab.app}-primary-unhealthy"
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return alarm["StateValue"]


def test_without_the_sentinel_the_alarm_s_event_starts_the_machine_and_it_promotes(pair):
    pair.settle()
    # Only a change of state makes an event, and the deployment may have looked like an outage.
    pair.until("the alarm to be OK", lambda: alarm_of(pair) == "OK", seconds=90)
    client, events = pair.lab.client("stepfunctions"), pair.lab.client("events")
    machine, rule = pair.lab.machine("failover"), f"{pair.lab.app}-start-failover"

    def executions():
        found = client.list_executions(stateMachineArn=machine)["executions"]
        return {execution["executionArn"] for execution in found}

    before = executions()
    events.enable_rule(Name=rule)
    try:
        pair.lab.control.act("outage", mode="api", region=pair.primary)
        (arn,) = pair.until("an execution", lambda: executions() - before, seconds=90)
    finally:
        events.disable_rule(Name=rule)
    at.approved(pair, arn)
    run = pair.wait("failover", arn)
    given = json.loads(client.describe_execution(executionArn=arn)["input"])
    assert given["detail-type"] == "CloudWatch Alarm State Change"
    assert (run.status, run.end) == ("SUCCEEDED", "promoted")
    assert pair.lab.item("recoveries", f"recovery#{run.output['epoch']}")["trigger"] == "alarm"
    pair.heal()
