"""Replays of lost writes: one transaction of item, journal entry and ledger row, made once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from pilot_light_client.control_item import ControlItem
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.fence import MAX_WRITE_SECONDS, Fence, Stamp, WriteTooLate
from pilot_light_client.journal import (
    MARK,
    Item,
    Ref,
    Write,
    entry_key,
    from_entry,
    from_row,
    keep_until,
    mark_of,
    plan,
    transaction,
    unreadable_item,
)
from pilot_light_client.last_resort import LastResort
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.transaction import WriteConflict, WriteThrottled, WriteUnknown
from pilotlight.journal.history import History
from pilotlight.journal.items import AppItems
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger import resolve
from pilotlight.ledger.entry import OMITTED, LedgerEntry, key
from pilotlight.ledger.replay import NotReplayable, Replay

from tests.unit.functions.fakes import ITEMS, JOURNAL, LEDGER, PRIMARY, SECONDARY, aws_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.ledger.table import LedgerTable
    from pilotlight.shared.settings import Deployment

HERE = ControlItem(3, SECONDARY, 2, "serving")
ELSEWHERE = ControlItem(1, PRIMARY, 1, "serving")
FENCE_SECONDS = 3.0
LEASE = FENCE_SECONDS + MAX_WRITE_SECONDS
TEA = Ref.of(ITEMS, {"pk": {"S": "I#1"}, "sk": {"S": "tea"}})
NOON = "2027-01-15T12:00:00.000Z"
# Ids of writes: of the one that the item is made of, of the lost one, and of another.
FIRST, LOST, OTHER = (f"01M8CV2ATCP44MKFJJ4JKBYJ4{last}" for last in "ABC")


def made(write_id: str, text: str | None, over: Any = None, **by: Any) -> Write:
    how: dict[str, Any] = {"region": PRIMARY, "epoch": 1, "at": NOON, **by}
    image = None if text is None else {"text": {"S": text}}
    return plan(TEA, image, over, write_id=write_id, **how)


class Client:
    """DynamoDB's client. `before` and `after` interrupt a transaction."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.transactions: list[dict[str, Any]] = []

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def transact_write_items(self, **request: Any) -> Any:
        self.transactions.append(request)
        self.before()
        answer = self._client.transact_write_items(**request)
        self.after()
        return answer


class World:
    """The active Secondary, after it has lost a write of the Primary."""

    def __init__(self, client: Any, ledger: LedgerTable, deployment: Deployment) -> None:
        self.control: ControlItem | ControlUnread = HERE
        self.granted: LastResort | None = None
        self.now = 0.0
        self.client, self.ledger = Client(client), ledger
        self.replaying = Replay(
            deployment,
            self.client,  # type: ignore[arg-type]
            Fence(
                self._read,
                SECONDARY,
                fence_seconds=FENCE_SECONDS,
                last_resort=lambda: self.granted,
                clock=lambda request: Stamp(self.now, self.now, request),
                sleep=self.wait,
            ),
            AppItems(client, deployment.app_tables),
            JournalLinks(client, JOURNAL, SECONDARY),
            ledger,
        )

    def _read(self) -> ControlItem:
        if isinstance(self.control, ControlUnread):
            raise self.control
        return self.control

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def put(self, write: Write, *, item: bool = True, entry: bool = True) -> Item:
        """Let a write arrive here: its item, its journal entry, or both."""
        for put, there in zip(transaction(write, JOURNAL, None), (item, entry), strict=True):
            if there:
                self.client.put_item(**{n: put["Put"][n] for n in ("TableName", "Item")})
        return write.new

    def lose(
        self, text: str | None = "black", *, current: Item | None, entry: bool = True
    ) -> LedgerEntry:
        """Let the journal entry of a lost write arrive, and the ledger have it."""
        lost = made(LOST, text)
        self.put(lost, item=False, entry=entry)
        found = LedgerEntry(lost, True, History("lost", "-"), current, 2, "1", "reconcile", "0")
        self.ledger.put(found)
        return found

    def row(self) -> dict[str, Any] | None:
        return self.client.get_item(TableName=ITEMS, Key=TEA.attributes).get("Item")

    def item(self) -> Item:
        row = self.row()
        assert row
        return from_row(TEA, row)

    def entries(self) -> dict[str, Write]:
        rows = self.client.scan(TableName=JOURNAL)["Items"]
        return {write.id: write for write in map(from_entry, rows)}

    def everything(self) -> list[Any]:
        """All rows of all tables, to be compared."""
        return [
            sorted(self.client.scan(TableName=table)["Items"], key=str)
            for table in (ITEMS, JOURNAL, LEDGER)
        ]

    def resolve(self, *write_ids: str) -> Any:
        """What the person's action does."""
        return resolve.replay(self.ledger, self.replaying, [*write_ids] or [LOST], "Ada")


