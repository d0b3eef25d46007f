"""The items behind the fence: written here, forwarded, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.adapters import https
from pilotlight.adapters.control_table import CachedControl
from pilotlight.adapters.items_table import ItemsTable
from pilotlight.domain.control import ControlItem
from pilotlight.domain.writes import Item, ItemExists, ItemMissing, WriteConflict, is_item_id
from pilotlight.item_service import (
    FORWARD_TIMEOUT,
    FORWARDED_BY,
    ItemService,
    WriteRefused,
    WriteRequest,
    public,
)

from tests.unit.functions.fakes import ITEMS, PRIMARY, SECONDARY, FakeDynamoDB

if TYPE_CHECKING:
    from pilotlight.settings import Deployment

HERE = ControlItem(SECONDARY, 2, "serving")
ELSEWHERE = ControlItem(PRIMARY, 1, "serving")
T = 1_800_000_000_000
DRAINING = ControlItem(SECONDARY, 2, "draining", T + 1000, PRIMARY)
DRAINING_HERE = ControlItem(PRIMARY, 1, "draining", T + 1000, SECONDARY)


class World:
    """This Region's service over an empty table, and the other Region's side of a forwarding."""

    def __init__(self, known: Deployment, fake: FakeDynamoDB) -> None:
        self.control: ControlItem | None = HERE
        self.dynamodb = fake
        self.forwarded: list[tuple[str, str, dict[str, Any]]] = []
        self.answer: https.Response | https.Unreachable = https.Response(201, b"{}", {}, 0.1)
        self.now = 0.0
        cached = CachedControl(lambda: self.control, seconds=0, clock=lambda: self.now)
        items = ItemsTable(fake, ITEMS)
        self.service = ItemService(known, cached, items, lambda: T + int(self.now * 1000))

    def request(self, method: str, url: str, **more: Any) -> https.Response:
        self.forwarded.append((method, url, more))
        if isinstance(self.answer, https.Unreachable):
            raise self.answer
        return self.answer

    def write(self, operation: Any = "create", item_id: str | None = "tea", **changes: Any) -> Any:
        call: dict[str, Any] = {
            "text": "green",
            "method": "POST",
            "path": "/items",
            "body": b'{"text": "green"}',
            "headers": {},
        }
        return self.service.write(WriteRequest(operation, item_id, **{**call, **changes}))


@pytest.fixture
def world(known: Deployment, fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(known, fake)
    monkeypatch.setattr(https, "request", found.request)
    return found


# --- here ----------------------------------------------------------------------------------------
def test_the_active_region_writes_under_its_name_and_epoch(world: World) -> None:
    item = world.write()
    assert (item.id, item.text, item.version) == ("tea", "green", 1)
    assert (item.region, item.epoch) == (SECONDARY, 2)
    assert world.service.read("tea") == item
    assert world.forwarded == []


def test_an_item_without_an_id_gets_one_that_is_its_own(world: World) -> None:
    ids = {world.write(item_id=None).id for _ in range(20)}
    assert len(ids) == 20
    assert all(is_item_id(i) for i in ids)


def test_every_write_has_a_write_id_of_its_own(world: World) -> None:
    assert len({world.write("replace").write_id for _ in range(20)}) == 20


def test_a_forwarded_write_is_made_where_it_belongs(world: World) -> None:
    item = world.write(headers={FORWARDED_BY.lower(): PRIMARY})
    assert item.region == SECONDARY


def test_a_deleted_item_cannot_be_read(world: World) -> None:
    world.write()
    world.write("delete")
    with pytest.raises(ItemMissing, match="'tea'"):
        world.service.read("tea")


@pytest.mark.parametrize("item_id", ["coffee", "", "x" * 2000, "a b", "\ud800"])
def test_an_item_that_cannot_be_there_is_missing(world: World, item_id: str) -> None:
    with pytest.raises(ItemMissing):
        world.service.read(item_id)


def test_an_id_that_no_item_can_have_is_not_even_looked_up(world: World) -> None:
    """DynamoDB would answer a key of more than 1024 bytes with an error."""
    with pytest.raises(ItemMissing):
        world.service.read("x" * 2000)
    assert world.dynamodb.asked("get_item") == []


def test_a_write_in_between_is_a_conflict_and_not_overwritten(world: World) -> None:
    world.write()
    raced = []

    def race(operation: str) -> None:
        if operation == "transact_write_items" and not raced:
            raced.append(operation)
            world.write("replace", text="black")

    world.dynamodb.interrupt = race
    with pytest.raises(WriteConflict):
        world.write("replace", text="white")
    assert world.service.read("tea").text == "black"


# --- retries -------------------------------------------------------------------------------------
def test_a_retried_create_finds_its_own_item(world: World) -> None:
    first, again = (
        world.write(item_id=None, headers={"idempotency-key": "k1"}),
        world.write(item_id=None, headers={"idempotency-key": "k1"}),
    )
    assert again == first
    assert len(world.dynamodb.rows(ITEMS, "J#")) == 1


def test_a_retried_create_of_a_named_item_finds_it_too(world: World) -> None:
    first = world.write(headers={"idempotency-key": "k1"})
    assert world.write(headers={"idempotency-key": "k1"}) == first


def test_a_retry_makes_the_same_id_in_the_other_region(
    world: World, known: Deployment, fake: FakeDynamoDB
) -> None:
    first = world.write(item_id=None, headers={"idempotency-key": "k1"})
    elsewhere = World(known, FakeDynamoDB())
    assert elsewhere.write(item_id=None, headers={"idempotency-key": "k1"}).id == first.id


@pytest.mark.parametrize("retry", [{}, {"idempotency-key": ""}, {"idempotency-key": "k2"}])
def test_somebody_elses_create_of_the_same_item_is_refused(
    world: World, retry: dict[str, str]
) -> None:
    world.write(headers={"idempotency-key": "k1"})
    with pytest.raises(ItemExists):
        world.write(headers=retry)


def test_two_creates_without_a_key_are_two_and_the_second_is_refused(world: World) -> None:
    world.write()
    with pytest.raises(ItemExists):
        world.write()


@pytest.mark.parametrize("key", ["k1", "x" * 64, "a key, with: signs"])
def test_the_id_made_of_a_key_is_one_that_an_item_can_have(world: World, key: str) -> None:
    assert is_item_id(world.write(item_id=None, headers={"idempotency-key": key}).id)


# --- elsewhere -----------------------------------------------------------------------------------
def test_a_passive_region_forwards_the_write_as_it_came(world: World) -> None:
    world.control = ELSEWHERE
    answer = world.write(
        "replace", method="PUT", path="/items/tea", headers={"idempotency-key": "k1"}
    )
    assert answer is world.answer
    method, url, more = world.forwarded[0]
    assert (method, url) == ("PUT", f"https://{PRIMARY}.pilotlight.example/items/tea")
    assert more["body"] == b'{"text": "green"}'
    assert more["timeout"] == FORWARD_TIMEOUT
    assert more["headers"] == {
        "Content-Type": "application/json",
        FORWARDED_BY: SECONDARY,
        "Idempotency-Key": "k1",
    }
    assert world.dynamodb.calls == [], "nothing is read or written here"


def test_no_key_is_forwarded_where_none_came(world: World) -> None:
    world.control = ELSEWHERE
    world.write()
    assert "Idempotency-Key" not in world.forwarded[0][2]["headers"]


def test_a_change_of_the_control_item_turns_the_writes_around(world: World) -> None:
    world.control = ELSEWHERE
    world.write()
    world.control = HERE
    assert isinstance(world.write(), Item)
    assert len(world.forwarded) == 1


def test_an_active_region_that_does_not_answer_is_named(world: World) -> None:
    world.control, world.answer = ELSEWHERE, https.Unreachable("timed out")
    with pytest.raises(WriteRefused, match=PRIMARY) as refused:
        world.write()
    assert refused.value.code == "ActiveRegionUnreachable"
    assert refused.value.__cause__ is world.answer


def test_a_drained_region_passes_writes_on_and_hands_the_answer_back(world: World) -> None:
    world.control = DRAINING
    assert world.write() is world.answer
    assert world.forwarded[0][1] == f"https://{PRIMARY}.pilotlight.example/items"
    assert world.forwarded[0][2]["headers"][FORWARDED_BY] == SECONDARY
    assert world.dynamodb.calls == [], "nothing is read or written here"


def test_a_drained_region_writes_again_when_the_drain_has_expired(world: World) -> None:
    world.control = DRAINING
    world.now = 1.0
    assert isinstance(world.write(), Item)


def test_a_region_that_is_to_be_promoted_and_does_not_answer_is_a_drain_like_any(
    world: World,
) -> None:
    world.control, world.answer = DRAINING, https.Unreachable("timed out")
    with pytest.raises(WriteRefused, match=PRIMARY) as refused:
        world.write()
    assert refused.value.code == "Draining"


# --- too late ------------------------------------------------------------------------------------
def stall(world: World, at: str, seconds: float) -> None:
    def interrupt(operation: str) -> None:
        if operation == at:
            world.now += seconds

    world.dynamodb.interrupt = interrupt


def test_a_write_that_waited_too_long_since_the_fence_is_not_sent(world: World) -> None:
    stall(world, "get_item", 2.0)
    with pytest.raises(WriteRefused) as refused:
        world.write()
    assert refused.value.code == "WriteTooLate"
    assert world.dynamodb.asked("transact_write_items") == []


def test_a_write_that_waited_a_little_is_sent(world: World) -> None:
    stall(world, "get_item", 1.5)
    assert isinstance(world.write(), Item)


# --- refused -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("control", "headers", "code"),
    [
        (None, {}, "ControlItemMissing"),
        (DRAINING, {FORWARDED_BY.lower(): PRIMARY}, "Draining"),
        (DRAINING_HERE, {}, "Draining"),
        (DRAINING_HERE, {FORWARDED_BY.lower(): PRIMARY}, "Draining"),
        (ELSEWHERE, {FORWARDED_BY.lower(): PRIMARY}, "NotActive"),
    ],
)
@pytest.mark.parametrize("operation", ["create", "replace", "delete"])
def test_a_write_that_nobody_can_take_is_refused_and_touches_nothing(
    world: World, control: ControlItem | None, headers: dict[str, str], code: str, operation: str
) -> None:
    world.control = control
    with pytest.raises(WriteRefused) as refused:
        world.write(operation, headers=headers)
    assert refused.value.code == code
    assert str(refused.value)
    assert (world.dynamodb.calls, world.forwarded) == ([], [])


def test_reading_goes_on_while_writes_are_refused(world: World) -> None:
    item = world.write()
    world.control = None
    assert world.service.read("tea") == item
    assert world.service.list(50, None) == ([item], None)


def test_users_see_neither_the_key_of_a_request_nor_the_tombstone_flag(world: World) -> None:
    seen = public(world.write(headers={"idempotency-key": "secret"}))
    names = ["id", "text", "version", "region", "epoch", "write_id", "updated_at"]
    assert list(seen) == names
    assert "secret" not in str(seen)
