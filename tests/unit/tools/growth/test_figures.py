"""Each part, of a small size: what it measures is what the product did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from pilot_light_client.journal import SHARDS
from pilotlight.journal import proof
from pilotlight.ledger.table import LedgerTable

from tools.growth import __main__ as command, costs, epochs, ledgers, moves, tables, warming
from tools.reader.marks import NoMarks, fill, marks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def limits() -> moves.Limits:
    return moves.Limits.read()


# --- a planned move ------------------------------------------------------------------------------
def test_a_drain_compares_what_is_younger_than_a_minute(limits: moves.Limits) -> None:
    found = moves.move(2, limits)
    assert found.complete
    assert found.within(limits)
    assert 118 <= found.caught_up_entries <= 124
    assert 120 <= found.entries <= 135
    # Each entry in both journals, each item in both Regions.
    assert 4 * found.entries <= found.rows <= 4 * found.entries + 2
    assert found.seconds >= limits.lease_seconds + found.waited


def test_a_drain_that_ends_before_the_journals_do_is_not_within(
    limits: moves.Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "SPANS", 1)
    monkeypatch.setattr("pilotlight.journal.reader.PAGE", 10)
    few = replace(limits, proofs=2)
    found = moves.move(5, few)
    assert (found.calls, found.complete, found.within(few)) == (2, False, False)
    assert "not within" in tables.moves([found], few).rows[0][-1]


@pytest.mark.parametrize("limit", ["drain_seconds", "call_seconds"])
def test_a_drain_or_a_call_that_takes_too_long_is_not_within(
    limits: moves.Limits, limit: str
) -> None:
    found = moves.move(1, limits)
    assert not found.within(replace(limits, **{limit: 0.1}))


def test_a_schedule_that_needs_more_than_its_function_has_falls_behind(
    limits: moves.Limits,
) -> None:
    found = moves.move(1, limits)
    assert tables.catching_up([found], limits).rows[0][4] == "keeps up"
    slow = replace(found, catching_up=(9, 50.0))
    assert "falls behind" in tables.catching_up([slow], limits).rows[0][4]


def test_a_shard_that_takes_more_than_a_partition_does_is_named(limits: moves.Limits) -> None:
    rate = tables.PARTITION_UNITS * SHARDS // tables.ENTRY_UNITS
    found = moves.move(1, limits)
    at, above = (replace(found, writes_per_second=n) for n in (rate, rate + 1))
    verdicts = [row[-1] for row in tables.catching_up([at, above], limits).rows]
    assert verdicts[0] == "within"
    assert "throttled" in verdicts[1]


# --- the ledger ----------------------------------------------------------------------------------
def test_a_long_ledger_with_few_open_entries_is_read_as_a_short_one() -> None:
    short, long = (ledgers.readings(n, 5) for n in (50, 400))
    assert [(r.name, r.rows, r.requests) for r in short] == [
        (r.name, r.rows, r.requests) for r in long
    ]
    assert all(r.within_twice for r in long)


def test_a_reading_of_everything_is_more_than_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LedgerTable, "open_kinds", lambda self: self.entries())
    found = ledgers.readings(50, 5)[0]
    assert (found.rows, found.within_twice) == (50, False)
    assert tables.ledgers([found]).rows[0][-1] == "**more**"


# --- warming -------------------------------------------------------------------------------------
def test_each_environment_that_was_asked_for_is_started_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(warming, "COLD_START", 0.01)
    found = warming.warmed(3)
    assert found.environments == found.requested == 15
    assert (found.batches, found.waves >= 1, found.invocations >= 15) == (1, True, True)
    assert found.seconds >= 0.15


# --- reconciling ---------------------------------------------------------------------------------
def test_before_a_drain_epochs_count_and_in_it_they_do_not() -> None:
    few, many = epochs.passes(2), epochs.passes(8)
    assert many[0].requests > 2 * few[0].requests
    assert many[0].compared > few[0].compared > 0
    assert many[1].requests <= few[1].requests + 2
    assert few[0].calls == 1


# --- cost ----------------------------------------------------------------------------------------
def test_what_is_added_grows_with_writes_and_is_all_accounted_for() -> None:
    idle, one, many = costs.months((0, 1, 1000))
    assert (idle.own, idle.ratio, idle.transaction) == (0, None, 0)
    assert many.own == pytest.approx(1000 * one.own)
    assert many.transaction == pytest.approx(1000 * one.transaction)
    for month in (idle, one, many):
        parts = idle.adds + month.transaction + month.comparison + month.storage
        assert month.adds == pytest.approx(parts)
    # An item of 1 KB in two Regions is two units; the transaction makes eight of it.
    assert one.journal_gb == pytest.approx(35 * 86_400 * 1024 / 1e9)


def test_functions_cost_what_their_pings_do() -> None:
    (_, one, once), (_, many, warmed) = costs.by_functions((1, 1000))
    assert one < many < one + 1
    assert once < warmed


# --- the command ---------------------------------------------------------------------------------
def test_one_part_is_printed_alone() -> None:
    ended = CliRunner().invoke(command.cli, ["--only", "cost", "--most", "10"])
    assert ended.exit_code == 0, ended.output
    assert ended.output.startswith("cost\nA month at level 2")
    assert "The ledger" not in ended.output


def test_a_limit_that_was_not_kept_is_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command.PARTS, "cost", lambda _: ([], False))
    assert CliRunner().invoke(command.cli, ["--only", "cost"]).exit_code == 1


@pytest.mark.parametrize("more", [["--only", "cost"], ["--most", "10"]])
def test_the_document_describes_everything(more: list[str]) -> None:
    ended = CliRunner().invoke(command.cli, ["--write-doc", *more])
    assert ended.exit_code == 2
    assert "leave --only and --most out" in ended.output


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "growth.md"
    begin, end = marks("growth")
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n", encoding="utf-8")
    fill(page, "growth", "new")
    assert page.read_text("utf-8") == f"before\n{begin}\nnew\n{end}\nafter\n"
    page.write_text(begin, encoding="utf-8")
    with pytest.raises(NoMarks):
        fill(page, "growth", "new")


def test_the_page_has_each_table_and_each_goal_was_met(limits: moves.Limits) -> None:
    text = command.DOCUMENT.read_text("utf-8")
    begin, end = marks("growth")
    between = text.split(begin)[1].split(end)[0]
    for rate in command.WRITES:
        assert f"\n| {rate:,} |" in between
    assert f"{limits.drain_seconds:g} s | within |" in between
    assert "**" not in between