@pytest.fixture
def world(emptied: Any, ledger: LedgerTable, known: Deployment) -> World:
    return World(emptied, ledger, known)


@pytest.fixture
def current(world: World) -> Item:
    """The item as the Secondary has written it without the lost write."""
    return world.put(made(FIRST, "green", region=SECONDARY, epoch=2))


# --- what a replay writes ------------------------------------------------------------------------
def test_a_lost_value_is_written_as_a_new_write_of_the_active_region(
    world: World, current: Item
) -> None:
    write_id = world.replaying.replay(world.lose(current=current), "Ada")
    item = world.item()
    assert item.image == {"text": {"S": "black"}}
    assert (item.version.number, item.version.write_id) == (2, write_id)
    assert (item.version.region, item.version.epoch) == (SECONDARY, 2)


def test_a_replay_is_journaled_over_the_version_that_it_was_made_over(
    world: World, current: Item
) -> None:
    write_id = world.replaying.replay(world.lose(current=current), "Ada")
    entry = world.entries()[write_id]
    assert (entry.new, entry.previous, entry.authority) == (
        world.item(),
        current.version,
        "quorum",
    )
    assert entry.keep_until == keep_until(write_id, world.replaying.deployment.journal_days)


def test_the_ledger_has_who_replayed_an_entry_and_as_which_write(
    world: World, current: Item
) -> None:
    write_id = world.replaying.replay(world.lose(current=current), "Ada")
    (row,) = world.ledger.entries()
    assert (row.status, row.resolved_by, row.replayed_as) == ("replayed", "Ada", write_id)
    assert row.resolved_at == world.item().at


def test_item_journal_entry_and_ledger_row_are_one_transaction_of_the_new_write(
    world: World, current: Item
) -> None:
    write_id = world.replaying.replay(world.lose(current=current), "Ada")
    (sent,) = world.client.transactions
    tables = [next(iter(item.values()))["TableName"] for item in sent["TransactItems"]]
    assert tables == [ITEMS, JOURNAL, LEDGER]
    assert sent["ClientRequestToken"] == write_id


def test_a_lost_value_is_written_also_where_no_item_is(world: World) -> None:
    world.replaying.replay(world.lose(current=None), "Ada")
    assert (world.item().version.number, world.item().deleted) == (1, False)


def test_a_lost_value_brings_a_deleted_item_back(world: World) -> None:
    tombstone = world.put(made(FIRST, None))
    world.replaying.replay(world.lose(current=tombstone), "Ada")
    assert (world.item().version.number, world.item().deleted) == (2, False)


def test_a_lost_deletion_deletes(world: World, current: Item) -> None:
    write_id = world.replaying.replay(world.lose(None, current=current), "Ada")
    item = world.item()
    assert (item.deleted, item.image, item.version.number) == (True, {}, 2)
    assert world.entries()[write_id].operation == "delete"


def test_a_lost_deletion_leaves_a_tombstone_also_where_nothing_is(world: World) -> None:
    """A write of the other Region that is under way would be version 1 as well."""
    world.replaying.replay(world.lose(None, current=None), "Ada")
    assert (world.item().deleted, world.item().version.number) == (True, 1)


def test_a_value_of_the_ledger_is_replayed_also_where_its_journal_entry_is_not_here(
    world: World, current: Item
) -> None:
    """The ledger has the whole value itself."""
    world.replaying.replay(world.lose(current=current, entry=False), "Ada")
    assert world.item().image == {"text": {"S": "black"}}


# --- large values --------------------------------------------------------------------------------
LARGE = "x" * 150_000


def test_a_large_value_is_the_one_of_the_journal_because_the_ledger_omits_it(
    world: World, current: Item
) -> None:
    world.lose(LARGE, current=current)
    (entry,) = world.ledger.entries()
    assert OMITTED in entry.write.new.image
    world.replaying.replay(entry, "Ada")
    assert world.item().image == {"text": {"S": LARGE}}


