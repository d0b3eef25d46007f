"""The ledger's table by DynamoDB's own rules, and the journal as it is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pilot_light_client.journal import SHARDS, transaction
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.ulid_format import lowest_of
from pilotlight.journal.history import History
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger.entry import SHARDS as LEDGER_SHARDS, LedgerEntry, counts, key
from pilotlight.ledger.table import AlreadyResolved, LedgerTable

from tests.unit.functions.client.scripted import Scripted
from tests.unit.functions.fakes import JOURNAL, LEDGER, PRIMARY, SECONDARY, aws_error
from tests.unit.functions.ledger.ledger_entries import NOON, entry, write


def test_an_entry_comes_back_as_it_was_put(ledger: LedgerTable) -> None:
    whole = entry()
    bare = entry(write=write(item_id="milk"), current=None, late=False, arrived_at="")
    # Entries of the journal expire, those of the ledger do not.
    kept = [replace(e, write=replace(e.write, keep_until=None)) for e in (whole, bare)]
    for one in (whole, bare):
        assert ledger.put(one)
    assert ledger.entries() == sorted(kept, key=lambda e: e.write_id)


def test_the_first_finding_keeps_its_time_and_the_last_its_judgement(ledger: LedgerTable) -> None:
    first = entry(late=False, arrived_at="", found_by="reconcile")
    kept = History("kept", "now")
    ledger.put(first)
    ledger.put(replace(first, late=True, arrived_at="5", found_at="7", history=kept, current=None))
    ledger.put(replace(first, arrived_at="9", found_at="9", history=kept, current=None))
    (found,) = ledger.entries()
    assert (found.late, found.arrived_at) == (True, "5"), "what was late stays late"
    assert (found.found_at, found.found_by) == ("1", "reconcile")
    assert (found.history, found.current, found.kinds) == (kept, None, ("late",))


def test_what_a_person_has_resolved_is_not_opened_again(ledger: LedgerTable) -> None:
    one = entry()
    ledger.put(one)
    ledger.accept(one.write_id, by="Ada", at="8")
    assert not ledger.put(replace(one, history=History("kept", "now")))
    (found,) = ledger.entries()
    assert found.status == "accepted"
    assert (found.history.verdict, found.resolved_by, found.resolved_at) == ("lost", "Ada", "8")
    assert ledger.open_kinds() == {}


def test_an_entry_is_accepted_once(ledger: LedgerTable) -> None:
    one = entry()
    ledger.put(one)
    ledger.accept(one.write_id, by="Ada", at="8")
    with pytest.raises(AlreadyResolved, match=one.write_id):
        ledger.accept(one.write_id, by="Bob", at="9")
    assert ledger.entries()[0].resolved_by == "Ada"


def test_a_transaction_marks_an_entry_as_replayed_once(ledger: LedgerTable, emptied: Any) -> None:
    one = entry()
    ledger.put(one)
    emptied.transact_write_items(
        TransactItems=[ledger.replayed(one.write_id, by="Ada", at="8", as_="x")]
    )
    (found,) = ledger.entries()
    assert (found.status, ledger.open_kinds()) == ("replayed", {})
    assert (found.resolved_by, found.replayed_as) == ("Ada", "x")
    with pytest.raises(Exception, match="ConditionalCheckFailed"):
        emptied.transact_write_items(
            TransactItems=[ledger.replayed(one.write_id, by="Bob", at="9", as_="y")]
        )


def test_what_is_not_there_cannot_be_resolved(ledger: LedgerTable) -> None:
    with pytest.raises(AlreadyResolved):
        ledger.accept("0" * 26, by="Ada", at="8")
    assert ledger.entries() == []


def test_open_entries_are_counted_by_kind(ledger: LedgerTable) -> None:
    kept, lost, unknown = (History(verdict, "-") for verdict in ("kept", "lost", "unknown"))  # type: ignore[arg-type]
    accepted = entry()
    for one in (
        *(entry(), entry(history=kept), entry(late=False, history=lost)),
        *(entry(late=False, history=unknown), accepted),
    ):
        ledger.put(one)
    ledger.accept(accepted.write_id, by="Ada", at="8")
    found = ledger.open_kinds()
    assert list(found) == sorted(found)
    assert counts(found.values()) == {"open": 4, "late": 2, "lost": 2, "unknown": 1}


class Counted:
    """A client that counts the rows which DynamoDB reads for it."""

    def __init__(self, client: Any) -> None:
        self._client, self.rows = client, 0

    def query(self, **asked: Any) -> Any:
        answer = self._client.query(**asked)
        self.rows += answer["ScannedCount"]
        return answer

    def batch_get_item(self, **asked: Any) -> Any:
        answer = self._client.batch_get_item(**asked)
        self.rows += len(answer["Responses"][LEDGER])
        return answer


def many(ledger: LedgerTable, count: int, still_open: int) -> list[str]:
    """Put so many late and lost entries, resolve all but some, and return those."""
    every = [entry(write=write(NOON + timedelta(minutes=n), f"n{n}")) for n in range(count)]
    for one in every:
        ledger.put(one)
    for one in every[still_open:]:
        ledger.accept(one.write_id, by="Ada", at="8")
    return [one.write_id for one in every[:still_open]]


def test_no_reading_reads_more_than_twice_the_rows_that_it_is_about(
    ledger: LedgerTable, emptied: Any
) -> None:
    still_open = many(ledger, 120, 5)
    client = Counted(emptied)
    counted = LedgerTable(client, LEDGER)  # type: ignore[arg-type]
    assert list(counted.open_kinds()) == still_open
    assert client.rows == 5
    client.rows = 0
    judged = [e for shard in range(LEDGER_SHARDS) for e in counted.page(shard, "")[0]]
    assert sorted(e.write_id for e in judged) == still_open
    assert client.rows == 2 * 5
    client.rows = 0
    assert list(counted.find(still_open[:3])) == still_open[:3]
    assert client.rows == 3
    client.rows = 0
    assert len(counted.entries(limit=40)) == 40
    assert client.rows <= 2 * 40
    client.rows = 0
    assert {counted.first_to_come(shard) for shard in range(LEDGER_SHARDS)} == {1}
    assert client.rows == LEDGER_SHARDS


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_a_list_goes_on_after_its_last_entry(ledger: LedgerTable, limit: int) -> None:
    many(ledger, 23, 9)
    every, found, after = ledger.entries(), list[Any](), ""
    while page := ledger.entries(after, limit):
        assert len(page) <= limit
        found += page
        after = page[-1].write_id
    assert found == every
    assert [e.write_id for e in every] == sorted(e.write_id for e in every)
    assert len(every) == 23


def to_come(ledger: LedgerTable) -> set[int]:
    return {ledger.first_to_come(shard) for shard in range(LEDGER_SHARDS)} - {0}


def of_epoch(epoch: int, **changes: Any) -> LedgerEntry:
    made = write(item_id=f"epoch-{epoch}")
    version = replace(made.new.version, epoch=epoch)
    return entry(write=replace(made, new=replace(made.new, version=version)), **changes)


def test_what_is_to_come_counts_also_if_it_is_resolved(ledger: LedgerTable) -> None:
    lost, pending = of_epoch(7), of_epoch(12, history=History("pending", "-"))
    for one in (lost, pending, of_epoch(3, history=History("kept", "-"))):
        ledger.put(one)
    ledger.accept(lost.write_id, by="Ada", at="8")
    assert min(to_come(ledger)) == 7
    assert to_come(ledger) <= {7, 12}


def test_what_is_kept_or_was_never_late_is_not_to_come(ledger: LedgerTable) -> None:
    pending = of_epoch(7, history=History("pending", "-"))
    ledger.put(pending)
    ledger.put(replace(pending, history=History("kept", "-")))
    ledger.put(of_epoch(5, late=False))
    assert to_come(ledger) == set()


def test_what_was_late_is_to_come_however_it_is_found_again(ledger: LedgerTable) -> None:
    one = of_epoch(7, history=History("kept", "-"))
    ledger.put(one)
    ledger.put(replace(one, late=False, history=History("lost", "-")))
    assert to_come(ledger) == {7}


def test_entries_that_were_not_answered_are_not_missing(ledger: LedgerTable, emptied: Any) -> None:
    ids = many(ledger, 3, 3)

    class Throttled:
        """Answers one key at a time, and at last none."""

        def __init__(self, answers: int) -> None:
            self.answers = answers

        def batch_get_item(self, RequestItems: Any) -> Any:
            keys = RequestItems[LEDGER]["Keys"]
            self.answers -= 1
            if self.answers < 0:
                return {"Responses": {}, "UnprocessedKeys": RequestItems}
            one = {LEDGER: {**RequestItems[LEDGER], "Keys": keys[:1]}}
            left = {LEDGER: {"Keys": keys[1:]}} if keys[1:] else {}
            return {**emptied.batch_get_item(RequestItems=one), "UnprocessedKeys": left}

    assert list(LedgerTable(Throttled(3), LEDGER).find(ids)) == ids  # type: ignore[arg-type]
    with pytest.raises(TableUnavailable):
        LedgerTable(Throttled(2), LEDGER).find(ids)  # type: ignore[arg-type]


def test_the_cursor_is_kept_beside_the_entries(ledger: LedgerTable) -> None:
    assert ledger.cursor() == {}
    ledger.put_cursor({"epoch": 2})
    assert ledger.cursor() == {"epoch": 2}
    assert ledger.entries() == []


def test_an_error_that_is_no_condition_is_not_swallowed(ledger: LedgerTable) -> None:
    class Throttled:
        def update_item(self, **_: Any) -> None:
            raise aws_error("ThrottlingException")

    with pytest.raises(Exception, match="Throttling"):
        LedgerTable(Throttled(), LEDGER).put(entry())


def test_the_rows_of_the_ledger_are_in_four_shards_of_its_own() -> None:
    rows = {key(f"write-{n}")["pk"]["S"] for n in range(200)}
    assert rows == {f"L#{shard}" for shard in range(LEDGER_SHARDS)}
    assert (LEDGER_SHARDS, SHARDS % LEDGER_SHARDS) == (4, 0), "a row stays where it was put"


# --- the journal ---------------------------------------------------------------------------------
@pytest.mark.parametrize("limit", [1, 3])
def test_the_journal_is_read_by_write_and_by_time(emptied: Any, limit: int) -> None:
    made = [write(NOON + timedelta(minutes=n), f"tea-{n}") for n in range(24)]
    for one in made:
        emptied.transact_write_items(TransactItems=transaction(one, JOURNAL, None))
    journal = JournalLinks(emptied, JOURNAL, SECONDARY)
    assert journal.link(made[3].new.version) == made[3]
    assert journal.link(write(region=SECONDARY).new.version) is None
    low, high = (lowest_of(int((NOON + timedelta(minutes=m)).timestamp() * 1000)) for m in (4, 20))
    found = []
    for shard in range(SHARDS):
        after: str | None = low
        while after:
            page, after = journal.page(f"J#{PRIMARY}#1#{shard}", after, high, limit)
            found += page
    assert sorted(found, key=lambda w: w.id) == made[4:20]


def test_a_journal_that_does_not_answer_is_not_an_empty_one() -> None:
    class Gone:
        def query(self, **_: Any) -> None:
            raise aws_error("InternalServerError")

        get_item = query

    journal = JournalLinks(Gone(), JOURNAL, PRIMARY)
    with pytest.raises(TableUnavailable, match=PRIMARY):
        journal.page("J", "0")
    with pytest.raises(TableUnavailable, match=PRIMARY):
        journal.link(write().new.version)


def test_an_entry_of_a_page_is_not_read_again_unless_it_was_unreadable() -> None:
    good, bad = write(), write(NOON + timedelta(minutes=1))
    rows = [transaction(w, JOURNAL, None)[1]["Put"]["Item"] for w in (good, bad)]
    del rows[1]["image"]
    client = Scripted(query=[{"Items": rows}], get_item=[{"Item": rows[1]}])
    journal = JournalLinks(client, JOURNAL, PRIMARY)
    page, _ = journal.page("J", "0")
    assert [w.unreadable for w in page] == [False, True]
    assert (journal.link(good.new.version), client.operations) == (good, ["query"])
    assert (journal.link(bad.new.version), client.operations) == (None, ["query", "get_item"])
