"""Alarms of the lab's CloudWatch: their metric's points, their state, and the event of a change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.engine.events import alarms
from tests.unit.lab.engine.fakes import Anything, FakeAws, eventually

NOW = 1_000_000_005.0


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "time", Anything(time=lambda: NOW))


class Evaluated:
    """An alarm of a fake CloudWatch, which is evaluated at one moment."""

    def __init__(self, **alarm: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self.changes: list[tuple[str, str]] = []
        self.alarm: dict[str, Any] = {
            "AlarmName": "sentinel",
            "AlarmArn": "arn:alarm:sentinel",
            "Namespace": "PilotLight",
            "MetricName": "Lost",
            "Dimensions": [{"Name": "App", "Value": "a"}],
            "Statistic": "Maximum",
            "Period": 10,
            "EvaluationPeriods": 4,
            "DatapointsToAlarm": 3,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "StateValue": "OK",
            **alarm,
        }
        self.metrics: dict[Any, list[dict[str, Any]]] = {}
        self.cloudwatch = Anything(
            _metrics=self.metrics,
            _calc_stats=lambda window: window,
            _stat_value=lambda found, _statistic, _window: max(p["Value"] for p in found),
            _record_history=lambda *_: None,
            _evaluate_parent_alarms=lambda _: None,
            _dispatch_alarm_actions=lambda *_: None,
            _evaluate_alarm=None,
        )
        self.aws = FakeAws(
            cloudwatch=self.cloudwatch,
            eventbridge=Anything(
                _put_events=lambda given, allow_aws_source: self.events.extend(given["Entries"])
            ),
        )
        alarms.install(self.aws, lambda *change: self.changes.append(change))

    def point(self, value: float, *periods_ago: int, app: str = "a") -> None:
        """Put a point into the middle of closed periods; 0 is the latest."""
        points = self.metrics.setdefault(("PilotLight", "Lost", app), [])
        real = self.aws.clock.real
        delay = real(alarms.EVALUATION_DELAY_HIGH_RESOLUTION)
        period = real(self.alarm["Period"])
        newest = alarms.window_ends(NOW, period, delay, 1)[0]
        for ago in periods_ago:
            at = newest - period * (ago + 0.5)
            points.append({"Timestamp": at, "Value": value, "Dimensions": {"App": app}})

    def evaluate(self) -> str:
        self.cloudwatch._evaluate_alarm(self.alarm)
        return str(self.alarm["StateValue"])


def test_points_of_three_periods_raise_the_alarm() -> None:
    world = Evaluated()
    world.point(1, 0, 1, 2)
    world.point(0, 3)
    assert world.evaluate() == "ALARM"
    assert world.changes == [("sentinel", "ALARM")]


def test_three_points_in_one_period_are_one_datapoint() -> None:
    world = Evaluated()
    world.point(1, 0, 0, 0)
    assert world.evaluate() == "OK"


def test_points_of_other_dimensions_do_not_count() -> None:
    world = Evaluated()
    world.point(1, 0, 1, 2, app="another")
    assert world.evaluate() == "OK"


def test_points_older_than_the_evaluation_range_do_not_count() -> None:
    world = Evaluated(TreatMissingData="notBreaching")
    world.point(1, 0, 1, 4 + alarms.EXTRA_PERIODS)
    assert world.evaluate() == "OK"


def test_a_period_that_has_not_ended_does_not_count() -> None:
    world = Evaluated(TreatMissingData="notBreaching")
    world.point(1, -1, 0, 1)
    assert world.evaluate() == "OK"


def test_periods_follow_the_labs_speed() -> None:
    world = Evaluated()
    world.aws.clock.speed = 10
    world.point(1, 0, 1, 2)
    assert world.evaluate() == "ALARM"
    slow = Evaluated(TreatMissingData="notBreaching")
    slow.metrics.update(world.metrics)
    assert slow.evaluate() == "OK"


def test_a_metric_that_fell_silent_is_insufficient_data() -> None:
    world = Evaluated()
    world.point(0, 100)
    assert world.evaluate() == "INSUFFICIENT_DATA"


def test_a_metric_that_never_had_a_point_leaves_the_alarm_as_it_is() -> None:
    world = Evaluated(StateValue="ALARM")
    assert world.evaluate() == "ALARM"
    assert world.changes == []


def test_a_silent_metric_breaches_where_missing_data_does() -> None:
    assert Evaluated(TreatMissingData="breaching").evaluate() == "ALARM"


def test_an_alarm_that_stays_as_it_is_says_nothing() -> None:
    world = Evaluated(StateValue="ALARM")
    world.point(1, 0, 1, 2)
    assert world.evaluate() == "ALARM"
    assert world.changes == []


def test_without_datapoints_to_alarm_every_period_must_breach() -> None:
    world = Evaluated(DatapointsToAlarm=None)
    world.point(1, 0, 1, 2)
    world.point(0, 3)
    assert world.evaluate() == "OK"
    world.point(1, 3)
    assert world.evaluate() == "ALARM"


def test_a_change_becomes_the_documented_event() -> None:
    world = Evaluated(TreatMissingData="breaching")
    world.evaluate()
    assert eventually(lambda: world.events)
    [event] = world.events
    detail = json.loads(event["Detail"])
    assert event["Source"] == "aws.cloudwatch"
    assert event["DetailType"] == "CloudWatch Alarm State Change"
    assert event["Resources"] == ["arn:alarm:sentinel"]
    assert (detail["alarmName"], detail["state"]["value"]) == ("sentinel", "ALARM")
    assert detail["previousState"]["value"] == "OK"
    [metric] = detail["configuration"]["metrics"]
    assert metric["metricStat"]["metric"]["dimensions"] == {"App": "a"}
