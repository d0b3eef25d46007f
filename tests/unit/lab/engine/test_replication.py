"""Writes on their way between Regions: lag, order, outages, and the last writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.engine import replication as replication_module
from lab.engine.outages.losses import Loss
from lab.engine.outages.outage import Outage
from lab.engine.replication import Replication
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA, Anything

if TYPE_CHECKING:
    from collections.abc import Callable

THERE, BACK = (PRIMARY, SECONDARY), (SECONDARY, PRIMARY)


class World:
    """Links between Regions, and what they delivered, at a time that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(replication_module, "time", Anything(time=lambda: self.now))
        self.outage = Outage()
        self.replication = Replication(0.5, self.outage)
        self.delivered: list[Any] = []

    def write(
        self,
        what: str,
        key: str | None = None,
        link: tuple[str, str] = THERE,
        apply: Callable[[], None] | None = None,
        at: float | None = None,
    ) -> None:
        version = (link[1], key or what)
        moment = self.now if at is None else at
        self.replication.send(
            link, what, version, moment, apply or (lambda: self.delivered.append(what))
        )

    def after(self, seconds: float) -> list[Any]:
        self.now += seconds
        self.replication.deliver_due(self.now)
        return self.delivered


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_every_write_arrives_within_the_lag_and_none_before_half_of_it(world: World) -> None:
    written = [f"item {n}" for n in range(100)]
    for what in written:
        world.write(what)
    assert world.after(0.249) == []
    assert sorted(world.after(0.251)) == sorted(written)


def test_items_overtake_each_other_and_an_item_never_overtakes_itself(world: World) -> None:
    for version in range(3):
        for key in "abcdefgh":
            world.write(f"{key}{version}", key=key)
            world.now += 0.001
    arrived = world.after(1)
    assert [what[0] for what in arrived] != list("abcdefgh") * 3
    for key in "abcdefgh":
        assert [w for w in arrived if w[0] == key] == [f"{key}{n}" for n in range(3)]


def test_a_write_arrives_once(world: World) -> None:
    world.write("a")
    world.after(1)
    assert world.after(1) == ["a"]


def test_the_lag_is_that_of_the_time_of_the_write(world: World) -> None:
    world.replication.lag = 5
    world.write("a")
    world.replication.lag = 0
    assert world.after(2.4) == []
    assert world.after(2.6) == ["a"]


def test_an_item_that_overtakes_itself_as_the_lag_shrinks_stays_as_it_was_written_last(
    world: World,
) -> None:
    world.replication.lag = 5
    world.write("first", key="item")
    world.replication.lag = 0
    world.now += 0.1
    world.write("second", key="item")
    assert world.after(0) == ["second"]
    assert world.after(5) == ["second"]


def test_the_two_directions_do_not_wait_for_each_other(world: World) -> None:
    world.replication.lag = 5
    world.write("slow")
    world.replication.lag = 0
    world.write("quick", link=BACK)
    assert world.after(0) == ["quick"]


def test_a_paused_link_keeps_its_writes_and_the_other_goes_on(world: World) -> None:
    world.replication.paused.add(THERE)
    world.write("kept")
    world.write("back", link=BACK)
    assert world.after(1) == ["back"]
    world.replication.paused.discard(THERE)
    assert world.after(0) == ["back", "kept"]


@pytest.mark.parametrize("lost", [PRIMARY, SECONDARY])
def test_a_lost_region_at_either_end_keeps_the_writes_until_the_heal(
    world: World, lost: str
) -> None:
    world.write("a")
    world.write("b")
    world.outage.lose(lost, Loss())
    assert world.after(60) == []
    world.outage.heal()
    assert world.after(0) == ["a", "b"]


def test_the_loss_of_a_third_region_stops_nothing(world: World) -> None:
    world.outage.lose(VIRGINIA, Loss("global"))
    world.write("a")
    assert world.after(1) == ["a"]


def test_replication_goes_on_while_only_the_entry_is_lost(world: World) -> None:
    world.outage.lose(PRIMARY, Loss("entry"))
    world.write("a")
    assert world.after(1) == ["a"]


def test_a_younger_write_at_the_target_wins_over_an_older_one_that_arrives(world: World) -> None:
    world.write("old", key="item")
    world.now += 0.1
    world.replication.wrote((SECONDARY, "item"), world.now)
    assert world.after(1) == []


def test_an_older_write_at_the_target_gives_way(world: World) -> None:
    world.replication.wrote((SECONDARY, "item"), world.now - 1)
    world.write("new", key="item")
    assert world.after(1) == ["new"]


def test_the_youngest_write_wins_in_the_order_of_writing_not_of_arriving(world: World) -> None:
    world.write("from a third region", key="item", link=(VIRGINIA, SECONDARY), at=world.now + 0.2)
    world.after(1)
    world.write("older", key="item", at=world.now - 2)
    assert world.after(1) == ["from a third region"]


def test_items_do_not_win_over_each_other(world: World) -> None:
    world.write("a", key="a")
    world.replication.wrote((SECONDARY, "b"), world.now + 0.1)
    assert world.after(1) == ["a"]


def test_a_delivery_that_fails_holds_up_no_other(world: World) -> None:
    def fail() -> None:
        raise ValueError("no such table")

    world.write("broken", apply=fail)
    world.write("next")
    assert world.after(1) == ["next"]


def test_the_status_tells_what_waits_and_since_when(world: World) -> None:
    world.outage.lose(SECONDARY, Loss())
    world.write("a")
    world.after(3)
    world.write("b")
    world.write("c", link=BACK)
    status = world.replication.status()
    assert status["links"][f"{PRIMARY}->{SECONDARY}"] == {"waiting": 2, "oldest_seconds": 3}
    assert status["links"][f"{SECONDARY}->{PRIMARY}"]["waiting"] == 1


def test_an_empty_link_has_nothing_old(world: World) -> None:
    world.write("a")
    world.after(1)
    [link] = world.replication.status()["links"].values()
    assert link == {"waiting": 0, "oldest_seconds": 0}


def test_what_one_service_cannot_replicate_waits_and_the_other_goes_on(world: World) -> None:
    world.outage.lose(PRIMARY, Loss(services=frozenset({"dynamodb"})))
    world.write("item 1")
    world.replication.send(
        THERE, "object", ("o",), world.now, lambda: world.delivered.append("object"), "s3"
    )
    world.write("item 2")
    assert world.after(1) == ["object"]
    world.outage.heal()
    assert sorted(world.after(0)) == ["item 1", "item 2", "object"]


@pytest.mark.parametrize("link", [THERE, BACK])
def test_regions_that_are_cut_off_deliver_nothing_until_they_meet_again(
    world: World, link: tuple[str, str]
) -> None:
    world.outage.cut(PRIMARY, SECONDARY)
    world.write("a", link=link)
    world.write("elsewhere", link=(VIRGINIA, PRIMARY))
    assert world.after(1) == ["elsewhere"]
    world.outage.heal()
    assert world.after(0) == ["elsewhere", "a"]