def test_a_large_value_whose_journal_entry_is_not_here_is_not_replayed(
    world: World, current: Item
) -> None:
    world.lose(LARGE, current=current, entry=False)
    (entry,) = world.ledger.entries()
    assert_not_replayed(world, entry, "large.*not here")


def test_a_large_value_whose_journal_entry_cannot_be_read_is_not_replayed(
    world: World, current: Item
) -> None:
    world.lose(LARGE, current=current)
    row = {**entry_key(PRIMARY, 1, LOST), "image": {"S": "black"}}
    world.client.put_item(TableName=JOURNAL, Item=row)
    (entry,) = world.ledger.entries()
    with pytest.raises(NotReplayable, match="journal entry"):
        world.replaying.replay(entry, "Ada")
    assert world.item() == current


def test_a_large_value_of_another_item_is_not_replayed(world: World, current: Item) -> None:
    """Anybody may have written the ledger's row. Its item never had that value."""
    world.lose(LARGE, current=current)
    (entry,) = world.ledger.entries()
    new = replace(entry.write.new, ref=Ref.of(ITEMS, {"pk": {"S": "I#2"}, "sk": {"S": "chai"}}))
    other = replace(entry, write=replace(entry.write, new=new), current=None)
    assert_not_replayed(world, other, "large.*not here")


# --- what lets it pass ---------------------------------------------------------------------------
def test_a_replay_that_a_person_let_pass_says_so(world: World, current: Item) -> None:
    world.control = ControlUnread("no_quorum", "-")
    world.granted = LastResort(2**31, 7, "Ada")
    write_id = world.replaying.replay(world.lose(current=current), "Ada")
    entry = world.entries()[write_id]
    assert (entry.authority, entry.new.version.epoch) == ("last_resort", 7)


# --- once ----------------------------------------------------------------------------------------
def test_a_second_replay_writes_nothing(world: World, current: Item) -> None:
    entry = world.lose(current=current)
    world.replaying.replay(entry, "Ada")
    before = world.everything()
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Bob")
    assert world.everything() == before


def test_an_entry_that_was_replayed_is_not_replayed_again_though_its_item_is_as_before(
    world: World,
) -> None:
    """The ledger's row alone holds the second one up."""
    entry = world.lose(current=None)
    world.replaying.replay(entry, "Ada")
    world.client.delete_item(TableName=ITEMS, Key=TEA.attributes)
    before = world.everything()
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Bob")
    assert world.everything() == before


def test_an_entry_that_is_accepted_meanwhile_is_not_replayed(world: World, current: Item) -> None:
    entry = world.lose(current=current)
    world.client.before = lambda: world.ledger.accept(LOST, by="Bob", at="8")
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Ada")
    assert world.item() == current
    assert set(world.entries()) == {FIRST, LOST}
    assert [(e.status, e.resolved_by) for e in world.ledger.entries()] == [("accepted", "Bob")]


def test_an_entry_that_is_not_in_the_ledger_is_not_replayed(world: World, current: Item) -> None:
    entry = world.lose(current=current)
    world.client.delete_item(TableName=LEDGER, Key=key(LOST))
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Ada")
    assert (world.item(), world.ledger.entries()) == (current, [])


def test_an_item_that_has_changed_since_is_not_written_over(world: World, current: Item) -> None:
    entry = world.lose(current=current)
    newer = world.put(made(OTHER, "white", world.row()))
    before = world.everything()
    with pytest.raises(WriteConflict, match="changed since"):
        world.replaying.replay(entry, "Ada")
    assert (world.everything(), world.item()) == (before, newer)
    assert world.client.transactions == []


@pytest.mark.parametrize("text", ["white", None])
def test_an_item_that_changes_at_the_same_moment_is_not_written_over(
    world: World, current: Item, text: str | None
) -> None:
    entry = world.lose(current=current)
    newer = made(OTHER, text, world.row())
    world.client.before = lambda: world.put(newer) and None
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Ada")
    assert world.item() == newer.new
    assert set(world.entries()) == {FIRST, LOST, OTHER}
    assert [e.status for e in world.ledger.entries()] == ["open"]


