"""Every minute: what a dead run left is finished, and heartbeats are written where nobody does."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_light_client.heartbeat import KEYS, Heartbeat
from pilot_light_client.heartbeat_table import Heartbeats
from pilot_light_client.pulse import Pulse
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.control import assembly, keeper
from pilotlight.control.table import ControlTable

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import CONTROL, JOURNAL, PRIMARY, SECONDARY, aws_error, control_item

MODULE: Any = load_handler("heartbeat")
T = 1_800_000_000_000
LEASE_SECONDS = 5


class World:
    """The tables, and a clock that a sleep moves on."""

    def __init__(self, client: Any) -> None:
        self.client, self.now = client, T
        self.heartbeats, self.table = Heartbeats(client, JOURNAL), ControlTable(client, CONTROL)
        self.runs = 0

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    def active(self, region: str, state: str = "serving", **more: Any) -> None:
        self.client.put_item(TableName=CONTROL, Item=control_item(region, 1, state, **more))

    def beat(self) -> dict[str, Any]:
        self.runs += 1
        given = context("heartbeat")
        given.aws_request_id = f"run-{self.runs}"
        found: dict[str, Any] = MODULE.lambda_handler({}, given)
        return found

    def count(self) -> int:
        return int(self.beat()["heartbeats"])

    def newest(self) -> Heartbeat:
        found = self.heartbeats.newest(SECONDARY)
        assert found is not None
        return found

    def pulse(self) -> int | None:
        return Pulse(self.client, CONTROL).read(consistent=True)


@pytest.fixture
def world(emptied: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(emptied)
    for module in (MODULE, keeper):
        monkeypatch.setattr(module, "milliseconds", lambda: found.now)
    monkeypatch.setattr(MODULE.time, "sleep", found.sleep)
    return found


# --- the keeper ----------------------------------------------------------------------------------
def test_a_claim_that_a_dead_run_left_serves_after_a_lease_and_only_then_come_heartbeats(
    world: World,
) -> None:
    world.active(SECONDARY, "claimed")
    found = world.beat()
    assert (found["repair"], world.table.read().state) == ("served", "serving")
    assert world.newest().written_at >= T + LEASE_SECONDS * 1000


def test_a_drain_that_a_dead_run_left_is_undone(world: World) -> None:
    world.active(PRIMARY, "draining", drain_until=T - 60_000, move="m1")
    assert world.beat()["repair"] == "undrained"
    assert world.table.read().state == "serving"


def test_a_region_without_a_quorum_still_writes_its_heartbeats(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in another table, and the RPO stays measured."""

    class Silent:
        def get_item(self, **_: Any) -> Any:
            raise aws_error("InternalServerError")

    world.active(SECONDARY)
    monkeypatch.setattr(assembly, "best_effort_client", lambda: Silent())
    assert world.beat() == {"heartbeats": 3, "repair": "no_quorum"}


# --- where nobody else writes --------------------------------------------------------------------
def test_an_active_region_beats_for_a_minute_and_keeps_the_pulse(world: World) -> None:
    world.active(SECONDARY)
    assert world.count() == 3
    assert world.now == T + 40_000
    beats = world.heartbeats.read_all(SECONDARY)
    assert all(b is not None and (b.seq, b.written_at) == (3, T + 40_000) for b in beats)
    assert world.pulse() == 3


@pytest.mark.parametrize("pause", [19.8, 20, 21])
def test_the_next_minutes_invocation_goes_on_where_the_one_before_ended(
    world: World, pause: float
) -> None:
    """Its last heartbeat is almost an interval old then, and a little less where work took time."""
    world.active(SECONDARY)
    world.beat()
    world.sleep(pause)
    assert world.count() == 3
    assert world.newest().seq == 6


def test_a_passive_region_beats_once_a_minute_on_one_key_and_keeps_no_pulse(world: World) -> None:
    world.active(PRIMARY)
    for minute in range(3):
        world.now = T + minute * 59_900
        assert world.count() == 1
    newest, *others = world.heartbeats.read_all(SECONDARY)
    assert newest is not None
    assert newest.seq == 3
    assert others == [None] * (KEYS - 1)
    assert world.pulse() is None


def test_a_region_that_does_not_know_who_is_active_beats_as_if_it_were(world: World) -> None:
    assert world.count() == 3


def test_a_pulse_that_cannot_be_written_stops_no_heartbeat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_self: Pulse, _region: str) -> None:
        raise TableUnavailable("unanswered", "InternalServerError")

    world.active(SECONDARY)
    monkeypatch.setattr(Pulse, "beat", silent)
    assert world.count() == 3


# --- where somebody else does --------------------------------------------------------------------
def written(world: World, seconds_ago: float = 0, by: str = "check") -> Heartbeat:
    last = world.heartbeats.newest(SECONDARY)
    at = world.now - int(seconds_ago * 1000)
    beat = Heartbeat(last.seq + 1 if last else 1, at, f"{by} of the app")
    assert world.heartbeats.beat(SECONDARY, last, beat)
    return beat


def test_where_checks_write_the_heartbeats_the_schedule_writes_none(world: World) -> None:
    world.active(SECONDARY)
    last = written(world, 19)
    assert world.count() == 0
    assert world.now == T, "it does not sleep"
    assert world.newest() == last


def test_where_checks_are_late_the_schedule_stands_in(world: World) -> None:
    world.active(SECONDARY)
    written(world, 21)
    assert world.count() == 3


def test_nobody_counts_on_writes(world: World) -> None:
    """The next one may come tomorrow."""
    world.active(SECONDARY)
    written(world, 1, by="write")
    assert world.count() == 3


def test_it_stands_back_as_soon_as_checks_write_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.active(SECONDARY)

    def asked(seconds: float) -> None:
        world.sleep(seconds)
        written(world, 1)

    monkeypatch.setattr(MODULE.time, "sleep", asked)
    assert world.count() == 1
    assert world.now == T + 20_000


def test_of_two_invocations_at_once_one_goes_on(world: World) -> None:
    world.active(SECONDARY)
    written(world, 1, by="function")
    assert world.count() == 0
