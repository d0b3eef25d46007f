"""What the lab deploys, where it differs from samconfig.toml by a parameter."""

from __future__ import annotations

import pytest
from samcli.cli.types import CfnParameterOverridesType

from lab import deployment
from tests.template.stacks import CONFIG_ENVS, config, source
from tests.unit.lab.engine.fakes import CONFIG
from tools.reader.samconfig import ConfigError


@pytest.mark.parametrize(
    ("speed", "interval"), [(0.5, 10), (1, 10), (2, 5), (3, 2), (5, 2), (9, 1), (10, 1), (20, 1)]
)
def test_the_sentinel_looks_at_least_once_in_each_period_of_its_alarm(
    speed: float, interval: int
) -> None:
    assert deployment.sentinel_interval(speed) == interval
    assert interval in source()["Parameters"]["SentinelIntervalSeconds"]["AllowedValues"]
    if speed <= 10:
        assert interval <= 10 / speed


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 20), (2.0, 10), (10.0, 5), (0.5, 30)])
def test_heartbeats_suit_the_clock_of_the_lab(speed: float, seconds: int) -> None:
    assert deployment.heartbeat_seconds(speed) == seconds
    bounds = source()["Parameters"]["HeartbeatSeconds"]
    assert bounds["MinValue"] <= seconds <= bounds["MaxValue"]


@pytest.mark.parametrize(("speed", "minutes"), [(0.5, 10), (1.0, 5), (5.0, 1), (10.0, 0)])
def test_how_long_the_primary_has_to_be_well_suits_the_clock_of_the_lab(
    speed: float, minutes: int
) -> None:
    assert deployment.healthy_minutes(speed) == minutes
    bounds = source()["Parameters"]["HealthyMinutes"]
    assert bounds["MinValue"] <= minutes <= bounds["MaxValue"]


def as_sam_reads(arguments: list[str]) -> dict[str, str]:
    """What sam takes from its command line, by its own parser."""
    given = tuple(arguments[arguments.index("--parameter-overrides") + 1 :])
    return CfnParameterOverridesType().convert(given, None, None)


def deployed(monkeypatch: pytest.MonkeyPatch, env: str, *more: str) -> list[str]:
    """The arguments with which the lab calls sam."""
    calls: list[list[str]] = []
    monkeypatch.setattr(deployment, "run_sam", lambda arguments, *_: calls.append(arguments))
    monkeypatch.setattr(deployment, "environment", lambda _config: {})
    deployment.deploy_stack(CONFIG.with_options(speed=5.0), env, more)
    return calls[0] if calls else []


@pytest.mark.parametrize("env", CONFIG_ENVS)
def test_a_deployment_gives_what_samconfig_gives_and_the_intervals_of_its_own_code(
    monkeypatch: pytest.MonkeyPatch, env: str
) -> None:
    arguments = deployed(monkeypatch, env)
    if env == "monitor":
        assert "--parameter-overrides" not in arguments
        return
    given = as_sam_reads(arguments)
    own = {"HeartbeatSeconds": "5"}
    if env.startswith("secondary"):
        own |= {"SentinelIntervalSeconds": "2", "HealthyMinutes": "1"}
    assert given == {**config(env)[1], **own}


SCHEDULE = "cron(0 4 ? * TUE *)"


def test_a_parameter_with_blanks_reaches_sam_as_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = deployed(monkeypatch, "secondary", f"RehearsalSchedule={SCHEDULE}")
    assert as_sam_reads(arguments)["RehearsalSchedule"] == SCHEDULE


def test_an_empty_parameter_reaches_sam_as_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = deployed(monkeypatch, "secondary", "NotificationEmail=")
    assert as_sam_reads(arguments)["NotificationEmail"] == ""


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("Approval=perhaps", 'Approval is "perhaps"; it must be one of none, go, hold.'),
        ("Aproval=hold", "Is it Approval?"),
        ("HeartbeatSeconds=1", 'HeartbeatSeconds is "1"; it must be at least 2.'),
    ],
)
def test_a_parameter_that_the_template_refuses_is_named_before_sam_is_called(
    monkeypatch: pytest.MonkeyPatch, more: str, says: str
) -> None:
    with pytest.raises(ConfigError, match="the lab's parameters, environment secondary") as refused:
        deployed(monkeypatch, "secondary", more)
    assert says in str(refused.value)
