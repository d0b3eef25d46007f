"""The scenario of a drill, in simulated time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.config import LabError
from lab.drill.failback.checks import LAST_MOMENT, MEANWHILE
from lab.drill.observations import ControlItem
from lab.drill.outage.scenario import (
    BASELINE_SECONDS,
    RECOVERY_AWS_SECONDS,
    RECOVERY_SECONDS,
    STAYS_AWS_SECONDS,
    STEADY_AWS_SECONDS,
    STEADY_SECONDS,
)
from lab.drill.report.stages import gap
from tests.unit.lab.drill.outage.simulated import PRESENT, SPEED, START, World, drill, simulated
from tests.unit.lab.drill.samples import execution
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

FAILED = execution(status="FAILED", output={"error": "E", "cause": "C"})


@pytest.fixture
def world() -> World:
    return World()


def test_a_drill_goes_from_steady_traffic_over_the_loss_to_the_return(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill(world, monkeypatch)
    assert world.done == [
        "subscribe",
        "traffic",
        "outage region",
        "heal",
        f"10 writes to {PRIMARY}",
        "failback",
        "traffic ends",
    ]


def test_cold_starts_begin_just_before_the_outage(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill(world, monkeypatch)
    assert world.cold_starts == (True, None), "nothing is lost yet"


def test_what_was_seen_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = drill(world, monkeypatch)
    assert (seen.started, seen.outage, seen.healed) == (START, world.lost, world.healed)
    assert (seen.control_before, seen.control_after) == (
        ControlItem(PRIMARY, 1, 1),
        ControlItem(SECONDARY, 2, 3),
    )
    assert (seen.dns_after_promotion, seen.held_after_promotion) == (SECONDARY, PRESENT)
    assert seen.recovery and seen.recovery.outcome == "promoted"
    assert (seen.speed, seen.replication_lag) == (SPEED, 0.5)
    assert (seen.lock, seen.recoveries) == ({}, ["recovery#2"])
    assert seen.evidence == {"confirm": {"verdict": "outage"}}
    assert [n.event for n in seen.notifications] == ["started"]
    assert len(seen.writes_to_the_returned) == 10
    assert seen.requests and seen.ended == world.now


def test_a_good_probe_is_looked_for_from_the_loss_to_the_first_failed_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.first_failed_probe = START + 100
    seen = drill(world, monkeypatch)
    assert seen.last_good_probe == (seen.outage + START + 100) / 2


def test_without_a_failed_probe_no_good_one_is_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drill(world, monkeypatch).last_good_probe is None


def test_one_item_is_written_in_both_regions_so_that_one_of_its_writes_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drill(world, monkeypatch)
    moments, texts = zip(*world.replaced, strict=True)
    assert texts[1:] == (LAST_MOMENT, MEANWHILE)
    assert moments[1] == -1.0, "before the loss"
    assert moments[2] > 15.86, "after the promotion"
    assert seen.overwritten is not None
    assert seen.overwritten.write_id == "write 2"


def test_a_failback_needs_a_recovery(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run_starts = 10_000
    drill(world, monkeypatch)
    assert "failback" not in world.done


def test_traffic_is_steady_for_a_while_before_the_loss(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drill(world, monkeypatch)
    before = [r for r in seen.requests if r.started < seen.outage]
    assert len(before) == pytest.approx(4 * BASELINE_SECONDS, abs=2)
    assert all(r.good for r in before)


@pytest.mark.parametrize(
    "unrest", [{"settles_at": START + 99}, {"alarm": "ALARM"}, {"leads_to_before": SECONDARY}]
)
def test_without_quiet_times_nothing_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch, unrest: dict[str, object]
) -> None:
    world.__dict__.update(unrest)
    with pytest.raises(LabError, match=r"did not settle\. See \.lab/last/engine\.log"):
        drill(world, monkeypatch)
    assert world.done == ["traffic ends"]
    limit = STEADY_SECONDS + STEADY_AWS_SECONDS / SPEED
    assert world.now == pytest.approx(START + limit, abs=1)


def test_requests_that_fail_in_quiet_times_are_no_drill(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fails_until = float("inf")
    with pytest.raises(LabError, match=r"\d requests failed before the outage: HTTP status 500\."):
        drill(world, monkeypatch)
    assert world.done == ["subscribe", "traffic", "traffic ends"]


def test_requests_that_fail_while_functions_are_cold_are_waited_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fails_until = START + 10
    seen = drill(world, monkeypatch)
    before = [r for r in seen.requests if r.started < seen.outage]
    assert before and all(r.good for r in before)


def test_a_recovery_that_never_begins_is_waited_for_to_the_limit_and_no_longer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run_starts, world.users_return = 9999.0, None
    seen = drill(world, monkeypatch)
    limit = RECOVERY_AWS_SECONDS / SPEED + RECOVERY_SECONDS
    assert seen.ended - seen.outage == pytest.approx(limit, abs=1)
    assert (seen.recovery, seen.healed, seen.held_after_promotion) == (None, None, None)
    assert "heal" not in world.done


def test_a_recovery_that_failed_ends_the_drill_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run = replace(FAILED, states=[])
    seen = drill(world, monkeypatch)
    assert seen.recovery and seen.recovery.outcome == "failed"
    assert (seen.healed, seen.held_after_promotion) == (None, None)
    assert seen.ended - seen.outage < 22
    assert seen.dns_after_promotion == PRIMARY


def test_a_recovery_that_failed_after_its_promotion_is_asked_what_it_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run = FAILED
    seen = drill(world, monkeypatch)
    assert seen.held_after_promotion == PRESENT
    assert seen.healed is None


def test_a_recovery_that_holds_first_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run_ends, world.users_return = 60.0, 60.5
    seen = drill(world, monkeypatch)
    assert seen.recovery and seen.recovery.ended == pytest.approx(seen.outage + 60)
    assert seen.healed and seen.healed > seen.outage + 60


def test_a_promotion_is_no_recovery_before_users_are_served(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.users_return = 40.0
    seen = drill(world, monkeypatch)
    window = gap(seen)
    assert window and window.read and window.read - seen.outage == pytest.approx(40, abs=1)
    assert seen.healed and seen.healed > window.read


def test_a_promotion_without_users_is_a_recovery_that_did_not_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.users_return = None
    seen = drill(world, monkeypatch)
    assert seen.healed is None
    assert seen.held_after_promotion == PRESENT


def test_dns_is_watched_until_the_primary_has_been_healthy_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drill(world, monkeypatch)
    assert seen.primary_healthy_again and seen.healed
    watched = [at - seen.healed for at, _ in seen.dns_after_heal]
    healthy = world.healthy_after_heal
    assert healthy and watched[0] < healthy
    assert watched[-1] == pytest.approx(healthy + STAYS_AWS_SECONDS / SPEED, abs=0.5)
    assert {region for _, region in seen.dns_after_heal} == {SECONDARY}


def test_a_primary_that_was_healthy_again_before_the_outage_ended_is_healthy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.healthy_after_heal = -1.0
    seen = drill(world, monkeypatch)
    assert seen.primary_healthy_again and seen.healed
    watched = [at - seen.healed for at, _ in seen.dns_after_heal]
    assert watched[-1] < 2 * STAYS_AWS_SECONDS / SPEED + world.caught_up_after_heal


def test_a_primary_that_does_not_get_healthy_is_not_waited_for_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.healthy_after_heal = None
    seen = drill(world, monkeypatch)
    assert not seen.primary_healthy_again
    assert seen.healed and seen.ended - seen.healed < 70


def test_the_returned_primary_gets_writes_from_the_moment_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drill(world, monkeypatch)
    assert seen.healed and world.written < seen.healed + world.caught_up_after_heal
    assert seen.ended > seen.healed + world.caught_up_after_heal


def test_the_journal_is_read_before_the_return_and_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drill(world, monkeypatch)
    assert (seen.journal_at_promotion, seen.journal_at_the_end) == (
        {"write-0": START},
        {"write-0": START, "write-1": START + 1},
    )


def test_replication_that_does_not_catch_up_costs_no_report(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.caught_up_after_heal = 9999.0
    seen = drill(world, monkeypatch)
    assert len(seen.writes_to_the_returned) == 10
    assert seen.control_after == ControlItem(SECONDARY, 2, 3)


def test_an_interrupted_drill_stops_its_users(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.interrupt_at = 5.0
    with pytest.raises(KeyboardInterrupt):
        drill(world, monkeypatch)
    assert world.done[-2:] == ["outage region", "traffic ends"]
    assert "control item" in world.ended


def test_each_change_is_told_once_while_it_happens(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated(world, monkeypatch).run()
    screen = world.screen.getvalue()
    assert screen.count("+14.0 s  alarm pilot-light-primary-unhealthy: ALARM") == 1
    assert screen.count("The outage region began") == 1
    assert f"Region {PRIMARY}: lost" not in screen
