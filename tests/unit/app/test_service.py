"""The items behind the fence: written here, forwarded, or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from items.item import (
    Item,
    ItemExists,
    ItemMissing,
    ItemUnreadable,
    KeyReused,
    is_item_id,
    public,
)
from items.service import (
    FORWARD_TIMEOUT,
    FORWARDED_BY,
    ForwardingFailed,
    ItemService,
    WriteRefused,
    WriteRequest,
)
from items.table import ItemsTable
from pilot_light_client import http
from pilot_light_client.control_item import ControlItem
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.fence import MAX_WRITE_SECONDS, Fence, Stamp
from pilot_light_client.last_resort import LastResort
from pilot_light_client.transaction import WriteConflict, WriteUnknown
from ulid import ULID

from tests.unit.functions.fakes import ITEMS, JOURNAL, PRIMARY, SECONDARY, FakeDynamoDB

HERE = ControlItem(3, SECONDARY, 2, "serving")
ELSEWHERE = ControlItem(1, PRIMARY, 1, "serving")
DRAINING, CLAIMED = replace(HERE, state="draining"), replace(HERE, state="claimed")
UNREAD = {
    why: ControlUnread(why, f"It is {why}.")
    for why in ("missing", "invalid", "no_quorum", "unavailable")
}
FENCE_SECONDS = 3.0
ZONE = "pilotlight.example"
LEASE = FENCE_SECONDS + MAX_WRITE_SECONDS


class World:
    """This Region's service over an empty table, and the other Region's side of a forwarding."""

    def __init__(self, fake: FakeDynamoDB, **fence: Any) -> None:
        self.control: ControlItem | ControlUnread = HERE
        self.dynamodb, self.granted = fake, None
        self.forwarded: list[tuple[str, str, dict[str, Any]]] = []
        self.answer: http.Response | http.Unreachable = http.Response(201, b"{}", {}, 0.1)
        self.now = 0.0
        found = Fence(
            self._read,
            SECONDARY,
            fence_seconds=FENCE_SECONDS,
            last_resort=lambda: self.granted,
            clock=lambda request: Stamp(self.now, self.now, request),
            sleep=self.wait,
            **fence,
        )
        self.service = ItemService(SECONDARY, ZONE, found, ItemsTable(fake, ITEMS, JOURNAL))

    def _read(self) -> ControlItem:
        if isinstance(self.control, ControlUnread):
            raise self.control
        return self.control

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def turn(self, control: ControlItem | ControlUnread) -> None:
        """Let the control item be another, and the fence's last read be too old to count."""
        self.control = control
        self.now += FENCE_SECONDS + 0.1

    def request(self, method: str, url: str, **more: Any) -> http.Response:
        self.forwarded.append((method, url, more))
        if isinstance(self.answer, http.Unreachable):
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
def world(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(fake)
    monkeypatch.setattr(http, "request", found.request)
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
    assert len(world.dynamodb.rows(JOURNAL)) == 1


def test_a_retried_create_of_a_named_item_finds_it_too(world: World) -> None:
    first = world.write(headers={"idempotency-key": "k1"})
    assert world.write(headers={"idempotency-key": "k1"}) == first


def test_a_retry_makes_the_same_id_in_the_other_region(
    world: World,
) -> None:
    first = world.write(item_id=None, headers={"idempotency-key": "k1"})
    elsewhere = World(FakeDynamoDB())
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


KEY = {"idempotency-key": "k1"}


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("create", {"text": "black"}),
        ("create", {"item_id": "coffee"}),
        ("create", {"item_id": None}),
        ("replace", {}),
        ("delete", {}),
    ],
)
def test_a_key_that_was_used_for_another_request_is_refused_and_nothing_is_written(
    world: World, operation: str, changes: dict[str, Any]
) -> None:
    world.write(headers=KEY)
    with pytest.raises(KeyReused, match="another request"):
        world.write(operation, **{"headers": KEY, **changes})
    assert len(world.dynamodb.rows(JOURNAL)) == 1


def test_a_create_is_answered_alike_after_its_item_was_replaced_and_deleted(world: World) -> None:
    first = world.write(headers=KEY)
    world.write("replace", text="black")
    assert world.write(headers=KEY) == first
    world.write("delete")
    assert world.write(headers=KEY) == first, "the deleted item does not come back"
    with pytest.raises(ItemMissing):
        world.service.read("tea")


@pytest.mark.parametrize("operation", ["replace", "delete"])
def test_a_retried_write_of_any_kind_is_made_once(world: World, operation: str) -> None:
    world.write()
    first = world.write(operation, headers=KEY)
    assert world.write(operation, headers=KEY) == first
    assert len(world.dynamodb.rows(JOURNAL)) == 2


