"""The steps of the proof, as the machine asks for them, over two Regions' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws
from pilotlight import journal_proof
from pilotlight.domain.journal import LOWEST, MARGIN_MS, lower_bound
from pilotlight.journal_proof import TailsDiffer
from ulid import ULID

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    ITEMS,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    control_item,
)
from tests.unit.functions.two_regions import TwoRegions

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE: Any = load_handler("proof")
T = 1_800_000_000_000
BOTH_WAYS = pytest.mark.parametrize(
    ("source", "target"), [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)]
)


class World:
    """Two Regions in the third epoch, and the machine's requests."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.regions = TwoRegions()
        monkeypatch.setattr(MODULE, "client", lambda _: self.regions.client(SECONDARY))
        monkeypatch.setattr(MODULE, "client_of", self.regions.client)
        monkeypatch.setattr(MODULE, "milliseconds", lambda: T)
        # The default of a parameter, bound when the class was made.
        defaults = (*journal_proof.JournalProof.__init__.__defaults__[:-1], lambda: T)  # type: ignore[index]
        monkeypatch.setattr(journal_proof.JournalProof.__init__, "__defaults__", defaults)

    def write(self, region: str, item_id: str, ago: int = 0) -> str:
        write_id = str(ULID.from_timestamp(T - ago))
        self.regions.write(region, 3, item_id, write_id)
        return write_id

    def drain(self, source: str, target: str, **more: Any) -> None:
        """Let a drain be seen in its source only: it is the source that counts."""
        drain = {"region": source, "epoch": 3, "state": "draining", "drain_until": T + 60_000}
        item = control_item(**{**drain, "drain_to": target, "changed_by": "run", **more})
        self.regions.client(source).put_item(TableName=CONTROL, Item=item)

    def ask(self, step: str, source: str, target: str, **more: Any) -> Any:
        payload = {"step": step, "source": source, "target": target, "epoch": 3, **more}
        return MODULE.lambda_handler(payload, context("proof"))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("RECOVERIES_TABLE", RECOVERIES)
    with mock_aws():
        yield World(monkeypatch)


# --- seen ----------------------------------------------------------------------------------------
@BOTH_WAYS
def test_a_drain_that_the_source_shows_is_seen(world: World, source: str, target: str) -> None:
    world.drain(source, target)
    assert world.ask("seen", source, target, drained_by="run") == {"seen": True}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"drain_until": T}, "expired"),
        ({"drain_to": "eu-west-1"}, "does not drain to"),
        ({"changed_by": "another run"}, "for another run"),
        ({"epoch": 4}, "in epoch 4"),
        ({"region": SECONDARY, "drain_to": PRIMARY}, f"{SECONDARY} is active"),
        ({"state": "serving"}, "serving"),
    ],
)
def test_a_drain_that_is_another_or_over_is_not_seen(
    world: World, change: dict[str, Any], told: str
) -> None:
    world.drain(PRIMARY, SECONDARY, **change)
    with pytest.raises(MODULE.DrainNotSeen, match=told):
        world.ask("seen", PRIMARY, SECONDARY, drained_by="run")


def test_what_the_target_shows_of_a_drain_does_not_count(world: World) -> None:
    world.drain(PRIMARY, SECONDARY)
    item = world.regions.client(PRIMARY).scan(TableName=CONTROL)["Items"][0]
    world.regions.client(SECONDARY).put_item(TableName=CONTROL, Item=item)
    world.regions.client(PRIMARY).delete_item(TableName=CONTROL, Key={"pk": item["pk"]})
    with pytest.raises(MODULE.DrainNotSeen, match="could not be read"):
        world.ask("seen", PRIMARY, SECONDARY, drained_by="run")


# --- watermark -----------------------------------------------------------------------------------
@BOTH_WAYS
def test_the_watermark_is_kept_in_the_secondary_whichever_way_it_goes(
    world: World, source: str, target: str
) -> None:
    world.write(source, "tea", MARGIN_MS + 1)
    world.regions.replicate(source, target)
    found = world.ask("watermark", source, target)
    mark = lower_bound(T - MARGIN_MS)
    assert found == {"caught_up": True, "watermark": mark, "compared": 1}
    kept = world.regions.client(SECONDARY).scan(TableName=RECOVERIES)["Items"]
    assert kept == [{"pk": {"S": f"watermark#{source}#3"}, "watermark": {"S": mark}}]


# --- tails ---------------------------------------------------------------------------------------
@BOTH_WAYS
def test_a_tail_that_has_arrived_is_proven(world: World, source: str, target: str) -> None:
    world.drain(source, target)
    for n in range(10):
        world.write(source, f"i{n % 3}", 1000 - n)
    world.regions.replicate(source, target)
    found = world.ask("tails", source, target)
    assert (found["proven"], found["writes"]) == (True, 10)
    assert LOWEST < found["watermark"] <= lower_bound(T)
    assert found["compared_at"].endswith("Z")


@BOTH_WAYS
@pytest.mark.parametrize("arrived", ["I#", "J#"])
def test_a_tail_of_which_only_items_or_only_entries_have_arrived_is_not_proven(
    world: World, source: str, target: str, arrived: str
) -> None:
    world.drain(source, target)
    world.write(source, "tea")
    world.regions.replicate(source, target, arrived)
    with pytest.raises(TailsDiffer, match=rf"^{target} (lacks|is behind)"):
        world.ask("tails", source, target)


def test_equal_tails_of_a_region_that_may_write_prove_nothing(world: World) -> None:
    with pytest.raises(MODULE.DrainNotSeen):
        world.ask("tails", PRIMARY, SECONDARY)
    world.drain(PRIMARY, SECONDARY, drain_until=T)
    with pytest.raises(MODULE.DrainNotSeen, match="expired"):
        world.ask("tails", PRIMARY, SECONDARY)


def test_an_epoch_that_json_wrote_with_decimals_is_the_same_epoch(world: World) -> None:
    world.drain(PRIMARY, SECONDARY)
    lost = world.write(PRIMARY, "tea")
    with pytest.raises(TailsDiffer, match=lost):
        world.ask("tails", PRIMARY, SECONDARY, epoch=3.0)


# --- what is asked -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"step": "guess"}, "step"),
        ({"step": "seen"}, "drained_by"),
        ({"epoch": 0}, "epoch"),
        ({"epoch": "3"}, "epoch"),
        ({"epoch": 2.5}, "epoch"),
        ({"target": PRIMARY}, "not the two Regions"),
        ({"source": "eu-west-1"}, "not the two Regions"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_request_that_is_none_is_refused_and_told_why(
    world: World, payload: dict[str, Any], told: str
) -> None:
    good = {"step": "tails", "source": PRIMARY, "target": SECONDARY, "epoch": 3}
    with pytest.raises(MODULE.InvalidRequest, match=told):
        MODULE.lambda_handler({**good, **payload}, context("proof"))
    assert world.regions.client(SECONDARY).scan(TableName=ITEMS)["Count"] == 0
