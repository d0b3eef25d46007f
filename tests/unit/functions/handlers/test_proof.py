"""The steps of the proof, as the machine asks for them, over two Regions' tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws
from pilot_light_client.journal import LEAST_DAYS
from pilot_light_client.ulid_format import lowest_of
from pilotlight.control.table import ControlTable
from pilotlight.journal import proof as journal_proof, reader as journal_reader
from pilotlight.journal.comparison import LOWEST, MARGIN_MS
from pilotlight.journal.proof import InvalidRequest, TailsDiffer
from ulid import ULID

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    ITEMS,
    JOURNAL,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    control_item,
)
from tests.unit.functions.ledger.two_regions import TwoRegions

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
        monkeypatch.setattr(MODULE, "client_of", self.regions.client)
        monkeypatch.setattr(MODULE, "epoch_began", lambda *_: datetime.fromtimestamp(T / 1000, UTC))
        # The default of a parameter, bound when the class was made.
        defaults = (*journal_proof.JournalProof.__init__.__defaults__[:-1], lambda: T)  # type: ignore[index]
        monkeypatch.setattr(journal_proof.JournalProof.__init__, "__defaults__", defaults)

    def write(self, region: str, item_id: str, ago: int = 0) -> str:
        write_id = str(ULID.from_timestamp(T - ago))
        self.regions.write(region, 3, item_id, write_id)
        return write_id

    def ask(self, step: str, source: str, target: str, **more: Any) -> Any:
        payload = {"step": step, "source": source, "target": target, "epoch": 3, **more}
        return MODULE.lambda_handler(payload, context("proof"))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with mock_aws():
        yield World(monkeypatch)


# --- watermark -----------------------------------------------------------------------------------
@BOTH_WAYS
def test_the_watermark_is_kept_in_the_secondary_whichever_way_it_goes(
    world: World, source: str, target: str
) -> None:
    world.write(source, "tea", MARGIN_MS + 1)
    world.regions.replicate(source, target)
    found = world.ask("watermark", source, target)
    mark = lowest_of(T - MARGIN_MS)
    assert found == {"caught_up": True, "watermark": mark, "compared": 1}
    kept = world.regions.client(SECONDARY).scan(TableName=RECOVERIES)["Items"]
    counted = {"watermark": {"S": mark}, "compared": {"N": "1"}, "unreadable": {"N": "0"}}
    counted["uncompared_since"] = {"S": ""}
    assert kept == [{"pk": {"S": f"watermark#{source}#3"}, **counted}]


# --- tails ---------------------------------------------------------------------------------------
@BOTH_WAYS
def test_a_tail_that_has_arrived_is_proven(world: World, source: str, target: str) -> None:
    for n in range(10):
        world.write(source, f"i{n % 3}", 1000 - n)
    world.regions.replicate(source, target)
    found = world.ask("tails", source, target)
    assert (found["proven"], found["writes"], found["compared"]) == (True, 10, 10)
    assert LOWEST < found["watermark"] <= lowest_of(T)
    assert found["compared_at"].endswith("Z")


@BOTH_WAYS
@pytest.mark.parametrize("arrived", ["I#", "J#"])
def test_a_tail_of_which_only_items_or_only_entries_have_arrived_is_not_proven(
    world: World, source: str, target: str, arrived: str
) -> None:
    world.write(source, "tea")
    world.regions.replicate(source, target, arrived)
    with pytest.raises(TailsDiffer, match=rf"(missing in {target}|{target} is behind)"):
        world.ask("tails", source, target)


def test_where_nothing_was_compared_nothing_is_proven(world: World) -> None:
    """Two empty journals are equal, and so are those of an epoch that was mistyped."""
    found = world.ask("tails", PRIMARY, SECONDARY)
    assert (found["complete"], found["proven"], found["compared"]) == (True, False, 0)


def test_what_was_compared_before_the_drain_counts_for_the_proof(world: World) -> None:
    for n in range(3):
        world.write(PRIMARY, "tea", MARGIN_MS + 10 - n)
    world.regions.replicate(PRIMARY, SECONDARY)
    assert world.ask("watermark", PRIMARY, SECONDARY)["compared"] == 3
    found = world.ask("tails", PRIMARY, SECONDARY)
    assert (found["proven"], found["writes"], found["compared"]) == (True, 0, 3)
    world.write(PRIMARY, "tea", 1)
    world.regions.replicate(PRIMARY, SECONDARY)
    found = world.ask("tails", PRIMARY, SECONDARY)
    assert (found["writes"], found["compared"]) == (1, 4)


def test_a_tail_that_is_longer_than_one_step_is_gone_on_with(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_proof, "SPANS", 1)
    monkeypatch.setattr(journal_reader, "PAGE", 1)
    for n in range(40):
        world.write(PRIMARY, f"i{n}", 1000 - n)
    world.regions.replicate(PRIMARY, SECONDARY)
    steps, so_far = [], None
    while not steps or not steps[-1]["complete"]:
        steps.append(world.ask("tails", PRIMARY, SECONDARY, so_far=so_far))
        so_far = steps[-1].get("so_far")
    assert len(steps) > 2
    assert (steps[-1]["proven"], steps[-1]["writes"], steps[-1]["compared"]) == (True, 40, 40)


def test_an_epoch_that_json_wrote_with_decimals_is_the_same_epoch(world: World) -> None:
    lost = world.write(PRIMARY, "tea")
    with pytest.raises(TailsDiffer, match=lost):
        world.ask("tails", PRIMARY, SECONDARY, epoch=3.0)


# --- by schedule ---------------------------------------------------------------------------------
@BOTH_WAYS
def test_by_schedule_it_keeps_up_with_the_active_region(
    world: World, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.regions.client(SECONDARY)
    monkeypatch.setattr(MODULE, "CONTROL", ControlTable(client, CONTROL))
    client.put_item(TableName=CONTROL, Item=control_item(source, 3))
    world.write(source, "tea", MARGIN_MS + 1)
    world.regions.replicate(source, target)
    found = MODULE.lambda_handler({"step": "keep_up"}, context("proof"))
    assert found == {"caught_up": True, "watermark": lowest_of(T - MARGIN_MS), "compared": 1}


EPOCH_BEGAN = MODULE.epoch_began


@pytest.mark.parametrize(
    ("asked", "known"), [((PRIMARY, 3), True), ((PRIMARY, 2), False), ((SECONDARY, 3), False)]
)
def test_the_control_item_tells_since_when_its_own_epoch_can_have_run(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, int], *, known: bool
) -> None:
    client = world.regions.client(SECONDARY)
    monkeypatch.setattr(MODULE, "CONTROL", ControlTable(client, CONTROL))
    assert EPOCH_BEGAN(*asked) is None, "there is no control item yet"
    item = {**control_item(PRIMARY, 3), "cooldown_until": {"N": "1700086400"}}
    client.put_item(TableName=CONTROL, Item=item)
    assert EPOCH_BEGAN(*asked) == (datetime.fromtimestamp(1_700_000_000, UTC) if known else None)


def test_entries_that_may_be_deleted_in_one_region_alone_make_no_difference(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "milliseconds", lambda: T)
    world.write(PRIMARY, "old", (LEAST_DAYS - 1) * 86_400_000)
    world.write(PRIMARY, "tea", 1000)
    world.regions.replicate(PRIMARY, SECONDARY)
    there = world.regions.client(SECONDARY)
    entries = [r for r in there.scan(TableName=JOURNAL)["Items"] if r["pk"]["S"].startswith("J#")]
    oldest = min(entries, key=lambda row: row["sk"]["S"])
    there.delete_item(TableName=JOURNAL, Key={name: oldest[name] for name in ("pk", "sk")})
    found = world.ask("tails", PRIMARY, SECONDARY)
    assert (found["proven"], found["compared"]) == (True, 1)


# --- what is asked -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"step": "guess"}, "step"),
        ({"step": "seen"}, "step"),
        ({"drained_by": "run"}, "drained_by"),
        ({"epoch": 0}, "epoch"),
        ({"epoch": "3"}, "epoch"),
        ({"epoch": 2.5}, "epoch"),
        ({"target": PRIMARY}, "not the two Regions"),
        ({"source": "eu-west-1"}, "not the two Regions"),
        ({"surprise": 1}, "surprise"),
        ({"so_far": {}}, "so_far"),
        ({"so_far": {"reached": 1, "compared": 0, "unreadable": 0, "writes": 0}}, "reached"),
        ({"so_far": {"reached": "", "compared": -1, "unreadable": 0, "writes": 0}}, "compared"),
    ],
)
def test_a_request_that_is_none_is_refused_and_told_why(
    world: World, payload: dict[str, Any], told: str
) -> None:
    good = {"step": "tails", "source": PRIMARY, "target": SECONDARY, "epoch": 3}
    with pytest.raises(InvalidRequest, match=told):
        MODULE.lambda_handler({**good, **payload}, context("proof"))
    assert world.regions.client(SECONDARY).scan(TableName=ITEMS)["Count"] == 0


# --- without a journal ---------------------------------------------------------------------------
@pytest.fixture(params=[0, 1])
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(MODULE, "DEPLOYMENT", replace(MODULE.DEPLOYMENT, level=request.param))
    return int(request.param)


def test_without_a_journal_nothing_is_compared_before_the_drain(world: World, level: int) -> None:
    found = world.ask("watermark", PRIMARY, SECONDARY)
    assert (found["caught_up"], found["compared"], found["level"]) == (True, 0, level)


def replicated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let markers arrive at once, as DynamoDB would."""
    client = world.regions.clients[PRIMARY]
    put = client.put_item

    def both(**given: Any) -> Any:
        world.regions.clients[SECONDARY].put_item(**given)
        return put(**given)

    monkeypatch.setattr(client, "put_item", both)