def test_of_the_same_request_twice_at_the_same_moment_both_get_the_one_answer(
    world: World,
) -> None:
    answers: list[Any] = []

    def race(operation: str) -> None:
        if operation == "transact_write_items" and not answers:
            world.dynamodb.interrupt = lambda _operation: None
            answers.append(world.write(headers=KEY))

    world.dynamodb.interrupt = race
    answers.append(world.write(headers=KEY))
    assert answers[0] == answers[1]
    assert len(world.dynamodb.rows(JOURNAL)) == 1


def test_a_write_of_which_only_the_idempotency_record_is_here_is_made_again(world: World) -> None:
    """The Region that made it is gone, and its journal entry has not arrived."""
    first = world.write(headers=KEY)
    items = world.dynamodb.table(ITEMS)
    for key in [k for k in items if not k[0].startswith("K#")]:
        del items[key]
    world.dynamodb.table(JOURNAL).clear()
    again = world.write(headers=KEY)
    assert again.write_id != first.write_id
    assert world.write(headers=KEY) == again


def test_an_idempotency_record_that_cannot_be_read_is_named(world: World) -> None:
    world.write(headers=KEY)
    (row,) = world.dynamodb.rows(ITEMS, "K#")
    del world.dynamodb.table(ITEMS)[row["pk"]["S"], row["sk"]["S"]]["content"]
    with pytest.raises(ItemUnreadable, match=r"content.*another key"):
        world.write(headers=KEY)


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


def test_the_users_token_is_forwarded_for_an_authorizer_there(world: World) -> None:
    world.control = ELSEWHERE
    world.write(headers={"authorization": "Bearer t", "cookie": "c"})
    assert world.forwarded[0][2]["headers"]["Authorization"] == "Bearer t"
    assert "cookie" not in {name.lower() for name in world.forwarded[0][2]["headers"]}


def test_no_key_is_forwarded_where_none_came(world: World) -> None:
    world.control = ELSEWHERE
    world.write()
    assert "Idempotency-Key" not in world.forwarded[0][2]["headers"]


def test_a_change_of_the_control_item_turns_the_writes_around(world: World) -> None:
    world.control = ELSEWHERE
    world.write()
    world.turn(HERE)
    assert isinstance(world.write(), Item)
    assert len(world.forwarded) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http.Unreachable("refused"), "ActiveRegionUnreachable"),
        (http.Unreachable("timed out", sent=True), "WriteUnknown"),
        (http.Response(403, b'{"message": "Forbidden"}', {}, 0.1), "ActiveRegionUnreachable"),
        (
            http.Response(429, b'{"message": "Too Many Requests"}', {}, 0.1),
            "ActiveRegionUnreachable",
        ),
        (http.Response(301, b"", {}, 0.1), "ActiveRegionUnreachable"),
        (http.Response(500, b'{"message": "Internal Server Error"}', {}, 0.1), "WriteUnknown"),
        (http.Response(503, b'{"message": "Service Unavailable"}', {}, 0.1), "WriteUnknown"),
        (http.Response(504, b"", {}, 0.1), "WriteUnknown"),
        (http.Response(200, b"<html>", {}, 0.1), "WriteUnknown"),
        (http.Response(201, b"[]", {}, 0.1), "WriteUnknown"),
    ],
    ids=str,
)
def test_what_may_have_been_written_there_is_never_said_to_be_refused(
    world: World, answer: http.Response | http.Unreachable, code: str
) -> None:
    world.control, world.answer = ELSEWHERE, answer
    with pytest.raises(ForwardingFailed, match=PRIMARY) as failed:
        world.write()
    assert failed.value.code == code
    assert ("may have been made" in str(failed.value)) is (code == "WriteUnknown")


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
def test_the_applications_own_refusal_is_handed_through(world: World, status: int) -> None:
    world.control = ELSEWHERE
    world.answer = http.Response(status, b'{"error": {"code": "X", "message": "y"}}', {}, 0.1)
    assert world.write() is world.answer


# --- too late ------------------------------------------------------------------------------------
def stall(world: World, at: str, seconds: float) -> None:
    def interrupt(operation: str) -> None:
        if operation == at:
            world.now += seconds

    world.dynamodb.interrupt = interrupt


def test_a_write_that_waited_too_long_since_the_fence_is_not_sent(world: World) -> None:
    stall(world, "get_item", LEASE)
    with pytest.raises(WriteRefused) as refused:
        world.write()
    assert refused.value.code == "WriteTooLate"
    assert world.dynamodb.asked("transact_write_items") == []


