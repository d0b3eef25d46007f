"""The scenario of a drill in which nothing may be promoted, in simulated time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.drill.outage.scenario import (
    HOLD_ENDS_SECONDS,
    HOLD_OBSERVED_SECONDS,
    LAST_RUN_SECONDS,
    QUIET_AWS_SECONDS,
    WATCH_AWS_SECONDS,
    WATCH_SECONDS,
)
from tests.unit.lab.drill.outage.simulated import PRESENT, SPEED, World, drill
from tests.unit.lab.drill.samples import execution
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

LONG, QUIET = WATCH_AWS_SECONDS / SPEED + WATCH_SECONDS, QUIET_AWS_SECONDS / SPEED
HELD = execution(output={"outcome": "held", "decision": {"ended_by": "primary_healthy"}})


@pytest.fixture
def world() -> World:
    made = World()
    made.run_starts, made.run, made.users_return = 9999.0, replace(HELD, states=[]), 0.0
    return made


def test_an_outage_that_may_not_move_anything_is_watched_ended_and_watched_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drill(world, monkeypatch, "partition")
    assert world.done == ["subscribe", "traffic", "outage partition", "heal", "traffic ends"]
    assert seen.mode == "partition"
    assert seen.healed is not None
    assert seen.healed - seen.outage == pytest.approx(LONG, abs=1)
    assert seen.ended - seen.healed == pytest.approx(QUIET + 1.5, abs=1)
    assert {region for _, region in seen.dns_throughout} == {PRIMARY}
    assert seen.dns_throughout[-1][0] > seen.healed


def test_what_the_outage_did_and_what_both_regions_hold_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drill(world, monkeypatch, "partition")
    assert seen.effects == [f"{PRIMARY} request at its entry: 7", f"lost in {PRIMARY}: all"]
    assert seen.held_finally == {PRIMARY: PRESENT, SECONDARY: PRESENT}


def test_a_read_that_was_under_way_when_the_table_fell_silent_shows_the_outage(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.silent_reads = [(-3.0, -2.0), (-0.03, 0.97)]
    seen = drill(world, monkeypatch, "stall")
    assert "strong reads without an answer: 1" in seen.effects


def test_a_hold_ends_the_outage_early_and_its_own_end_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run_starts, world.holds_at, world.run_ends = 10.0, 12.0, 40.0
    seen = drill(world, monkeypatch, "partition")
    assert seen.healed is not None
    assert seen.healed - seen.outage == pytest.approx(12.0 + HOLD_OBSERVED_SECONDS, abs=1)
    assert [e.ended for e in seen.meant] == [pytest.approx(seen.outage + 40)]
    assert seen.ended - seen.outage == pytest.approx(41.5, abs=1.5)


def test_a_hold_that_does_not_end_is_not_waited_for_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run_starts, world.holds_at, world.run_ends = 10.0, 12.0, 9999.0
    seen = drill(world, monkeypatch, "partition")
    assert [e.ended for e in seen.meant] == [None]
    assert seen.healed is not None
    waited = QUIET + HOLD_ENDS_SECONDS + LAST_RUN_SECONDS
    assert seen.ended - seen.healed == pytest.approx(waited + 1.5, abs=1.5)


def test_a_silence_of_the_control_table_is_watched_for_as_long_as_it_lasts_and_asked_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drill(world, monkeypatch, "long-stall")
    assert seen.healed is not None
    assert seen.healed - seen.outage == pytest.approx(20.0, abs=1)
    assert "Primary by name" in world.asked
    assert {"Primary by name", "control item"} <= set(world.ended)


def test_only_outages_of_the_control_table_ask_the_primary_by_its_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill(world, monkeypatch, "partition")
    assert "Primary by name" not in world.asked
