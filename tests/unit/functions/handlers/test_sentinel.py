"""The sentinel's run: a point for every tick, until a newer run takes over or time is up."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pilotlight.adapters import https, names
from pilotlight.adapters.sentinel_lease import LeaseUnavailable
from pilotlight.domain.sentinel import Streak

from tests.handlers import load_handler
from tests.unit.functions.fakes import PRIMARY

pytestmark = pytest.mark.filterwarnings("ignore:This metric does")
MODULE: Any = load_handler("sentinel")
BEGUN = 1_000_001.0


class World:
    """A clock that only sleep moves, a Primary, a beacon, and a lease in memory."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds = BEGUN, seconds
        self.up, self.beacon, self.probe_takes = True, "healthy", 0.1
        self.asked: list[tuple[str, float]] = []
        self.taken: list[tuple[str, int, int]] = []
        self.spoken: list[tuple[str, int, Any, Any]] = []
        self.grant: Any = lambda _tick: True
        self.streak: Any = Streak()

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds

    def request(self, _method: str, url: str, timeout: float, **_: Any) -> https.Response:
        self.asked.append((url, timeout))
        self.now += self.probe_takes
        if not self.up:
            raise https.Unreachable("ConnectTimeoutError")
        return https.Response(200, b"", {}, 0.1)

    def take(self, run: str, since: int, from_tick: int) -> Any:
        self.taken.append((run, since, from_tick))
        return self.streak

    def speak(self, run: str, tick: int, look: Any, streak: Any) -> bool:
        said: bool = self.grant(tick)
        self.spoken.append((run, tick, look, streak))
        return said

    def run(self) -> dict[str, Any]:
        context = SimpleNamespace(
            function_name="sentinel",
            function_version="1",
            memory_limit_in_mb=128,
            invoked_function_arn="arn:aws:lambda:us-east-2:123456789012:function:sentinel:live",
            aws_request_id="run-1",
            get_remaining_time_in_millis=lambda: self.seconds * 1000,
        )
        found: dict[str, Any] = MODULE.lambda_handler({}, context)
        return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(seconds=60)
    monkeypatch.setattr(MODULE, "time", found)
    monkeypatch.setattr(MODULE, "client", lambda _service: None)
    monkeypatch.setattr(MODULE, "SentinelLease", lambda _client, _table: found)
    monkeypatch.setattr(https, "request", found.request)
    monkeypatch.setattr(names, "beacon", lambda _name, _lifetime: found.beacon)
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED")
    return found


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(x) for x in capsys.readouterr().out.splitlines() if '"_aws"' in x]
    return [
        {k: v[0] if isinstance(v, list) else v for k, v in line.items() if k != "_aws"}
        | {"at": line["_aws"]["Timestamp"]}
        for line in lines
    ]


def test_it_speaks_at_every_tick_until_its_time_is_nearly_up(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.run() == {"spoken": 5}
    ticks = [1_000_005_000 + n * 10_000 for n in range(5)]
    assert [line["at"] for line in written(capsys)] == ticks
    assert world.taken == [("run-1", int(BEGUN * 1000), ticks[0])]


def test_each_point_is_on_the_way_before_the_next_look(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []
    world.grant = lambda _tick: seen.append(len(written(capsys))) is None
    world.run()
    assert seen == [0, 1, 1, 1, 1], "a line for each tick, and not all of them at the end"


def test_it_ends_when_a_newer_run_has_the_lease(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.grant = lambda tick: tick < 1_000_020_000
    assert world.run() == {"spoken": 2}
    assert len(written(capsys)) == 2
    assert len(world.spoken) == 3


def test_it_does_not_begin_where_a_newer_run_is_at_work(world: World) -> None:
    world.streak = None
    assert world.run() == {"spoken": 0}
    assert world.asked == []


def test_it_says_nothing_of_a_tick_whose_lease_is_unknown_and_goes_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    def grant(tick: int) -> bool:
        if tick == 1_000_015_000:
            raise LeaseUnavailable("InternalServerError")
        return True

    world.grant = grant
    assert world.run() == {"spoken": 4}
    assert 1_000_015_000 not in [line["at"] for line in written(capsys)]


def test_a_look_that_overran_skips_ticks_and_repeats_none(world: World) -> None:
    world.probe_takes = 12.0
    world.run()
    ticks = [tick for _, tick, _, _ in world.spoken]
    assert ticks == [1_000_005_000, 1_000_025_000, 1_000_045_000]


@pytest.mark.parametrize(
    ("up", "beacon", "expected"),
    [
        (True, "healthy", {"PrimaryUnhealthy": 0, "ProbeFailed": 0, "BeaconUnhealthy": 0}),
        (True, "unknown", {"PrimaryUnhealthy": 0, "ProbeFailed": 0}),
        (True, "unhealthy", {"PrimaryUnhealthy": 1, "ProbeFailed": 0, "BeaconUnhealthy": 1}),
        (False, "healthy", {"PrimaryUnhealthy": 1, "ProbeFailed": 1, "BeaconUnhealthy": 0}),
        (False, "unknown", {"PrimaryUnhealthy": 1, "ProbeFailed": 1}),
        (False, "unhealthy", {"PrimaryUnhealthy": 1, "ProbeFailed": 1, "BeaconUnhealthy": 1}),
    ],
)
def test_the_metrics_say_who_saw_what(
    world: World, capsys: pytest.CaptureFixture[str], up: bool, beacon: str, expected: Any
) -> None:
    world.up, world.beacon, world.seconds = up, beacon, 20
    world.run()
    (line,) = written(capsys)
    assert {k: v for k, v in line.items() if k in {*expected, "BeaconUnhealthy"}} == expected
    assert line["beacon"] == beacon


def test_the_metrics_are_of_high_resolution(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.seconds = 20
    world.run()
    line = next(x for x in capsys.readouterr().out.splitlines() if '"_aws"' in x)
    (directive,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
    assert {m["StorageResolution"] for m in directive["Metrics"]} == {1}
    assert directive["Dimensions"] == [["service"]]


def test_how_long_the_probe_took_is_in_the_line_and_no_metric(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.seconds = 20
    world.run()
    line = json.loads(next(x for x in capsys.readouterr().out.splitlines() if '"_aws"' in x))
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    names = {metric["Name"] for metric in directive["Metrics"]}
    assert names == {"PrimaryUnhealthy", "ProbeFailed", "BeaconUnhealthy"}
    assert line["probe_seconds"] == 0.1


def test_it_asks_the_name_that_only_the_primary_has_and_for_no_longer_than_two_seconds(
    world: World,
) -> None:
    world.seconds = 20
    world.run()
    assert world.asked == [(f"https://{PRIMARY}.pilotlight.example/health", 2.0)]


def test_the_streak_goes_on_from_look_to_look(world: World) -> None:
    world.up = False
    world.run()
    firsts = {streak.first_failed_at for _, _, _, streak in world.spoken}
    assert len(firsts) == 1
    assert None not in firsts
