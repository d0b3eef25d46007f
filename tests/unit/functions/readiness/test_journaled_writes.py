"""Are the latest writes journaled? By the changes of streams, and by what the journal has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import ulid
from pilot_light_client.journal import MARK, Ref, Write, plan, transaction
from pilotlight.readiness.journaled_writes import (
    NAMED,
    SETTLED,
    Authority,
    Change,
    judge,
    versions_made,
)

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - SETTLED
PRIMARY, EPOCH = "us-west-2", 7
AUTHORITY = Authority(PRIMARY, EPOCH, NOW)
NOT_MET = "The declared level 2, journaled, is not met. Write the item and its journal entry in one"


def ref(name: str = "tea") -> Ref:
    return Ref.of("orders", {"id": {"S": name}})


def written(name: str = "tea", epoch: int = EPOCH, over: Any = None) -> tuple[Write, Any]:
    """A journaled write of an item, and the item's row."""
    image = {"product": {"S": "tea"}}
    given: dict[str, Any] = {"region": PRIMARY, "epoch": epoch, "at": "2026-01-31T11:59:00.000Z"}
    write = plan(ref(name), image, over, write_id=ulid.new(), **given)
    return write, transaction(write, "journal", over)[0]["Put"]["Item"]


def change(new: Any, old: Any = None, *, name: str = "tea", at: datetime = LONG_AGO) -> Change:
    return Change(ref(name), at, new, old)


def entries(*writes: Write) -> dict[Any, Ref]:
    return {write.new.version: write.new.ref for write in writes}


def judged(*changes: Change, journal: dict[Any, Ref] | None = None) -> tuple[str, str]:
    return judge({"orders": list(changes)}, journal or {}, AUTHORITY, 2)


def test_a_marked_write_with_its_entry_is_journaled_and_counted() -> None:
    write, row = written()
    assert judged(change(row), journal=entries(write)) == (
        "ok",
        "orders: 1 writes were looked at in its stream here, the newest of "
        "2026-01-31T11:59:00.000Z; all carry the mark of a journaled write, and 1 have their entry "
        "in the journal here",
    )


def test_without_a_write_nothing_is_wrong_and_nothing_is_shown() -> None:
    state, detail = judge({"orders": [], "carts": []}, {}, AUTHORITY, 2)
    assert state == "ok"
    assert detail == (
        "carts: no write was seen in its stream here; orders: no write was seen in its stream "
        "here. That the application keeps its journal is not shown"
    )


def unmarked() -> Change:
    return change({"id": {"S": "tea"}, "product": {"S": "tea"}})


def mark_dropped() -> Change:
    _, row = written()
    return change({k: v for k, v in row.items() if k != MARK}, row)


def mark_kept() -> Change:
    _, row = written()
    return change({**row, "product": {"S": "coffee"}}, row)


def removed() -> Change:
    _, row = written()
    return change(None, row)


def mark_invalid() -> Change:
    _, row = written()
    return change({**row, MARK: {"M": {"version": {"S": "one"}}}})


FAULTS = {
    unmarked: "was written without the mark pilot_light",
    mark_dropped: "was written without the mark pilot_light",
    mark_kept: "was changed, and its mark pilot_light was not",
    removed: "was removed without a tombstone",
    mark_invalid: "has a mark without a valid version",
}


@pytest.mark.parametrize("made", FAULTS, ids=lambda made: made.__name__)
def test_a_write_past_the_journal_is_named_with_its_time_and_what_is_wrong(made: Any) -> None:
    state, detail = judged(made())
    assert state == "failed"
    why = f"orders/tea at 2026-01-31T11:59:00.000Z {FAULTS[made]}. {NOT_MET}"
    assert detail.startswith(f"orders: 1 of 1 writes are not journaled: {why}")


def test_one_such_write_among_many_is_enough_whatever_the_other_tables_show() -> None:
    write, row = written("good")
    tables = {"orders": [change(row, name="good"), unmarked()], "carts": []}
    state, detail = judge(tables, entries(write), AUTHORITY, 2)
    assert state == "failed"
    assert "orders: 1 of 2 writes are not journaled" in detail
    assert "carts: no write was seen" in detail


def test_the_newest_are_named_and_the_others_counted() -> None:
    made = [replace(unmarked(), at=NOW - timedelta(seconds=n)) for n in range(NAMED + 2)]
    _, detail = judged(*reversed(made))
    assert detail.index("11:59:59") < detail.index("11:59:58")
    assert "and 2 more. The declared" in detail


def test_a_mark_that_no_entry_stands_behind_is_no_journaled_write() -> None:
    write, row = written()
    state, detail = judged(change(row))
    assert state == "failed"
    assert f"has the mark of the write {write.id}, which the journal here does not have" in detail


def test_an_entry_of_another_item_is_none_of_this_one() -> None:
    write, row = written()
    state, detail = judged(change(row), journal={write.new.version: ref("coffee")})
    assert state == "failed"
    assert "which the journal has for orders/coffee" in detail


def test_an_entry_may_arrive_after_its_item() -> None:
    _, row = written()
    young = change(row, at=LONG_AGO + timedelta(seconds=1))
    state, detail = judged(young)
    assert (state, "and 0 have their entry" in detail) == ("ok", True)


def test_an_entry_of_an_earlier_epoch_may_be_lost_with_its_region() -> None:
    _, row = written(epoch=EPOCH - 1)
    assert judged(change(row))[0] == "ok"
    _, row = written(epoch=EPOCH)
    assert (
        judge({"orders": [change(row)]}, {}, replace(AUTHORITY, region="us-east-2"), 2)[0] == "ok"
    )


def test_a_write_over_another_and_a_tombstone_are_journaled_writes() -> None:
    first, row = written()
    second, over = written(over=row)
    given: dict[str, Any] = {"region": PRIMARY, "epoch": EPOCH, "at": "2026-01-31T11:59:00.000Z"}
    third = plan(ref(), None, over, write_id=ulid.new(), **given)
    tombstone = transaction(third, "journal", over)[0]["Put"]["Item"]
    made = (change(row), change(over, row), change(tombstone, over))
    assert judged(*made, journal=entries(first, second, third))[0] == "ok"


def test_only_marked_writes_are_looked_for_in_the_journal() -> None:
    write, row = written()
    assert versions_made([change(row), unmarked(), removed(), mark_kept()]) == {write.new.version}
