"""CLOUDWATCH_METRIC health checks: the metric's data stream decides, and not the alarm."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.dns.health_checks import HealthCheck, evaluate, new
from lab.engine.dns.metric_checks import judge, verdict
from lab.engine.events import alarms
from lab.engine.outages.losses import Loss
from lab.engine.outages.outage import Outage
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, Anything, FakeAws

ALARM = {
    "AlarmName": "switch",
    "Namespace": "bench",
    "MetricName": "SwitchPosition",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 1.0,
}
CONFIG: dict[str, Any] = {
    "Type": "CLOUDWATCH_METRIC",
    "AlarmIdentifier": {"Name": "switch", "Region": SECONDARY},
    "InsufficientDataHealthStatus": "LastKnownStatus",
}


class World:
    """One metric, whose points the test sets, at moments of a clock that it sets too."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **alarm: Any) -> None:
        self.now = 6_000_000.0
        self.points: list[dict[str, Any]] = []
        self.asked_in: list[str] = []
        self.outage = Outage()
        known = {"switch": {**ALARM, **alarm}}
        cloudwatch = Anything(
            _alarms=Anything(
                get=lambda name: self.asked_in.append(aws.region()) or known.get(name)
            ),
            _metrics={("bench", "SwitchPosition", ()): self.points},
            _calc_stats=lambda window: window,
            _stat_value=lambda found, _statistic, _window: max(p["Value"] for p in found),
        )
        aws = self.aws = FakeAws(cloudwatch=cloudwatch)
        monkeypatch.setattr(alarms, "time", Anything(time=lambda: self.now))

    def publish(self, value: float) -> None:
        self.points.append({"Timestamp": self.now, "Value": value, "Dimensions": {}})

    def verdict(self) -> bool | None:
        aws: Any = self.aws
        return verdict(aws, self.outage, CONFIG)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def breaches(value: float) -> bool:
    return value >= 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0], True), ([1.0], False), ([1.0, 0.0], True), ([1.0, 1.0], False)],
)
def test_a_stream_is_bad_when_every_period_breaches(values, expected) -> None:
    assert judge(values, breaches) is expected


@pytest.mark.parametrize("values", [[], [None], [1.0, None]])
def test_a_period_without_data_gives_no_verdict(values) -> None:
    assert judge(values, breaches) is None


def test_the_verdict_comes_when_the_minute_closes_and_not_before(world: World) -> None:
    world.publish(1)
    world.now += 59.9
    assert world.verdict() is None
    world.now += 0.1
    assert world.verdict() is False


def test_the_minute_is_as_long_as_the_labs_speed_makes_it(world: World) -> None:
    world.aws.clock.speed = 10
    world.publish(1)
    world.now += 6
    assert world.verdict() is False


def test_the_state_of_the_alarm_moves_nothing(world: World) -> None:
    world.publish(0)
    world.now += 60
    before = world.verdict()
    world.aws.cloudwatch._alarms.get("switch")["StateValue"] = "ALARM"
    assert (before, world.verdict()) == (True, True)


def test_the_stream_is_read_in_the_alarms_region(world: World) -> None:
    world.verdict()
    assert world.asked_in == [SECONDARY]


def test_of_a_lost_region_there_is_no_data(world: World) -> None:
    world.publish(1)
    world.now += 60
    world.outage.lose(SECONDARY, Loss())
    assert world.verdict() is None
    world.outage.heal()
    world.outage.lose(PRIMARY, Loss())
    assert world.verdict() is False


def test_a_metric_of_high_resolution_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, Period=10)
    world.publish(1)
    world.now += 10
    assert world.verdict() is None


def test_a_new_metric_check_is_healthy_and_probes_nothing() -> None:
    made = new(CONFIG, 0, 30)
    assert (made.healthy, made.checkers) == (True, [])
    assert evaluate(CONFIG, made, lambda _: True) is True


@pytest.mark.parametrize("known", [True, False])
def test_the_stream_decides_and_an_inverted_check_says_the_contrary(known: bool) -> None:
    inverted = {**CONFIG, "Inverted": True}
    assert evaluate(CONFIG, HealthCheck(), lambda _: True, lambda _: known) is known
    assert evaluate(inverted, HealthCheck(), lambda _: True, lambda _: known) is not known


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("inverted", [True, False])
def test_without_data_the_last_known_status_stays(last: bool, inverted: bool) -> None:
    config = {**CONFIG, "Inverted": inverted}
    assert evaluate(config, HealthCheck(healthy=last), lambda _: True) is last


@pytest.mark.parametrize(("status", "expected"), [("Healthy", True), ("Unhealthy", False)])
def test_without_data_a_fixed_status_counts_where_one_is_set(status: str, expected: bool) -> None:
    config = {**CONFIG, "InsufficientDataHealthStatus": status}
    assert evaluate(config, HealthCheck(healthy=not expected), lambda _: True) is expected
