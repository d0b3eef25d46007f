"""The ledger's table by DynamoDB's own rules, and the journal as it is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.items.table import ItemsTable
from pilotlight.items.writes import transaction
from pilotlight.journal.comparison import lower_bound
from pilotlight.journal.history import History
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger.entry import counts
from pilotlight.ledger.table import AlreadyResolved, LedgerTable

from tests.unit.functions.client.scripted import Scripted
from tests.unit.functions.fakes import ITEMS, LEDGER, PRIMARY, SECONDARY, aws_error
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
    ledger.resolve(one.write_id, "accepted", by="Ada", at="8")
    assert not ledger.put(replace(one, history=History("kept", "now")))
    (found,) = ledger.entries("accepted")
    assert (found.history.verdict, found.resolved_by, found.resolved_at) == ("lost", "Ada", "8")
    assert ledger.entries("open") == []


@pytest.mark.parametrize("first", ["accepted", "replayed"])
def test_an_entry_is_resolved_once(ledger: LedgerTable, first: Any) -> None:
    one = entry()
    ledger.put(one)
    ledger.resolve(one.write_id, first, by="Ada", at="8", replayed_as="x")
    with pytest.raises(AlreadyResolved, match=one.write_id):
        ledger.resolve(one.write_id, "accepted", by="Bob", at="9")
    assert ledger.entries()[0].resolved_by == "Ada"


def test_what_is_not_there_cannot_be_resolved(ledger: LedgerTable) -> None:
    with pytest.raises(AlreadyResolved):
        ledger.resolve("0" * 26, "accepted", by="Ada", at="8")
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
        ItemsTable(emptied, ITEMS).write(one)
    journal = JournalLinks(emptied, ITEMS, SECONDARY)
    assert journal.link(made[3].new) == made[3]
    assert journal.link(write(region=SECONDARY).new) is None
    low, high = (
        lower_bound(int((NOON + timedelta(minutes=m)).timestamp() * 1000)) for m in (4, 20)
    )
    found = []
    for shard in range(4):
        after: str | None = low
        while after:
            page, after = journal.page(f"J#{PRIMARY}#1#{shard}", after, high, limit)
            found += page
    assert sorted(found, key=lambda w: w.new.write_id) == made[4:20]


def test_a_journal_that_does_not_answer_is_not_an_empty_one() -> None:
    class Gone:
        def query(self, **_: Any) -> None:
            raise aws_error("InternalServerError")

        get_item = query

    journal = JournalLinks(Gone(), ITEMS, PRIMARY)
    with pytest.raises(TableUnavailable, match=PRIMARY):
        journal.page("J", "0")
    with pytest.raises(TableUnavailable, match=PRIMARY):
        journal.link(write().new)


def test_an_entry_of_a_page_is_not_read_again_unless_it_was_unreadable() -> None:
    good, bad = write(), write(NOON + timedelta(minutes=1))
    rows = [transaction(w, ITEMS)[1]["Put"]["Item"] for w in (good, bad)]
    del rows[1]["new"]
    client = Scripted(query=[{"Items": rows}], get_item=[{"Item": rows[1]}])
    journal = JournalLinks(client, ITEMS, PRIMARY)
    page, _ = journal.page("J", "0")
    assert [w.unreadable for w in page] == [False, True]
    assert (journal.link(good.new), client.operations) == (good, ["query"])
    assert (journal.link(bad.new), client.operations) == (None, ["query", "get_item"])
