"""The alarm's event: what starts a failover, what is dropped, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pilotlight.failover.request import Alarm, InvalidExecutionInput, Request, read
from pilotlight.shared.validation import violation

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:pilot-light-primary-unhealthy"
OTHER = "arn:aws:cloudwatch:us-east-2:123456789012:alarm:pilot-light-other"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
EVENT: dict[str, Any] = {
    "version": "0",
    "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
    "detail-type": "CloudWatch Alarm State Change",
    "source": "aws.cloudwatch",
    "account": "123456789012",
    "time": "2026-01-31T11:59:30Z",
    "region": "us-east-1",
    "resources": [ARN],
    "detail": {
        "alarmName": "pilot-light-primary-unhealthy",
        "state": {"value": "ALARM", "reason": "Threshold Crossed", "reasonData": "{}"},
        "previousState": {"value": "INSUFFICIENT_DATA"},
        "configuration": {"metrics": []},
    },
}


def taken(event: Any) -> Request:
    return read(event, validate=violation, alarm_arns=[ARN, OTHER])


def changed(path: str, value: Any) -> dict[str, Any]:
    """The event with one value changed, or left out where it is `...`."""
    event = copy.deepcopy(EVENT)
    place: Any = event
    *steps, last = path.split("/")
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return event


def test_the_alarm_of_a_lost_primary_starts_a_failover() -> None:
    request = taken(EVENT)
    assert request == Request(
        disposition="accept",
        mode="failover",
        reason="Threshold Crossed",
        trigger="alarm",
        override=[],
        alarm=Alarm(
            "pilot-light-primary-unhealthy",
            "us-east-1",
            "2026-01-31T11:59:30Z",
            "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        ),
    )


def test_every_alarm_that_is_listened_to_may_start_it() -> None:
    assert taken(changed("resources", [OTHER])).disposition == "accept"


@pytest.mark.parametrize("reason", ["", ...])
def test_an_alarm_without_a_reason_gets_one(reason: Any) -> None:
    request = taken(changed("detail/state/reason", reason))
    assert request.reason == "Alarm pilot-light-primary-unhealthy went to ALARM."


def test_a_long_reason_is_cut_to_what_a_request_may_have() -> None:
    assert len(taken(changed("detail/state/reason", "x" * 2000)).reason) == 500


def test_an_event_cannot_bring_an_override_along() -> None:
    event = {**EVENT, "override": ["outage_confirmed"], "mode": "drill"}
    request = taken(event)
    assert (request.override, request.mode) == ([], "failover")


# --- dropped -------------------------------------------------------------------------------------
def test_how_old_an_event_is_does_not_count() -> None:
    """The run judges whether the Primary fails now."""
    assert taken(changed("time", "2020-01-31T12:00:00Z")).disposition == "accept"


@pytest.mark.parametrize("by", ["Alarm", "WaitPeriod", "ExtensionPeriod"])
def test_a_suppressed_alarm_is_dropped_and_says_by_what(by: str) -> None:
    request = taken(changed("detail/state/actionsSuppressedBy", by))
    assert request.disposition == "drop"
    assert by in (request.why or "")


# --- refused -------------------------------------------------------------------------------------
@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_only_alarm_starts_a_failover(state: str) -> None:
    with pytest.raises(InvalidExecutionInput, match=f"is {state}, and only ALARM"):
        taken(changed("detail/state/value", state))


def test_a_foreign_alarm_is_refused_and_named() -> None:
    with pytest.raises(InvalidExecutionInput, match="another alarm, arn:aws:other") as refusal:
        taken(changed("resources", ["arn:aws:other"]))
    assert ARN in str(refusal.value), "it names the alarms that are listened to"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("time", ...),
        ("time", 1769860800),
        ("time", "2026-01-31"),
        ("resources", []),
        ("resources", [1]),
        ("resources", ARN),
        ("resources", ...),
        ("detail", {}),
        ("detail", ...),
        ("detail/state", "ALARM"),
        ("detail/state", ...),
        ("detail/state/value", "alarm"),
        ("detail/state/value", None),
    ],
)
def test_an_event_of_another_shape_is_refused_and_says_where(path: str, value: Any) -> None:
    with pytest.raises(InvalidExecutionInput, match=path.split("/")[-1]):
        taken(changed(path, value))


YEAR_1 = '{"startDate": "0001-01-01T00:00:00.000+2359"}'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *(("id", ...), ("id", ""), ("id", 7), ("source", ...), ("source", None)),
        *(("detail-type", ...), ("detail-type", 1), ("region", ...), ("region", "")),
        *(("detail/alarmName", ...), ("detail/alarmName", ""), ("detail/alarmName", [])),
        *(("detail/state/reason", ...), ("detail/state/reason", None)),
        *(("detail/state/reason", 5), ("detail/state/reason", "x" * 100_000)),
        *(("detail/state/reasonData", ...), ("detail/state/reasonData", YEAR_1)),
        *(("detail/state/reasonData", "[" * 100_000), ("detail/state/reasonData", {})),
        ("detail/state/reasonData", '{"startDate": "9999-12-31T23:59:59-2359"}'),
        *(("detail/configuration", ...), ("detail/configuration", [])),
        ("detail/configuration", {"metrics": [{"metricStat": {"period": 10**18}}]}),
        ("detail/configuration", {"metrics": [{"metricStat": {"period": True}}, None, 3]}),
        ("detail/configuration", {"metrics": [{"metricStat": {"period": -60}}]}),
    ],
)
def test_what_a_recovery_does_not_need_may_be_missing_or_odd(path: str, value: Any) -> None:
    request = taken(changed(path, value))
    assert (request.disposition, request.mode, request.trigger) == ("accept", "failover", "alarm")
    assert request.reason and len(request.reason) <= 500
    assert request.alarm is not None and request.alarm.name


@pytest.mark.parametrize("time", ["2026-01-31T11:59:30.000", "the day before yesterday"])
def test_a_time_that_is_none_or_without_a_zone_is_refused(time: str) -> None:
    with pytest.raises(InvalidExecutionInput, match=f"'{time}' is not a time such as"):
        taken(changed("time", time))
