"""Heartbeats while a Region is active, one while it is not, and the answer to a gap."""

from __future__ import annotations

from typing import Any

import pytest
from pilotlight.adapters.heartbeats import Heartbeats
from pilotlight.domain.echo import Echo
from pilotlight.domain.heartbeat import PASSIVE_PROMISE_MS, Heartbeat

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import CONTROL, ITEMS, PRIMARY, SECONDARY, FakeS3, control_item

HEARTBEAT: Any = load_handler("heartbeat")
ECHO: Any = load_handler("echo")
T = 1_800_000_000_000


class World:
    """The tables, and a clock that a sleep moves on."""

    def __init__(self, client: Any) -> None:
        self.client, self.s3, self.now = client, FakeS3(), T
        self.heartbeats = Heartbeats(client, ITEMS, CONTROL)

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    def active(self, region: str, epoch: int = 1) -> None:
        self.client.put_item(TableName=CONTROL, Item=control_item(region, epoch))

    def beat(self) -> int:
        return int(HEARTBEAT.lambda_handler({}, context("heartbeat"))["heartbeats"])

    def echo(self) -> bool:
        return bool(ECHO.lambda_handler({}, context("echo"))["echoed"])


@pytest.fixture
def world(moto_client: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    for table, names in ((CONTROL, ["pk"]), (ITEMS, ["pk", "sk"])):
        for item in moto_client.scan(TableName=table)["Items"]:
            moto_client.delete_item(TableName=table, Key={name: item[name] for name in names})
    found = World(moto_client)
    clients = {"dynamodb": moto_client, "s3": found.s3}
    for module in (HEARTBEAT, ECHO):
        monkeypatch.setattr(module, "client", lambda service: clients[service])
        monkeypatch.setattr(module, "milliseconds", lambda: found.now)
    monkeypatch.setattr(HEARTBEAT.time, "sleep", found.sleep)
    return found


def test_an_active_region_beats_for_a_minute_and_ends_by_itself(world: World) -> None:
    world.active(SECONDARY)
    assert world.beat() == 3
    assert world.now == T + 40_000
    beats = world.heartbeats.held(SECONDARY)
    assert all(b is not None and (b.seq, b.written_at) == (3, T + 40_000) for b in beats)
    assert list(world.s3.objects) == [f"heartbeat/{SECONDARY}"]


def test_the_next_invocation_continues_without_a_gap(world: World) -> None:
    world.active(SECONDARY)
    world.beat()
    world.sleep(20)
    world.beat()
    found = world.heartbeats.pulse(SECONDARY)
    assert found is not None
    assert (found.seq, found.unbroken_since) == (6, None)


def test_a_passive_region_beats_once_on_one_key_and_promises_a_minute(world: World) -> None:
    world.active(PRIMARY)
    assert world.beat() == 1
    first, *others = world.heartbeats.held(SECONDARY)
    assert first is not None
    assert first.promise_ms == PASSIVE_PROMISE_MS
    assert others == [None] * 15


def test_a_region_that_does_not_know_counts_as_active(world: World) -> None:
    assert world.beat() == 3


def checked(world: World, seconds_ago: float = 0, by: str = "check") -> Heartbeat:
    last = world.heartbeats.pulse(SECONDARY)
    at = world.now - int(seconds_ago * 1000)
    beat = Heartbeat(last.seq + 1 if last else 1, at, 20_000, None, f"{by} of the app", 0)
    assert world.heartbeats.beat(SECONDARY, last, beat)
    return beat


def test_where_checks_write_the_heartbeats_the_schedule_only_tells_the_bucket(
    world: World,
) -> None:
    world.active(SECONDARY)
    last = checked(world, 19)
    assert world.beat() == 0
    assert world.now == T, "it does not sleep"
    assert world.heartbeats.pulse(SECONDARY) == last
    assert list(world.s3.objects) == [f"heartbeat/{SECONDARY}"]


def test_where_checks_are_late_the_schedule_steps_in_without_a_gap(world: World) -> None:
    world.active(SECONDARY)
    checked(world, 21)
    assert world.beat() == 3
    assert all(b is not None and b.unbroken_since is None for b in world.heartbeats.held(SECONDARY))


def test_nobody_counts_on_writes(world: World) -> None:
    """The next one may come tomorrow, and find a pulse that is stale for want of visitors."""
    world.active(SECONDARY)
    checked(world, 1, by="write")
    assert world.beat() == 3


def test_it_steps_back_as_soon_as_checks_write_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.active(SECONDARY)

    def asked(seconds: float) -> None:
        world.sleep(seconds)
        checked(world, 1)

    monkeypatch.setattr(HEARTBEAT.time, "sleep", asked)
    assert world.beat() == 1
    assert world.now == T + 20_000


def test_an_invocation_that_was_overtaken_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.active(SECONDARY)

    def overtaken(seconds: float) -> None:
        world.sleep(seconds)
        last = world.heartbeats.pulse(SECONDARY)
        assert last is not None
        newer = Heartbeat(last.seq + 1, world.now, 20_000, None, "newer", world.now)
        world.heartbeats.beat(SECONDARY, last, newer)

    monkeypatch.setattr(HEARTBEAT.time, "sleep", overtaken)
    assert world.beat() == 1


@pytest.mark.parametrize(("minute", "objects"), [(0, 1), (1, 0), (4, 0), (5, 1)])
def test_the_bucket_is_told_every_five_minutes(world: World, minute: int, objects: int) -> None:
    world.active(PRIMARY)
    world.sleep(60 * minute)
    world.beat()
    assert len(world.s3.objects) == objects


def test_a_bucket_that_fails_stops_no_heartbeat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.active(SECONDARY)

    def broken(**_: Any) -> None:
        raise OSError("no bucket")

    monkeypatch.setattr(world.s3, "put_object", broken)
    assert world.beat() == 3


# --- the echo ------------------------------------------------------------------------------------
def primary_wrote(world: World, since: int | None) -> None:
    last = world.heartbeats.pulse(PRIMARY)
    beat = Heartbeat(last.seq + 1 if last else 1, world.now, 20_000, since, "app", 0)
    world.heartbeats.beat(PRIMARY, last, beat)


def test_a_gap_is_answered_once_with_who_is_active(world: World) -> None:
    world.active(SECONDARY, 2)
    primary_wrote(world, T)
    assert world.echo()
    assert world.heartbeats.echo(PRIMARY) == Echo(T, SECONDARY, 2)
    assert not world.echo()
    primary_wrote(world, T + 60_000)
    assert world.echo()
    assert world.heartbeats.echo(PRIMARY) == Echo(T + 60_000, SECONDARY, 2)


def test_without_a_gap_or_a_control_item_nothing_is_answered(world: World) -> None:
    assert not world.echo()
    primary_wrote(world, T)
    assert not world.echo()
    world.active(PRIMARY)
    primary_wrote(world, None)
    assert not world.echo()
    assert world.heartbeats.echo(PRIMARY) is None


def test_an_echo_over_a_control_item_that_changed_fails_and_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.active(PRIMARY)
    primary_wrote(world, T)
    put = Heartbeats.put_echo

    def late(self: Heartbeats, *given: Any) -> bool:
        world.active(SECONDARY, 2)
        return put(self, *given)

    monkeypatch.setattr(Heartbeats, "put_echo", late)
    with pytest.raises(ECHO.ControlItemChanged):
        world.echo()
    assert world.heartbeats.echo(PRIMARY) is None
    assert world.echo()
    assert world.heartbeats.echo(PRIMARY) == Echo(T, SECONDARY, 2)