def test_an_item_that_came_since_is_not_written_over(world: World) -> None:
    entry = world.lose(current=None)
    item = world.put(made(OTHER, "white"))
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Ada")
    assert world.item() == item


def test_an_item_that_is_gone_since_is_not_made_again(world: World, current: Item) -> None:
    entry = world.lose(current=current)
    world.client.delete_item(TableName=ITEMS, Key=TEA.attributes)
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Ada")
    assert world.row() is None


# --- not now, or never ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (ELSEWHERE, "other Region is active"),
        (replace(HERE, state="draining"), "about to change"),
        (replace(HERE, state="claimed"), "taking over"),
        (ControlUnread("missing", "There is no control item."), "control item"),
        (ControlUnread("no_quorum", "It did not answer."), "quorum|answer"),
    ],
    ids=str,
)
def test_nothing_is_replayed_where_this_region_may_not_write(
    world: World, current: Item, control: ControlItem | ControlUnread, reason: str
) -> None:
    entry = world.lose(current=current)
    before, world.control = world.everything(), control
    with pytest.raises(NotReplayable, match=reason):
        world.replaying.replay(entry, "Ada")
    assert world.everything() == before
    assert world.client.transactions == []


def assert_not_replayed(world: World, entry: LedgerEntry, reason: str) -> None:
    before = world.everything()
    with pytest.raises(NotReplayable, match=reason):
        world.replaying.replay(entry, "Ada")
    assert world.everything() == before


@pytest.mark.parametrize("version", [0, 1])
def test_what_names_no_item_is_not_replayed(world: World, current: Item, version: int) -> None:
    """A placeholder of a journal entry, or a row of the ledger that something else wrote."""
    entry = world.lose(current=current)
    new = replace(
        entry.write.new,
        ref=Ref("unknown", ""),
        version=replace(entry.write.new.version, number=version),
    )
    other = replace(entry, write=replace(entry.write, new=new))
    assert_not_replayed(world, other, "journal entry cannot be read.*then accept")


def unreadable(world: World, mark: dict[str, Any] | None) -> dict[str, Any]:
    """Let something else write the item's row."""
    row = {**TEA.attributes, "text": {"S": "odd"}, **({MARK: {"M": mark}} if mark else {})}
    world.client.put_item(TableName=ITEMS, Item=row)
    return row


def test_an_item_whose_mark_cannot_be_read_is_not_written_over(world: World, current: Item) -> None:
    entry = world.lose(current=current)
    unreadable(world, {**mark_of(current), "version": {"S": "1"}})
    assert_not_replayed(world, entry, "item cannot be read.*then accept")


@pytest.mark.parametrize("marked", [True, False])
def test_an_item_that_the_ledger_shows_as_unreadable_is_not_written_over(
    world: World, current: Item, marked: bool
) -> None:
    entry = world.lose(current=unreadable_item(TEA))
    unreadable(world, mark_of(current) if marked else None)
    assert_not_replayed(world, entry, "item cannot be read.*then accept")


def test_an_item_that_lost_its_mark_is_another_one(world: World, current: Item) -> None:
    entry = world.lose(current=current)
    row = unreadable(world, None)
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Ada")
    assert world.row() == row


def test_a_row_without_a_mark_is_not_written_over_where_the_ledger_shows_none(
    world: World,
) -> None:
    """It came since, by an application that does not journal."""
    entry = world.lose(current=None)
    row = unreadable(world, None)
    with pytest.raises(WriteConflict):
        world.replaying.replay(entry, "Ada")
    assert world.row() == row