def test_a_write_that_waited_a_little_is_sent(world: World) -> None:
    stall(world, "get_item", LEASE - 0.5)
    assert isinstance(world.write(), Item)


@pytest.mark.parametrize("operation", ["create", "replace", "delete"])
def test_a_write_that_was_made_and_answered_too_late_is_unknown_and_no_success(
    world: World, operation: str
) -> None:
    """Another Region may have become active since: nobody may say that the write counts."""
    world.write(item_id="tea" if operation != "create" else "coffee")
    stall(world, "transact_write_items", LEASE + 0.1)
    with pytest.raises(WriteUnknown, match="too late to count"):
        world.write(operation, "tea")
    assert len(world.dynamodb.rows(JOURNAL)) == 2, "it was made"


def test_an_answer_within_the_lease_is_a_success(world: World) -> None:
    stall(world, "transact_write_items", LEASE)
    assert isinstance(world.write(), Item)


def test_a_retry_that_finds_its_item_is_judged_by_its_age_as_well(world: World) -> None:
    """What it read may be what a Region that is no longer active still holds."""
    world.write(headers={"idempotency-key": "k1"})
    stall(world, "get_item", LEASE + 0.1)
    with pytest.raises(WriteUnknown):
        world.write(headers={"idempotency-key": "k1"})


# --- refused -------------------------------------------------------------------------------------
FORWARDED = {FORWARDED_BY.lower(): PRIMARY}


@pytest.mark.parametrize(
    ("control", "headers", "code"),
    [
        (UNREAD["missing"], {}, "ControlItemMissing"),
        (UNREAD["invalid"], {}, "ControlItemInvalid"),
        (UNREAD["no_quorum"], {}, "NoQuorum"),
        (UNREAD["unavailable"], {}, "NoQuorum"),
        (DRAINING, {}, "Draining"),
        (DRAINING, FORWARDED, "Draining"),
        (replace(DRAINING, active_region=PRIMARY), {}, "Draining"),
        (CLAIMED, {}, "Claimed"),
        (replace(CLAIMED, active_region=PRIMARY), {}, "Claimed"),
        (ELSEWHERE, FORWARDED, "NotActive"),
    ],
)
@pytest.mark.parametrize("operation", ["create", "replace", "delete"])
def test_a_write_that_nobody_can_take_is_refused_and_touches_nothing(
    world: World,
    control: ControlItem | ControlUnread,
    headers: dict[str, str],
    code: str,
    operation: str,
) -> None:
    world.control = control
    with pytest.raises(WriteRefused) as refused:
        world.write(operation, headers=headers)
    assert refused.value.code == code
    assert str(refused.value)
    assert (world.dynamodb.calls, world.forwarded) == ([], [])


def test_reading_goes_on_while_writes_are_refused(world: World) -> None:
    item = world.write()
    world.turn(UNREAD["no_quorum"])
    assert world.service.read("tea") == item
    assert world.service.page(50, None).items == [item]


# --- what let a write pass -----------------------------------------------------------------------
def authorities(world: World) -> list[str]:
    return [row["authority"]["S"] for row in world.dynamodb.rows(JOURNAL)]


def test_the_journal_says_that_the_quorum_let_a_write_pass(world: World) -> None:
    world.write()
    assert authorities(world) == ["quorum"]


def test_the_journal_says_that_a_person_let_a_write_pass_and_in_which_epoch(world: World) -> None:
    world.control, world.granted = UNREAD["no_quorum"], LastResort(2**31, 7, "Ada")  # type: ignore[assignment]
    assert world.write().epoch == 7
    assert authorities(world) == ["last_resort"]


def test_the_journal_says_that_a_write_went_on_without_a_quorum(
    fake: FakeDynamoDB,
) -> None:
    world = World(fake, without_quorum="continue")
    world.write()
    world.turn(UNREAD["no_quorum"])
    world.write("replace")
    assert sorted(authorities(world)) == ["quorum", "without_quorum"]


# --- what users see ------------------------------------------------------------------------------
def test_users_see_neither_the_key_of_a_request_nor_the_tombstone_flag(world: World) -> None:
    seen = public(world.write(headers={"idempotency-key": "secret"}))
    names = ["id", "text", "version", "region", "epoch", "write_id", "updated_at"]
    assert list(seen) == names
    assert "secret" not in str(seen)


def test_the_id_of_a_write_tells_when_api_gateway_took_it_whatever_the_clock_here(
    world: World,
) -> None:
    """A planned move compares by these ids, and a clock may be off by an hour."""
    received = 1_700_000_000.123
    done = world.write(received_at=received)
    assert ULID.from_str(done.write_id).timestamp == received
