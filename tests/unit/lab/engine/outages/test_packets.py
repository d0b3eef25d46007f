"""Which sockets drop what reaches them; tests/e2e/test_styles.py has the system's part."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.outages import packets
from lab.engine.outages.losses import Loss
from lab.engine.outages.outage import Outage
from lab.engine.outages.packets import SO_ATTACH_FILTER, SO_DETACH_FILTER, Packets
from lab.engine.proxy.entries import Entries
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything, FakeAws

USERS, THERE = CONFIG.entries[PRIMARY], CONFIG.entries[SECONDARY]
CROSSING = CONFIG.cross_region_ports[SECONDARY, PRIMARY]


class Listening:
    """A socket that listens at a port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.options: list[int] = []

    def getsockname(self) -> tuple[str, int]:
        return "127.0.1.1", self.port

    def setsockopt(self, _level: int, option: int, _value: Any) -> None:
        self.options.append(option)


@pytest.fixture
def found() -> dict[int, Listening]:
    return {port: Listening(port) for port in (USERS, CROSSING, THERE)}


def followed(found: dict[int, Listening], outage: Outage) -> Packets:
    aws: Any = FakeAws()
    listening: Any = list(found.values())
    return Packets(outage, Entries(aws), listening)


def test_sockets_of_a_lost_region_drop_packets_once_and_take_them_again_after_it(
    found: dict[int, Listening],
) -> None:
    outage = Outage()
    follower = followed(found, outage)
    follower.follow()
    assert [each.options for each in found.values()] == [[], [], []]
    outage.lose(PRIMARY, Loss(style="drop"))
    for _ in range(2):
        follower.follow()
    dropping = [SO_ATTACH_FILTER]
    assert [each.options for each in found.values()] == [dropping, dropping, []]
    outage.heal()
    follower.follow()
    both = [SO_ATTACH_FILTER, SO_DETACH_FILTER]
    assert [each.options for each in found.values()] == [both, both, []]


def test_only_the_port_between_two_regions_drops_packets_in_a_partition(
    found: dict[int, Listening],
) -> None:
    outage = Outage()
    outage.cut(PRIMARY, SECONDARY, "drop")
    followed(found, outage).follow()
    assert [each.options for each in found.values()] == [[], [SO_ATTACH_FILTER], []]


@pytest.mark.parametrize(("system", "threads"), [("linux", 1), ("darwin", 0)])
def test_packets_are_dropped_only_where_the_system_can(
    found: dict[int, Listening], monkeypatch: pytest.MonkeyPatch, system: str, threads: int
) -> None:
    started: list[Any] = []
    thread = Anything(Thread=lambda **_: Anything(start=lambda: started.append(1)))
    monkeypatch.setattr(packets, "threading", thread)
    monkeypatch.setattr(packets, "sys", Anything(platform=system))
    followed(found, Outage()).start()
    assert len(started) == threads