# --- too late, and other answers -----------------------------------------------------------------
def test_a_replay_that_waited_too_long_is_not_sent(
    world: World, current: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, row = world.lose(current=current), world.replaying.items.row

    def slow(ref: Ref) -> Any:
        world.wait(LEASE)
        return row(ref)

    monkeypatch.setattr(world.replaying.items, "row", slow)
    with pytest.raises(WriteTooLate):
        world.replaying.replay(entry, "Ada")
    assert world.item() == current
    assert world.client.transactions == []


def test_a_replay_that_is_answered_too_late_is_unknown_and_was_made(
    world: World, current: Item
) -> None:
    """Another Region may have become active since: nobody may say that the write counts."""
    entry = world.lose(current=current)
    world.client.after = lambda: world.wait(LEASE + 0.1)
    with pytest.raises(WriteUnknown, match="too late to count"):
        world.replaying.replay(entry, "Ada")
    assert world.item().image == {"text": {"S": "black"}}
    assert [e.status for e in world.ledger.entries()] == ["replayed"]


def test_an_answer_within_the_lease_is_a_success(world: World, current: Item) -> None:
    entry = world.lose(current=current)
    world.client.after = lambda: world.wait(LEASE)
    assert world.replaying.replay(entry, "Ada") == world.item().version.write_id


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ReadTimeoutError(endpoint_url="-"), WriteUnknown),
        (aws_error("InternalServerError"), WriteUnknown),
        (aws_error("ThrottlingException"), WriteThrottled),
        (aws_error("AccessDeniedException"), TableUnavailable),
        (aws_error("TransactionConflictException"), WriteConflict),
    ],
    ids=str,
)
def test_whatever_the_table_answers_is_one_of_the_errors_that_the_person_is_shown(
    world: World, current: Item, answer: Exception, error: type[Exception]
) -> None:
    def fails() -> None:
        raise answer

    entry, world.client.before = world.lose(current=current), fails
    with pytest.raises(error):
        world.replaying.replay(entry, "Ada")
    with pytest.raises(resolve.NotReplayed, match="1 not replayed, 0 replayed"):
        world.resolve()
    assert world.item() == current


# --- the person's action -------------------------------------------------------------------------
def test_the_action_returns_what_each_entry_was_replayed_as(world: World, current: Item) -> None:
    world.lose(current=current)
    assert world.resolve() == {"replayed": {LOST: world.item().version.write_id}}


def test_the_same_action_again_writes_nothing_and_returns_the_same(
    world: World, current: Item
) -> None:
    world.lose(current=current)
    first, before = world.resolve(), world.everything()
    assert world.resolve() == first
    assert world.everything() == before


def test_an_action_whose_answer_was_lost_finds_its_own_replay(world: World, current: Item) -> None:
    def lost() -> None:
        raise ReadTimeoutError(endpoint_url="-")

    world.lose(current=current)
    world.client.after = lost
    with pytest.raises(resolve.NotReplayed, match="may have been made"):
        world.resolve()
    before = world.everything()
    assert world.resolve() == {"replayed": {LOST: world.item().version.write_id}}
    assert world.everything() == before


def test_an_accepted_entry_is_not_replayed_and_its_acceptor_is_named(
    world: World, current: Item
) -> None:
    world.lose(current=current)
    world.ledger.accept(LOST, by="Bob", at="8")
    with pytest.raises(resolve.NotReplayed, match="accepted by Bob"):
        world.resolve()
    assert world.item() == current


def test_an_entry_that_is_held_up_holds_up_no_other(world: World, current: Item) -> None:
    chai = Ref.of(ITEMS, {"pk": {"S": "I#2"}, "sk": {"S": "chai"}})
    how: dict[str, Any] = {"region": PRIMARY, "epoch": 1, "at": NOON, "write_id": OTHER}
    other = plan(chai, {"text": {"S": "spiced"}}, None, **how)
    world.put(other, item=False)
    entry = world.lose(current=current)
    world.ledger.put(replace(entry, write=other, current=None))
    world.put(made(FIRST[:-1] + "Z", "white", world.row()), entry=False)
    with pytest.raises(
        resolve.NotReplayed, match=f"1 not replayed, 1 replayed.*{LOST}: its item has changed"
    ):
        world.resolve(LOST, OTHER)
    assert {e.write_id: e.status for e in world.ledger.entries()} == {
        LOST: "open",
        OTHER: "replayed",
    }


def test_an_entry_that_the_ledger_does_not_have_is_named_and_nothing_is_replayed(
    world: World, current: Item
) -> None:
    world.lose(current=current)
    with pytest.raises(resolve.NoSuchEntry, match=OTHER):
        world.resolve(LOST, OTHER)
    assert world.item() == current


@pytest.mark.parametrize("control", [ELSEWHERE, ControlUnread("no_quorum", "-")], ids=str)
def test_a_person_is_shown_why_nothing_can_be_replayed_now(
    world: World, current: Item, control: ControlItem | ControlUnread
) -> None:
    world.lose(current=current)
    world.control = control
    with pytest.raises(resolve.NotReplayed, match=f"{LOST}: .+"):
        world.resolve()
    assert world.item() == current