def test_a_fenced_application_shows_that_a_marker_arrived_and_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "DEPLOYMENT", replace(MODULE.DEPLOYMENT, level=1))
    replicated(world, monkeypatch)
    found = world.ask("tails", PRIMARY, SECONDARY, execution="run")
    assert (found["complete"], found["proven"], found["compared"]) == (True, False, 0)
    assert "Replication was seen, not proven" in found["detail"]
    assert ITEMS in found["detail"]
    assert world.regions.clients[PRIMARY].scan(TableName=ITEMS)["Count"] == 0, "it is removed"


def test_a_marker_that_has_not_arrived_is_looked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "DEPLOYMENT", replace(MODULE.DEPLOYMENT, level=1))
    for _ in range(2):
        with pytest.raises(TailsDiffer, match=f"missing in {SECONDARY}"):
            world.ask("tails", PRIMARY, SECONDARY, execution="run")
    (marker,) = world.regions.clients[PRIMARY].scan(TableName=ITEMS)["Items"]
    world.regions.clients[SECONDARY].put_item(TableName=ITEMS, Item={**marker, "run": {"S": "-"}})
    with pytest.raises(TailsDiffer):
        world.ask("tails", PRIMARY, SECONDARY, execution="run")
    world.regions.clients[SECONDARY].put_item(TableName=ITEMS, Item=marker)
    assert world.ask("tails", PRIMARY, SECONDARY, execution="run")["complete"] is True


def test_a_routed_application_shows_nothing_and_its_move_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "DEPLOYMENT", replace(MODULE.DEPLOYMENT, level=0))
    found = world.ask("tails", PRIMARY, SECONDARY, execution="run")
    assert (found["complete"], found["proven"]) == (True, False)
    assert "unproven" in found["detail"]
    assert "Nothing stopped its writes" in found["detail"]
    assert world.regions.clients[PRIMARY].scan(TableName=ITEMS)["Count"] == 0
