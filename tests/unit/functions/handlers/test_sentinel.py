"""The sentinel: looks are planned, and each tick gets one point, whatever the queue does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pilot_light_client import http, timestamps
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.control.table import ControlTable
from pilotlight.sentinel import probe_run, probes
from pilotlight.sentinel.level import Outage
from pilotlight.sentinel.observation import NEVER, SentinelState
from pilotlight.sentinel.probe_queue import ProbesNotPlanned

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import PRIMARY, aws_error

pytestmark = pytest.mark.filterwarnings("ignore:This metric does")
MODULE: Any = load_handler("sentinel")
BEGUN = 1_000_001.0


class World:
    """A clock, a Primary, a beacon, the item in memory, and a queue that keeps what it is sent."""

    def __init__(self) -> None:
        self.now, self.slept = BEGUN, 0.0
        self.up, self.beacon, self.probe_takes = True, "healthy", 0.1
        self.beat: int | None = 7
        self.keeps: Any = "nothing"
        self.kept_with: list[float] = []
        self.asked: list[tuple[str, float]] = []
        self.kept = SentinelState()
        self.runs: list[str] = []
        self.fails: set[str] = set()
        self.meanwhile: Any = lambda: None
        self.outage, self.at_work = Outage(""), False
        self.control: Any = SimpleNamespace(active_region=PRIMARY)
        self.starts: list[str] = []
        self.sent: list[int] = []
        self.accepts = 1_000

    def time(self) -> float:
        return self.now

    monotonic = time

    def timestamp(self) -> str:
        return timestamps.text(datetime.fromtimestamp(self.now, UTC))

    # --- the outage and the machine ---
    def current(self, first_failed_at: str) -> Outage:
        if "current" in self.fails:
            raise aws_error("InternalServerError")
        return replace(self.outage, first_failed_at=first_failed_at)

    def is_at_work(self, _outage: Outage) -> bool:
        return self.at_work

    def start(self, outage: Outage) -> str:
        self.starts.append(outage.first_failed_at)
        return "arn:run"

    def try_read(self, *, consistent: bool) -> Any:
        assert not consistent, "the table may be silent"
        return self.control

    is_active = ControlTable.is_active

    def sleep(self, seconds: float) -> None:
        assert 0 <= seconds <= 1
        self.now += seconds
        self.slept += seconds

    def request(self, _method: str, url: str, timeout: float, **_: Any) -> http.Response:
        self.asked.append((url, timeout))
        self.now += self.probe_takes
        self.meanwhile()
        if not self.up:
            raise http.Unreachable("ConnectTimeoutError")
        return http.Response(200, b"", {}, 0.1)

    # --- the item ---
    def read(self) -> SentinelState:
        self._try("read")
        return self.kept

    def record(self, run: str, tick: int, look: Any, before: SentinelState) -> bool:
        self._try("record")
        if before.last_tick != self.kept.last_tick:
            return False
        self.runs.append(run)
        after = before.streak.after(look), before.pulse.after(look)
        well_at = look.probe.at if look.well else self.kept.well_at
        told = {"streak": after[0], "pulse": after[1], "well_at": well_at}
        self.kept = replace(self.kept, last_tick=tick, **told)
        return True

    def record_plan(self, until: int) -> None:
        self._try("record_plan")
        self.kept = replace(self.kept, planned_until=until)

    def _try(self, what: str) -> None:
        if what in self.fails:
            raise TableUnavailable("unanswered", "InternalServerError")

    # --- the quorum ---
    def pulse(self, *, consistent: bool) -> int | None:
        assert consistent, "a copy may stand still for want of replication"
        if self.beat is None:
            raise TableUnavailable("unanswered", "InternalServerError")
        return self.beat

    def keep(self, seconds_left: float) -> Any:
        self.kept_with.append(seconds_left)
        return self.keeps

    # --- the queue ---
    def send(self, ticks: list[int], now: float, interval: int) -> None:
        assert (now, interval) == (self.now, MODULE.INTERVAL)
        assert len(ticks) <= 10
        if len(self.sent) + len(ticks) > self.accepts:
            raise ProbesNotPlanned("ServiceUnavailable")
        self.sent += ticks

    def plan(self) -> dict[str, Any]:
        found: dict[str, Any] = MODULE.lambda_handler({}, context("sentinel"))
        return found

    def deliver(self, tick: int, run: str = "run-1") -> int:
        record = {"eventSource": "aws:sqs", "body": json.dumps({"tick": tick})}
        given = context("sentinel")
        given.aws_request_id = run
        found: dict[str, Any] = MODULE.lambda_handler({"Records": [record]}, given)
        return int(found["points"])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    monkeypatch.setattr(probe_run, "time", found)
    monkeypatch.setattr(MODULE, "time", found)
    for name in ("ITEM", "OUTAGES", "QUEUE"):
        monkeypatch.setattr(MODULE, name, found)
    monkeypatch.setattr(MODULE, "keeper", lambda _known, _function: found)
    monkeypatch.setattr(probe_run, "control_table", lambda _known: found)
    monkeypatch.setattr(probe_run, "best_effort_client", lambda: None)
    monkeypatch.setattr(
        probe_run, "Pulse", lambda _client, _table: SimpleNamespace(read=found.pulse)
    )
    monkeypatch.setattr(http, "request", found.request)
    monkeypatch.setattr(timestamps, "now", found.timestamp)
    monkeypatch.setattr(probes, "read_beacon", lambda _name, _lifetime: found.beacon)
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED")
    return found


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(x) for x in capsys.readouterr().out.splitlines() if '"_aws"' in x]
    return [
        {k: v[0] if isinstance(v, list) else v for k, v in line.items() if k != "_aws"}
        | {"at": line["_aws"]["Timestamp"]}
        for line in lines
    ]


# --- the plan -------------------------------------------------------------------------------------
def test_the_schedule_has_three_minutes_planned_and_then_only_what_is_missing(
    world: World,
) -> None:
    assert world.plan() == {"planned": 18}
    assert world.plan() == {"planned": 0}
    world.now += 60
    assert world.plan() == {"planned": 6}
    assert world.sent == [1_000_005_000 + n * 10_000 for n in range(24)]
    assert world.slept == 0


def test_at_one_second_a_look_that_is_early_waits_for_its_tick(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(MODULE, "INTERVAL", 1)
    world.now = 1_000_004.8
    assert world.deliver(1_000_005_500) == 1
    assert world.slept == pytest.approx(0.7)
    (line,) = written(capsys)
    assert (line["at"], line["late_seconds"]) == (1_000_005_500, -0.7)


def test_what_sqs_did_not_take_is_sent_by_the_next_start(world: World) -> None:
    world.accepts = 10
    with pytest.raises(ProbesNotPlanned):
        world.plan()
    world.accepts = 1_000
    world.plan()
    assert world.sent == [1_000_005_000 + n * 10_000 for n in range(18)]


@pytest.mark.parametrize("fails", ["read", "record_plan"])
def test_looks_are_planned_while_dynamodb_fails(world: World, fails: str) -> None:
    """Twice, if need be: the second message for a tick changes nothing."""
    world.fails = {fails}
    assert world.plan() == {"planned": 18}
    world.now += 60
    assert world.plan() == {"planned": 18}


# --- the look -------------------------------------------------------------------------------------
def test_a_message_is_one_look_and_one_point_at_its_tick(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.now = 1_000_005.3
    assert world.deliver(1_000_005_000) == 1
    (line,) = written(capsys)
    assert line["at"] == 1_000_005_000
    assert line["late_seconds"] == 0.3
    assert world.kept.last_tick == 1_000_005_000
    assert world.runs == ["run-1"]


def test_a_message_that_comes_twice_looks_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.now = 1_000_005.0
    assert [world.deliver(1_000_005_000), world.deliver(1_000_005_000)] == [1, 0]
    assert len(world.asked) == len(written(capsys)) == 1


def test_a_burst_of_old_messages_fills_the_tick_that_is_now_and_no_other(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.now = 1_000_064.0
    points = [world.deliver(1_000_005_000 + n * 10_000) for n in range(7)]
    assert points == [1, 0, 0, 0, 0, 0, 0]
    assert [line["at"] for line in written(capsys)] == [1_000_065_000]


def test_messages_that_are_late_for_ever_still_fill_every_tick(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.up, world.probe_takes = False, 0
    for n in range(4):
        world.now = 1_000_018.0 + n * 10
        assert world.deliver(1_000_005_000 + n * 10_000) == 1
    ticks = [1_000_015_000 + n * 10_000 for n in range(4)]
    assert [line["at"] for line in written(capsys)] == ticks


def test_a_slow_answer_of_dynamodb_takes_no_look_to_an_older_tick(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.now = 1_000_009.0
    read = world.read

    def slow() -> SentinelState:
        world.now += 4
        return read()

    monkeypatch.setattr(world, "read", slow)
    world.deliver(1_000_005_000)
    assert [line["at"] for line in written(capsys)] == [1_000_015_000]


def test_of_two_looks_at_once_one_speaks(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def other() -> None:
        world.kept = SentinelState(1_000_005_000, NEVER, world.kept.streak)

    world.now, world.meanwhile = 1_000_005.0, other
    assert world.deliver(1_000_005_000) == 0
    assert written(capsys) == []


def test_a_look_that_finds_an_older_one_done_meanwhile_goes_on_from_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = "2026-01-31T12:00:05.000Z"

    def other() -> None:
        streak = world.kept.streak.__class__(failed, 0, None, failed)
        world.kept = SentinelState(1_000_005_000, NEVER, streak)
        world.meanwhile = lambda: None

    world.now, world.meanwhile, world.up = 1_000_015.0, other, False
    assert world.deliver(1_000_015_000) == 1
    assert world.kept.streak.first_failed_at == failed
    assert [line["at"] for line in written(capsys)] == [1_000_015_000]


@pytest.mark.parametrize("fails", ["read", "record"])
def test_a_tick_of_which_dynamodb_does_not_tell_stays_empty_and_the_next_one_does_not(
    world: World, capsys: pytest.CaptureFixture[str], fails: str
) -> None:
    world.now, world.fails = 1_000_005.0, {fails}
    assert world.deliver(1_000_005_000) == 0
    world.now, world.fails = 1_000_015.0, set()
    assert world.deliver(1_000_015_000) == 1
    assert [line["at"] for line in written(capsys)] == [1_000_015_000]


def test_the_streak_goes_on_from_look_to_look(world: World) -> None:
    world.up = False
    firsts = set()
    for n in range(5):
        world.now = 1_000_005.0 + n * 10
        world.deliver(1_000_005_000 + n * 10_000)
        firsts.add(world.kept.streak.first_failed_at)
    assert len(firsts) == 1
    assert None not in firsts


def test_since_when_the_pulse_stands_still_goes_on_from_look_to_look(world: World) -> None:
    seen = []
    for n, beat in enumerate((7, 7, 8, None, 8)):
        world.now, world.beat = 1_000_005.0 + n * 10, beat
        assert world.deliver(1_000_005_000 + n * 10_000) == 1
        seen.append((world.kept.pulse.beat, (world.kept.pulse.still_since or "")[17:19]))
    assert seen == [(7, "45"), (7, "45"), (8, "05"), (None, ""), (8, "25")]


def test_a_tick_keeps_the_control_item_after_its_look_also_where_it_does_not_speak(
    world: World,
) -> None:
    """A keeper may wait for a LEASE, and the metric is due now."""
    world.now, world.meanwhile = 1_000_005.0, lambda: world.kept_with.append(-1)
    world.keeps = "served"
    assert [world.deliver(1_000_005_000) for _ in range(2)] == [1, 0]
    assert world.kept_with == [-1, 10.0, 10.0]


def test_planning_looks_keeps_nothing(world: World) -> None:
    world.plan()
    assert world.kept_with == []


# --- what is written ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("up", "beacon", "unhealthy"),
    [
        (True, "healthy", 0),
        (True, "unknown", 0),
        (True, "unhealthy", 1),
        (False, "healthy", 1),
        (False, "unknown", 1),
        (False, "unhealthy", 1),
    ],
)
def test_the_metric_says_what_was_seen_and_the_line_who_saw_it(
    world: World, capsys: pytest.CaptureFixture[str], up: bool, beacon: str, unhealthy: int
) -> None:
    world.up, world.beacon = up, beacon
    world.deliver(1_000_005_000)
    (line,) = written(capsys)
    assert (line["PrimaryUnhealthy"], line["probe_ok"], line["beacon"]) == (unhealthy, up, beacon)
    assert line["probe_error"] == ("HTTP status 200" if up else "ConnectTimeoutError")
    assert "probe_seconds" in line


def test_the_metric_is_the_only_one_and_of_high_resolution(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.deliver(1_000_005_000)
    line = next(x for x in capsys.readouterr().out.splitlines() if '"_aws"' in x)
    (directive,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
    (metric,) = directive["Metrics"]
    assert (metric["Name"], metric["StorageResolution"]) == ("PrimaryUnhealthy", 1)
    assert directive["Dimensions"] == [["service"]]


def test_it_asks_the_name_that_only_the_primary_has_and_for_no_longer_than_two_seconds(
    world: World,
) -> None:
    world.deliver(1_000_005_000)
    assert world.asked == [(f"https://{PRIMARY}.pilotlight.example/health", 2.0)]


# --- the level ------------------------------------------------------------------------------------
def fails(world: World) -> None:
    """The Primary was well, and fails from now on."""
    world.deliver(1_000_005_000)
    world.now += 10
    world.up = False


@pytest.mark.parametrize(
    ("probe_takes", "probes"), [(0.0, 5), (0.1, 5), (0.9, 5), (1.5, 3), (2.0, 2)]
)
def test_four_seconds_of_failed_probes_start_the_machine(
    world: World, probe_takes: float, probes: int
) -> None:
    """However long each takes: of an endpoint that hangs, fewer fit in."""
    fails(world)
    world.now = begun = 1_000_015.0
    seen, world.probe_takes = len(world.asked), probe_takes
    world.deliver(1_000_015_000)
    assert world.starts == [world.kept.streak.first_failed_at]
    assert len(world.asked) - seen == probes
    assert 4 <= world.now - begun < 5


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_clock_that_was_set_meanwhile_neither_delays_the_start_nor_saves_the_last_probe(
    world: World, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    fails(world)
    monkeypatch.setattr(world, "time", lambda: world.now + jump)
    seen, begun = len(world.asked), world.now
    world.deliver(1_000_015_000)
    assert len(world.starts) == 1
    assert len(world.asked) - seen >= 2
    assert world.now - begun < 5


@pytest.mark.parametrize("good", [2, 3, 4, 5])
def test_one_good_probe_among_them_starts_nothing(world: World, good: int) -> None:
    fails(world)
    seen = len(world.asked)

    def meanwhile() -> None:
        world.up = len(world.asked) - seen == good

    world.meanwhile = meanwhile
    world.deliver(1_000_015_000)
    assert world.starts == []
    assert len(world.asked) - seen == good, "no more are needed"


def test_a_good_look_starts_nothing(world: World) -> None:
    fails(world)
    world.up = True
    world.deliver(1_000_015_000)
    assert world.starts == []


def test_what_was_never_seen_well_is_never_failed_away_from(world: World) -> None:
    world.up = False
    world.deliver(1_000_005_000)
    assert world.starts == []
    world.kept = replace(world.kept, well_at="2026-01-31T12:00:05.000Z")
    world.now += 10
    world.deliver(1_000_015_000)
    assert len(world.starts) == 1


@pytest.mark.parametrize("why", ["paused", "at_work", "held", "recent", "elsewhere"])
def test_nothing_is_started_and_nothing_is_probed_while(world: World, why: str) -> None:
    fails(world)
    now = timestamps.text(datetime.now(UTC))
    if why == "held":
        world.kept = replace(world.kept, held_by="arn:stopped")
    elif why == "paused":
        until = str(int(datetime.now(UTC).timestamp()) + 600)
        world.kept = replace(world.kept, paused_until=until)
    elif why == "recent":
        world.outage = Outage("", attempts=1, last_started_at=now)
    elif why == "elsewhere":
        world.control = SimpleNamespace(active_region="us-east-2")
    else:
        setattr(world, why, True)
    seen = len(world.asked)
    world.deliver(1_000_015_000)
    assert (world.starts, len(world.asked) - seen) == ([], 1)


def test_who_is_active_counts_as_the_primary_where_it_cannot_be_read(world: World) -> None:
    fails(world)
    world.control = None
    world.deliver(1_000_015_000)
    assert len(world.starts) == 1


def test_what_cannot_be_read_is_tried_again_at_the_next_look(world: World) -> None:
    fails(world)
    world.fails = {"current"}
    assert world.deliver(1_000_015_000) == 1, "the look itself counts"
    assert world.starts == []
    world.fails, world.now = set(), world.now + 10
    world.deliver(1_000_025_000, "run-2")
    assert len(world.starts) == 1
