"""What refuses a planned move, by name, and that a refusal changes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.machine import PRIMARY, SECONDARY
from tests.integration.test_switchover import both_ways
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Network
    from tests.integration.machine import Machine
    from tests.integration.two_regions import TwoRegions


def unwell(regions: TwoRegions, network: Network) -> None:
    network.beacon = "unhealthy"


def unknown(regions: TwoRegions, network: Network) -> None:
    network.beacon = "unknown"


def recently_unwell(regions: TwoRegions, _network: Network) -> None:
    regions.sentinel(well_for=60)


def unwatched(regions: TwoRegions, _network: Network) -> None:
    regions.sentinel(observed_at="2026-01-01T00:00:00+00:00")


def other_release(_regions: TwoRegions, network: Network) -> None:
    network.releases[PRIMARY] = "old"


def cut(regions: TwoRegions, _network: Network) -> None:
    regions.replication.cut = True
    regions.beat(*regions_of(regions), age=0)
    for region in (PRIMARY, SECONDARY):
        _outdate(regions, region)


def not_caught_up(regions: TwoRegions, _network: Network) -> None:
    source, _ = regions_of(regions)
    regions.replication.cut = True
    # Older than what the proof leaves aside while users write.
    regions.write(source, ago=120)


def regions_of(regions: TwoRegions) -> tuple[str, str]:
    active = regions.control()["active_region"]
    return active, PRIMARY if active == SECONDARY else SECONDARY


def _outdate(regions: TwoRegions, region: str) -> None:
    """What a Region holds of the other's heartbeats is ten minutes old."""
    (other,) = {PRIMARY, SECONDARY} - {region}
    client = regions.replicas[region]
    for item in client.scan(TableName="pilot-light-journal")["Items"]:
        if item["pk"]["S"].startswith(f"H#{other}#"):
            item["written_at"] = {"N": str(int((time.time() - 600) * 1000))}
            client.put_item(TableName="pilot-light-journal", Item=item)


UNMET: dict[str, tuple[Callable[[Any, Any], None], str]] = {
    "beacon unhealthy": (unwell, "primary_healthy"),
    "beacon unknown": (unknown, "primary_healthy"),
    "well for a minute only": (recently_unwell, "primary_healthy"),
    "the sentinel is silent": (unwatched, "primary_healthy"),
    "releases differ": (other_release, "release_parity"),
    "heartbeats are old": (cut, "replication_healthy"),
    "writes are missing": (not_caught_up, "caught_up"),
}


@pytest.mark.parametrize(("spoil", "condition"), UNMET.values(), ids=UNMET)
@both_ways
def test_an_unmet_condition_refuses_by_name_and_changes_nothing(
    regions: TwoRegions,
    machine: Machine,
    network: Network,
    request_: dict[str, str],
    source: str,
    target: str,
    spoil: Callable[[Any, Any], None],
    condition: str,
) -> None:
    regions.serve(source, 4)
    spoil(regions, network)
    before = regions.control()
    run = regions.run(request_)
    assert (run.status, run.output.get("outcome")) == ("SUCCEEDED", "refused"), run.cause
    assert run.output["decision"]["unmet"] == [condition]
    assert regions.control() == before
    assert "Drain" not in run.states
    assert machine.lock() == {}
    event, message = machine.notices()[-1]
    assert event == "refused"
    assert f"UNMET  {condition}" in message
    assert '"graceful": false' in message


def test_a_dead_primary_is_no_target_and_everything_unmet_is_named(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    regions.serve(SECONDARY, 4)
    network.lose_primary()
    run = regions.run(FAILBACK)
    assert run.output["outcome"] == "refused"
    assert run.output["decision"]["unmet"] == ["primary_healthy", "target_ready", "release_parity"]
    assert machine.active() == (SECONDARY, 4)


def test_an_unready_secondary_is_no_target(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    network.secondary_up = False
    run = regions.run(SWITCHOVER)
    assert run.output["decision"]["unmet"] == ["target_ready", "release_parity"]
    assert machine.active() == (PRIMARY, 1)


def left_behind(regions: TwoRegions) -> str:
    """A write that the Primary acknowledged and a failover left behind. It arrived since."""
    regions.serve(PRIMARY, 3)
    regions.replication.cut = True
    write_id = regions.write(PRIMARY, ago=120)
    assert write_id
    regions.serve(SECONDARY, 4)
    assert regions.ask("Ledger", action="reconcile")["open"] == 1
    regions.replication.cut = False
    regions.replication.flush()
    assert write_id in regions.journal(SECONDARY)
    return write_id


def test_a_failback_waits_for_the_review_of_the_ledger(
    regions: TwoRegions, machine: Machine
) -> None:
    left_behind(regions)
    run = regions.run(FAILBACK)
    assert run.output["outcome"] == "refused"
    assert run.output["decision"]["unmet"] == ["ledger_reviewed"]
    assert "1 writes of the ledger are to be reviewed" in machine.notices()[-1][1]
    assert machine.active() == (SECONDARY, 4)


def test_what_a_person_has_accepted_lets_the_failback_pass(
    regions: TwoRegions, machine: Machine
) -> None:
    write_id = left_behind(regions)
    assert regions.run(FAILBACK).output["outcome"] == "refused"
    found = regions.ask("Ledger", action="accept", write_ids=[write_id], by="a person")
    assert (found["accepted"], found["open"]) == ([write_id], 0)
    assert regions.run(FAILBACK).output["outcome"] == "switched_over"
    assert machine.active() == (PRIMARY, 5)


def test_journals_that_are_not_compared_to_their_end_are_no_review(
    regions: TwoRegions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integration import conftest

    regions.serve(SECONDARY, 4)
    monkeypatch.setattr(conftest.loaded("ledger"), "PIECE_MS", 60_001)
    run = regions.run(FAILBACK)
    assert run.output["decision"]["unmet"] == ["ledger_reviewed"]
    assert run.states.count("ReconcileLedger") == 8
