"""Two journals compared: what only one has, and what is older there."""

from __future__ import annotations

import pytest
from pilotlight.journal.comparison import (
    HIGHEST,
    LOWEST,
    Comparison,
    Entry,
    Page,
    Version,
    compare,
    higher,
    lower_bound,
    newest,
    span,
)
from ulid import ULID

from tests.unit.functions.fakes import PRIMARY, SECONDARY

T = 1_800_000_000_000
A, B, C = Entry("01A", "tea", 1), Entry("01B", "tea", 2), Entry("01C", "coffee", 1)
TEA, COFFEE = Version(2, "01B"), Version(1, "01C")
HELD = {"tea": TEA, "coffee": COFFEE}


def test_the_same_entries_in_any_order_and_the_same_items_are_equal() -> None:
    assert compare([A, B, C], [C, A, B], HELD, HELD).equal
    assert compare([], [], {}, {}).equal


def test_an_entry_that_has_not_arrived_is_missing() -> None:
    found = compare([A, B, C], [C, A], HELD, HELD)
    assert found == Comparison(missing=("01B",), unknown=(), behind=())


def test_an_entry_that_the_source_does_not_have_is_unknown() -> None:
    assert compare([A], [A, B], {}, {}).unknown == ("01B",)


def test_an_entry_of_the_same_id_and_another_content_is_another_entry() -> None:
    found = compare([A], [Entry("01A", "tea", 9)], {}, {})
    assert (found.missing, found.unknown) == (("01A",), ("01A",))


@pytest.mark.parametrize(
    "held",
    [{}, {"tea": Version(1, "01A")}, {"tea": Version(2, "01X")}],
    ids=["missing", "older", "by another writer"],
)
def test_an_item_that_is_not_the_one_wanted_is_behind(held: dict[str, Version]) -> None:
    assert compare([], [], {"tea": TEA}, held).behind == ("tea",)


@pytest.mark.parametrize("held", [TEA, Version(3, "01Z")])
def test_an_item_that_is_the_one_wanted_or_later_is_not_behind(held: Version) -> None:
    assert compare([], [], {"tea": TEA}, {"tea": held}).equal


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
    later = Version(3, "01Z")
    assert higher({"tea": TEA}, {"tea": later, "coffee": COFFEE}) == {"tea": later}


@pytest.mark.parametrize("held", [{}, {"tea": Version(1, "01A")}])
def test_an_item_that_the_source_holds_lower_is_wanted_as_the_journal_tells(
    held: dict[str, Version],
) -> None:
    assert higher({"tea": TEA}, held) == {"tea": TEA}


# --- span by span --------------------------------------------------------------------------------
def test_pages_that_were_read_whole_are_the_whole_span() -> None:
    found = span([Page((C,)), Page((A, B)), Page(())], LOWEST, HIGHEST)
    assert (found.entries, found.until, found.last) == ((A, B, C), HIGHEST, True)


def test_a_span_ends_where_the_first_of_its_pages_did() -> None:
    pages = [Page((A, C), "01C"), Page((B,), "01B"), Page((Entry("01D", "x", 1),))]
    found = span(pages, LOWEST, HIGHEST)
    assert (found.entries, found.until, found.last) == ((A, B), "01B", False)


def test_a_span_does_not_contain_its_beginning() -> None:
    assert span([Page((A, B))], "01A", HIGHEST).entries == (B,)


def test_the_lower_bound_of_a_moment_is_below_every_write_id_of_it_and_above_all_before() -> None:
    for n in range(50):
        now, before = ULID.from_timestamp(T + n), ULID.from_timestamp(T + n - 1)
        assert str(before) < lower_bound(T + n) <= str(now)
        assert LOWEST <= str(now) <= HIGHEST
    assert lower_bound(-1) == "0" * 26
