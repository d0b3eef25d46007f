"""The ledger's table by DynamoDB's own rules, and the journal as it is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pilot_light_client.journal import transaction
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.ulid import lowest_of
from pilotlight.journal.history import History
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger.entry import counts
from pilotlight.ledger.table import AlreadyResolved, LedgerTable

from tests.unit.functions.client.scripted import Scripted
from tests.unit.functions.fakes import JOURNAL, LEDGER, PRIMARY, SECONDARY, aws_error
from tests.unit.functions.ledger.ledger_entries import NOON, entry, write


def test_an_entry_comes_back_as_it_was_put(ledger: LedgerTable) -> None:
    whole = entry()
    bare = entry(write=write(item_id="milk"), current=None, late=False, arrived_at="")
    for one in (whole, bare):
        assert ledger.put(one)
    assert ledger.entries() == sorted([whole, bare], key=lambda e: e.write_id)


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
    (found,) = ledger.entries("accepted")
    assert (found.history.verdict, found.resolved_by, found.resolved_at) == ("lost", "Ada", "8")
    assert ledger.entries("open") == []


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
    (found,) = ledger.entries("replayed")
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
    late, lost = History("kept", "-"), History("lost", "-")
    found = [entry(), entry(history=late), entry(late=False, history=lost)]
    found += [entry(late=False, history=History("unknown", "-")), entry(status="accepted")]
    assert counts(found) == {"open": 4, "late": 2, "lost": 2, "unknown": 1}


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
    for shard in range(4):
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
