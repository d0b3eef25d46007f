"""Two journals compared: what only one has, and what is older there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pilotlight.journal.comparison import (
    HIGHEST,
    LOWEST,
    Comparison,
    Entry,
    Page,
    compare,
    higher,
    newest,
    span,
)

from tests.unit.functions.fakes import PRIMARY, SECONDARY
from tests.unit.functions.journal.made_up import ref, version

if TYPE_CHECKING:
    from pilot_light_client.journal import Ref, Version

TEA, COFFEE = ref("tea"), ref("coffee")


def entry(write_id: str, item: Ref, number: int) -> Entry:
    return Entry(write_id, item, version(number, write_id))


A, B, C = entry("01A", TEA, 1), entry("01B", TEA, 2), entry("01C", COFFEE, 1)
LAST = version(2, "01B")
HELD = {TEA: LAST, COFFEE: version(1, "01C")}


def test_the_same_entries_in_any_order_and_the_same_items_are_equal() -> None:
    assert compare([A, B, C], [C, A, B], HELD, HELD).equal
    assert compare([], [], {}, {}).equal


def test_an_entry_that_has_not_arrived_is_missing() -> None:
    found = compare([A, B, C], [C, A], HELD, HELD)
    assert found == Comparison(missing=("01B",), unknown=(), behind=())


def test_an_entry_that_the_source_does_not_have_is_unknown() -> None:
    assert compare([A], [A, B], {}, {}).unknown == ("01B",)


def test_an_entry_of_the_same_id_and_another_content_is_another_entry() -> None:
    found = compare([A], [entry("01A", TEA, 9)], {}, {})
    assert (found.missing, found.unknown) == (("01A",), ("01A",))


@pytest.mark.parametrize(
    "held",
    [{}, {TEA: version(1, "01A")}, {TEA: version(2, "01X")}],
    ids=["missing", "older", "by another writer"],
)
def test_an_item_that_is_not_the_one_wanted_is_behind(held: dict[Ref, Version]) -> None:
    assert compare([], [], {TEA: LAST}, held).behind == (str(TEA),)


@pytest.mark.parametrize("held", [LAST, version(3, "01Z")])
def test_an_item_that_is_the_one_wanted_or_later_is_not_behind(held: Version) -> None:
    assert compare([], [], {TEA: LAST}, {TEA: held}).equal


def test_what_differs_is_counted_and_the_first_are_named() -> None:
    found = Comparison(tuple(f"01{n}" for n in range(7)), ("01X",), ("tea",))
    assert found.describe(PRIMARY, SECONDARY) == (
        f"7 writes of {PRIMARY} are missing in {SECONDARY} (010, 011, 012, 013, 014, ...); "
        f"{SECONDARY} holds 1 writes that {PRIMARY} does not know (01X); "
        f"{SECONDARY} is behind with 1 items (tea)"
    )


# --- which version is wanted ---------------------------------------------------------------------
def test_the_journal_wants_the_highest_version_of_each_item_that_it_tells_of() -> None:
    assert newest([B, A, C]) == HELD


def test_an_item_that_the_source_holds_higher_is_wanted_so() -> None:
    later = version(3, "01Z")
    assert higher({TEA: LAST}, {TEA: later, COFFEE: LAST}) == {TEA: later}


@pytest.mark.parametrize("held", [{}, {TEA: version(1, "01A")}])
def test_an_item_that_the_source_holds_lower_is_wanted_as_the_journal_tells(
    held: dict[Ref, Version],
) -> None:
    assert higher({TEA: LAST}, held) == {TEA: LAST}


# --- span by span --------------------------------------------------------------------------------
def test_pages_that_were_read_whole_are_the_whole_span() -> None:
    found = span([Page((C,)), Page((A, B)), Page(())], LOWEST, HIGHEST)
    assert (found.entries, found.until, found.last) == ((A, B, C), HIGHEST, True)


def test_a_span_ends_where_the_first_of_its_pages_did() -> None:
    pages = [Page((A, C), "01C"), Page((B,), "01B"), Page((entry("01D", TEA, 1),))]
    found = span(pages, LOWEST, HIGHEST)
    assert (found.entries, found.until, found.last) == ((A, B), "01B", False)


def test_a_span_does_not_contain_its_beginning() -> None:
    assert span([Page((A, B))], "01A", HIGHEST).entries == (B,)
