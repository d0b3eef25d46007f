"""Strong tables: one version for all Regions, or an error; eventual reads are a Region's own."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import pytest

from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA
from tests.unit.lab.engine.strong_tables.world import KEY, TABLE, TEMPLATE, StrongWorld

NO_QUORUM = "InternalServerError 500"
CONFLICT = "ReplicatedWriteConflictException 409"
FAILED_CONDITION = "ConditionalCheckFailedException 400"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> StrongWorld:
    return StrongWorld(monkeypatch).made()


@pytest.mark.parametrize(("there", "here"), [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)])
def test_a_write_of_one_region_is_what_a_strong_read_of_the_other_sees(
    world: StrongWorld, there: str, here: str
) -> None:
    assert world.write(there, 1) == {}
    assert world.read(here) == 1
    assert world.read(there) == 1


def test_every_strong_way_to_read_sees_the_latest_version(world: StrongWorld) -> None:
    world.write(PRIMARY, 7)
    values = {":pk": KEY["pk"]}
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": values}
    item = {**KEY, "n": {"N": "7"}}
    assert world.do(SECONDARY, "Query", ConsistentRead=True, **query)["Items"] == [item]
    assert world.do(SECONDARY, "Scan", ConsistentRead=True)["Items"] == [item]
    assert world.do(SECONDARY, "Query", **query)["Items"] == [], "the copy is late"


def test_a_table_is_known_by_its_arn_too(world: StrongWorld) -> None:
    world.write(PRIMARY, 7)
    arn = f"arn:aws:dynamodb:{SECONDARY}:000000000000:table/{TABLE}"
    found = world.do(SECONDARY, "GetItem", TableName=arn, Key=KEY, ConsistentRead=True)
    assert found["Item"]["n"] == {"N": "7"}


def test_a_condition_is_judged_on_the_latest_version_of_all_regions(world: StrongWorld) -> None:
    new = {"ConditionExpression": "attribute_not_exists(pk)"}
    assert world.write(PRIMARY, 1, **new) == {}
    assert world.read(SECONDARY, strong=False) is None
    assert world.write(SECONDARY, 2, **new) == FAILED_CONDITION
    raised = world.do(
        SECONDARY,
        "UpdateItem",
        Key=KEY,
        UpdateExpression="ADD n :one",
        ConditionExpression="n = :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="ALL_NEW",
    )
    assert raised["Attributes"]["n"] == {"N": "2"}
    gone = world.do(PRIMARY, "DeleteItem", Key=KEY, ReturnValues="ALL_OLD")
    assert gone["Attributes"]["n"] == {"N": "2"}
    assert world.read(SECONDARY) is None


def test_a_strong_call_takes_a_round_trip_and_an_eventual_read_none(world: StrongWorld) -> None:
    def seconds(action: Any) -> float:
        began = time.perf_counter()
        action()
        return time.perf_counter() - began

    assert seconds(lambda: world.write(PRIMARY, 1)) >= 0.02
    assert seconds(lambda: world.read(PRIMARY)) >= 0.02
    quick = [seconds(lambda: world.read(PRIMARY, strong=False)) for _ in range(5)]
    assert min(quick) < 0.02


def test_copies_are_late_by_the_lag_in_the_writing_region_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = StrongWorld(monkeypatch, lag=60.0).made()
    world.write(PRIMARY, 1)
    world.strong.deliver_due(time.monotonic() + 29)
    assert [world.read(r, strong=False) for r in (PRIMARY, SECONDARY)] == [None, None]
    world.strong.deliver_due(time.monotonic() + 61)
    assert [world.read(r, strong=False) for r in (PRIMARY, SECONDARY)] == [1, 1]


def test_an_older_version_never_replaces_a_younger_one_in_a_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = StrongWorld(monkeypatch, lag=60.0).made()
    world.write(PRIMARY, 1)
    world.replication.lag = 0.0
    world.write(SECONDARY, 2)
    world.strong.deliver_due(time.monotonic())
    assert world.read(PRIMARY, strong=False) == 2
    world.deliver()
    assert world.read(PRIMARY, strong=False) == 2


def test_a_region_that_is_cut_off_reads_its_old_copy_and_nothing_else(world: StrongWorld) -> None:
    world.write(PRIMARY, 1)
    world.deliver()
    world.begin("isolated")
    assert world.write(SECONDARY, 2) == {}
    world.deliver()
    assert world.read(PRIMARY, strong=False) == 1
    assert world.read(SECONDARY, strong=False) == 2
    assert world.read(PRIMARY) == NO_QUORUM
    assert world.write(PRIMARY, 3) == NO_QUORUM
    assert world.read(SECONDARY) == 2, "what was refused was not written"


def test_a_region_that_is_back_answers_with_errors_until_it_has_caught_up(
    world: StrongWorld,
) -> None:
    world.begin("isolated")
    world.write(SECONDARY, 2)
    world.heal()
    world.deliver()
    world.now += 2.9
    assert world.read(PRIMARY) == NO_QUORUM
    assert world.read(PRIMARY, strong=False) is None
    assert world.read(SECONDARY) == 2
    world.now += 0.2
    assert world.read(PRIMARY) == 2
    world.deliver()
    assert world.read(PRIMARY, strong=False) == 2


def test_catching_up_is_as_quick_as_the_labs_clock(world: StrongWorld) -> None:
    world.aws.clock.speed = 10.0
    world.begin("table")
    world.heal()
    world.now += 0.29
    assert world.read(PRIMARY) == NO_QUORUM
    world.now += 0.02
    assert world.read(PRIMARY) is None


@pytest.mark.parametrize("name", ["witness", "partition"])
def test_two_members_of_three_are_enough(world: StrongWorld, name: str) -> None:
    world.begin(name)
    assert world.write(PRIMARY, 1) == {}
    assert world.read(SECONDARY) == 1
    world.heal()
    assert world.read(PRIMARY) == 1, "nobody has to catch up"


@pytest.mark.parametrize("name", ["region", "table"])
def test_the_secondary_goes_on_while_the_primary_is_lost(world: StrongWorld, name: str) -> None:
    world.begin(name)
    assert world.write(SECONDARY, 1) == {}
    assert world.read(PRIMARY) == NO_QUORUM


@pytest.mark.parametrize("style", ["503", "reset"])
def test_without_a_second_region_nothing_strong_is_answered(world: StrongWorld, style: str) -> None:
    world.begin("two-regions", style=style)
    assert world.write(SECONDARY, 1) == NO_QUORUM
    assert world.read(SECONDARY) == NO_QUORUM
    assert world.read(SECONDARY, strong=False) is None


@pytest.mark.parametrize("name", ["isolated", "two-regions"])
def test_an_outage_that_hangs_makes_a_table_silent_and_nobody_else_waits(
    world: StrongWorld, name: str
) -> None:
    here = PRIMARY if name == "isolated" else SECONDARY
    world.begin(name, style="hang")

    async def course() -> list[Any]:
        silent = asyncio.create_task(world.get(here))
        await asyncio.sleep(0.05)
        told = await asyncio.create_task(world.get(here, strong=False))
        return [told, silent.done(), await silent]

    assert world.run(course()) == [None, False, NO_QUORUM]


def test_an_answer_that_gets_lost_leaves_a_write_done(world: StrongWorld) -> None:
    async def course() -> Any:
        writing = asyncio.create_task(world.put(PRIMARY, 1))
        await asyncio.sleep(0.015)
        world.begin("isolated")
        return await writing

    assert world.run(course()) == NO_QUORUM
    assert world.read(SECONDARY) == 1


def test_a_request_that_gets_lost_leaves_nothing_written(world: StrongWorld) -> None:
    async def course() -> Any:
        writing = asyncio.create_task(world.put(PRIMARY, 1))
        await asyncio.sleep(0.001)
        world.begin("isolated")
        return await writing

    assert world.run(course()) == NO_QUORUM
    assert world.read(SECONDARY) is None


def test_of_two_regions_that_write_an_item_at_once_one_is_told_of_the_conflict(
    world: StrongWorld,
) -> None:
    answers = world.run(world.put(PRIMARY, 1), world.put(SECONDARY, 2))
    assert answers == [{}, CONFLICT]
    assert world.read(SECONDARY) == 1
    assert world.write(SECONDARY, 2) == {}, "the next one is alone"


def test_writers_of_one_region_or_of_different_items_do_not_conflict(world: StrongWorld) -> None:
    assert world.run(world.put(PRIMARY, 1), world.put(PRIMARY, 2)) == [{}, {}]
    other = world.call(SECONDARY, "PutItem", Item={"pk": {"S": "other"}})
    assert world.run(world.put(PRIMARY, 3), other) == [{}, {}]


@pytest.mark.parametrize(("name", "seconds"), [("stall", 1.5), ("long-stall", 20.0)])
def test_a_stall_keeps_strong_calls_of_every_region_waiting_and_ends_by_itself(
    world: StrongWorld, monkeypatch: pytest.MonkeyPatch, name: str, seconds: float
) -> None:
    world.write(PRIMARY, 1)
    world.deliver()
    world.begin(name)
    assert world.outage.stalled_for() == pytest.approx(seconds, abs=0.2)
    assert world.outage.named == [name]
    world.outage.stalled_until = time.monotonic() + 0.6

    async def course() -> list[Any]:
        calls = [world.get(PRIMARY), world.get(SECONDARY), world.put(PRIMARY, 2)]
        waiting = [asyncio.create_task(call) for call in calls]
        told = await asyncio.create_task(world.get(PRIMARY, strong=False))
        await asyncio.sleep(0.2)
        silent = not any(task.done() for task in waiting)
        await asyncio.gather(*waiting)
        return [told, silent, waiting[2].result()]

    assert world.run(course()) == [1, True, {}]
    assert world.read(SECONDARY) == 2


def test_a_stall_in_the_middle_of_a_write_delays_its_answer_alone(
    world: StrongWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_latest = world.strong._on_latest

    def stalling(*given: Any) -> Any:
        answer = on_latest(*given)
        world.outage.stall(0.2)
        return answer

    async def course() -> list[Any]:
        writing = asyncio.create_task(world.put(PRIMARY, 1))
        while not world.strong.tables[TABLE].latest["control"]:
            await asyncio.sleep(0.001)
        return [world.outage.stalled_for() > 0, writing.done(), await writing]

    monkeypatch.setattr(world.strong, "_on_latest", stalling)
    assert world.run(course()) == [True, False, {}]


def test_healing_ends_a_stall(world: StrongWorld) -> None:
    world.begin("long-stall")

    async def course() -> Any:
        reading = asyncio.create_task(world.get(PRIMARY))
        await asyncio.sleep(0.05)
        world.outage.heal()
        return await asyncio.wait_for(reading, 1)

    assert world.run(course()) is None
    assert world.outage.named == []


@pytest.mark.parametrize("operation", ["TransactWriteItems", "TransactGetItems"])
def test_a_transaction_that_names_a_strong_table_is_refused_whole(
    world: StrongWorld, operation: str
) -> None:
    world.create({**TEMPLATE, "TableName": "plain", "MultiRegionConsistency": "EVENTUAL"} | PLAIN)
    action = "Put" if "Write" in operation else "Get"
    content = {"Item": KEY} if action == "Put" else {"Key": KEY}
    items = [{action: {"TableName": name, **content}} for name in ("plain", TABLE)]
    assert world.do(PRIMARY, operation, TransactItems=items) == "ValidationException 400"
    assert world.do(PRIMARY, "Scan", TableName="plain")["Items"] == []
    assert isinstance(world.do(PRIMARY, operation, TransactItems=items[:1]), dict)


PLAIN = {"GlobalTableWitnesses": []}


def test_a_table_that_is_not_strong_stays_as_it_was(world: StrongWorld) -> None:
    world.create({**TEMPLATE, "TableName": "plain", "MultiRegionConsistency": "EVENTUAL"} | PLAIN)
    world.begin("isolated")
    world.do(PRIMARY, "PutItem", TableName="plain", Item=KEY)
    found = world.do(PRIMARY, "GetItem", TableName="plain", Key=KEY, ConsistentRead=True)
    assert found["Item"] == KEY


def test_a_request_that_dynamodb_would_not_take_is_dynamodbs_to_refuse(world: StrongWorld) -> None:
    assert world.do(PRIMARY, "PutItem", Item=[]).endswith("400")
    assert world.do(PRIMARY, "GetItem", TableName=["x"], Key=KEY).endswith("400")
    assert world.do(VIRGINIA, "GetItem", Key=KEY) == "ResourceNotFoundException 400"


def test_a_write_past_the_quorum_is_an_error_of_the_lab(world: StrongWorld) -> None:
    with pytest.raises(RuntimeError, match="without its quorum"):
        world.aws.within(PRIMARY, world.dynamodb._put_item, {"TableName": TABLE, "Item": KEY})


def test_the_status_tells_how_each_region_answers(world: StrongWorld) -> None:
    world.begin("isolated", style="hang")
    assert world.strong.status()["tables"][TABLE] == {
        "witness": VIRGINIA,
        "regions": {
            PRIMARY: {"strong_calls": "silent"},
            SECONDARY: {"strong_calls": "answers"},
        },
    }


class History:
    """Callers in two Regions that raise a counter by compare and set, and what they were told."""

    def __init__(self, world: StrongWorld, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)
        self.acknowledged = 0
        self.unknown = 0
        self.highest = 0
        self.over = False

    def told(self, value: int, before: int) -> None:
        """Judge a read: it may not miss what was known to anybody when it began."""
        assert value >= before, "a read went back in time"
        self.highest = max(self.highest, value)

    async def caller(self, region: str, times: int) -> None:
        for _ in range(times):
            before = self.highest
            value = await self.world.get(region)
            if isinstance(value, str):
                await asyncio.sleep(0.005)
                continue
            self.told(value, before)
            await asyncio.sleep(self.random.random() * 0.01)
            same = {
                "ConditionExpression": "n = :n",
                "ExpressionAttributeValues": {":n": {"N": str(value)}},
            }
            answer = await self.world.put(region, value + 1, **same)
            if answer == {}:
                self.acknowledged += 1
                self.highest = max(self.highest, value + 1)
            elif answer == NO_QUORUM:
                self.unknown += 1
            else:
                assert answer in (FAILED_CONDITION, CONFLICT)

    async def weather(self) -> None:
        while not self.over:
            await asyncio.sleep(self.random.random() * 0.05)
            self.world.begin(self.random.choice(["isolated", "witness", "table", "partition"]))
            await asyncio.sleep(self.random.random() * 0.05)
            self.world.heal()
            self.world.now += 10

    async def course(self) -> None:
        regions = (PRIMARY, SECONDARY) * 3
        weather = asyncio.create_task(self.weather())
        await asyncio.gather(*(asyncio.create_task(self.caller(r, 12)) for r in regions))
        self.over = True
        await weather


@pytest.mark.parametrize("seed", range(3))
def test_callers_in_two_regions_see_one_counter_whatever_is_cut_and_lost(
    world: StrongWorld, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("lab.engine.strong_tables.quorum.ROUND_TRIP", 0.004)
    world.write(PRIMARY, 0)
    history = History(world, seed)
    world.run(history.course())
    world.heal()
    world.now += 10
    final = world.read(PRIMARY)
    assert world.read(SECONDARY) == final
    assert history.acknowledged <= final <= history.acknowledged + history.unknown
    assert history.acknowledged > 5
    world.deliver()
    assert [world.read(r, strong=False) for r in (PRIMARY, SECONDARY)] == [final, final]
