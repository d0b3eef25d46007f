"""The commands `pilot-light ledger list` and `ledger show`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pilot_light_client.journal import Item, Ref, Version
from pilotlight.journal.history import History

from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import LEDGER, PRIMARY, SECONDARY, error
from tests.unit.functions.ledger.ledger_entries import NOON, entry, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result
    from pilotlight.ledger.entry import LedgerEntry

    from tests.unit.cli.made_up_pair import Pair


def made(minutes: int, **changes: object) -> LedgerEntry:
    return entry(write=write(NOON + timedelta(minutes=minutes)), **changes)


@pytest.fixture
def entries(pair: Pair) -> list[LedgerEntry]:
    found = [made(minutes, history=History("kept", "-")) for minutes in (2, 1, 3)]
    for one in found:
        pair.add_entry(one)
    pair.add_entry(made(4, status="accepted"))
    return sorted(found, key=lambda e: e.write_id)


def test_an_empty_ledger_ends_with_0(run: Callable[..., Result]) -> None:
    ended = run("ledger", "list")
    assert (ended.exit_code, ended.output.strip()) == (
        0,
        "Open entries: 0 (0 late, 0 lost, 0 unknown).",
    )


def test_open_entries_are_listed_the_oldest_first(
    run: Callable[..., Result], entries: list[LedgerEntry]
) -> None:
    ended = run("ledger", "list", "--json")
    assert ended.exit_code == 1
    found = document(ended, "ledger-list")
    assert [e["write_id"] for e in found["entries"]] == [e.write_id for e in entries]
    assert (found["open"], found["late"], found["next"]) == (3, 3, None)


def test_a_long_list_says_how_to_go_on(
    run: Callable[..., Result], entries: list[LedgerEntry]
) -> None:
    ended = run("ledger", "list", "--limit", "2")
    assert f"pilot-light ledger list --after {entries[1].write_id}" in ended.output
    more = run("ledger", "list", "--json", "--after", entries[1].write_id)
    found = document(more, "ledger-list")
    assert [e["write_id"] for e in found["entries"]] == [entries[2].write_id]
    assert found["open"] == 3, "all that are open"


def test_a_filter_narrows_the_list_and_not_the_counts(
    run: Callable[..., Result], pair: Pair, entries: list[LedgerEntry]
) -> None:
    lost = made(9, history=History("lost", "-"))
    pair.add_entry(lost)
    found = document(run("ledger", "list", "--json", "--verdict", "lost"), "ledger-list")
    assert [e["write_id"] for e in found["entries"]] == [lost.write_id]
    assert (found["open"], found["matching"]) == (4, 1)
    ended = run("ledger", "list", "--table", "pilot-light-app-items", "--limit", "3")
    more = f"--after {entries[2].write_id} --table pilot-light-app-items"
    assert more in " ".join(ended.output.split())
    assert run("ledger", "list", "--table", "another").exit_code == 0


def test_an_entry_is_shown_with_its_three_values_side_by_side(
    run: Callable[..., Result], pair: Pair
) -> None:
    def value(number: int, text: str) -> Item:
        version = Version(number, f"{number}" * 26, PRIMARY, number)
        return Item(Ref("items", ""), version, "noon", {"text": {"S": text}})

    one = entry(old=value(1, "white"), current=value(3, "black"))
    one = replace(
        one, write=replace(one.write, new=replace(one.write.new, image={"text": {"S": "green"}}))
    )
    pair.add_entry(one)
    ended = run("ledger", "show", one.write_id)
    assert ended.exit_code == 0
    lines = [line.split() for line in ended.output.splitlines()]
    assert ["old", "new", "current"] in lines
    assert ["text", "white", "green", "black"] in lines
    found = document(run("ledger", "show", one.write_id, "--json"), "ledger-show")
    assert found["entry"]["old"]["item"] == {"text": "white"}


def test_a_resolved_entry_can_be_shown(run: Callable[..., Result], pair: Pair) -> None:
    one = made(1, status="accepted")
    pair.add_entry(one)
    found = document(run("ledger", "show", one.write_id, "--json"), "ledger-show")
    assert found["entry"]["status"] == "accepted"


@pytest.mark.parametrize(("write_id", "code"), [("0" * 26, 1), ("tea", 2)])
def test_an_entry_that_is_not_there_and_what_is_no_id_are_told_apart(
    run: Callable[..., Result], write_id: str, code: int
) -> None:
    assert run("ledger", "show", write_id).exit_code == code


@pytest.mark.parametrize("command", [["list"], ["show", "0" * 26]])
def test_without_a_permission_nothing_is_shown_as_empty(
    run: Callable[..., Result], pair: Pair, command: list[str]
) -> None:
    for operation in ("query", "get_item"):
        pair.fails[SECONDARY, operation, LEDGER] = error("AccessDeniedException")
    ended = run("ledger", *command)
    assert ended.exit_code == 4
    assert "on table/pilot-light-ledger" in ended.output


@pytest.mark.usefixtures("entries")
def test_a_ledger_that_is_open_cannot_be_listed_in_a_silent_region(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.refuses = {SECONDARY}
    ended = run("ledger", "list")
    assert ended.exit_code == 4
    assert "us-east-2: no answer, EndpointConnectionError" in ended.output
