"""The commands `pilot-light ledger accept` and `ledger replay`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from pilotlight.journal.history import History

from cli.changing.sending import Unsure
from cli.ledger import invoking
from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import LEDGER, SECONDARY, error
from tests.unit.functions.ledger.ledger_entries import NOON, entry, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result
    from pilotlight.ledger.entry import LedgerEntry

    from tests.unit.cli.made_up_pair import Pair

BOTH = pytest.mark.parametrize("action", ["accept", "replay"])
RESOLVED = {"accept": "accepted", "replay": "replayed"}


def made(minutes: int, item: str, verdict: Any = "lost", **changes: object) -> LedgerEntry:
    one = write(NOON + timedelta(minutes=minutes), item)
    return entry(write=one, history=History(verdict, "-"), **changes)


@pytest.fixture
def ids(pair: Pair) -> list[str]:
    """Three open entries of three items: late and lost, late, and lost."""
    found = [
        made(1, "tea"),
        made(2, "coffee", verdict="kept"),
        made(3, "milk", late=False),
    ]
    for one in found:
        pair.add_entry(one)
    return [one.write_id for one in found]


def status(pair: Pair) -> dict[str, str]:
    return {row["sk"]["S"]: row["status"]["S"] for row in pair.tables[SECONDARY, LEDGER]}


def requests(pair: Pair) -> list[dict[str, Any]]:
    return [payload for operation, payload in pair.changes if operation == "invoke"]


# --- What is chosen -------------------------------------------------------------------------------
@BOTH
def test_entries_are_resolved_by_their_ids(
    run: Callable[..., Result], pair: Pair, ids: list[str], action: str
) -> None:
    ended = run("ledger", action, ids[0], ids[2], ids[0], "--yes", "--by", "Ada")
    assert ended.exit_code == 0, ended.output
    assert requests(pair) == [{"action": action, "write_ids": [ids[0], ids[2]], "by": "Ada"}]
    assert status(pair)[ids[1]] == "open"
    assert f"2 of 2 entries {RESOLVED[action]}." in ended.output


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (["--all"], [0, 1, 2]),
        (["--kind", "late"], [0, 1]),
        (["--kind", "lost"], [0, 2]),
        (["--verdict", "kept"], [1]),
        (["--kind", "late", "--verdict", "lost"], [0]),
        (["--table", "pilot-light-app-items"], [0, 1, 2]),
        (["--table", "another"], []),
    ],
)
def test_a_filter_is_resolved_to_the_ids_that_are_sent(
    run: Callable[..., Result], pair: Pair, ids: list[str], options: list[str], chosen: list[int]
) -> None:
    wanted = [ids[number] for number in chosen]
    assert run("ledger", "accept", *options, "--yes").exit_code == 0
    assert [r["write_ids"] for r in requests(pair)] == ([wanted] if wanted else [])


@BOTH
@pytest.mark.parametrize(
    "options", [[], ["0" * 26, "--all"], ["--all", "--kind", "late"], ["tea"], ["--all", "--by="]]
)
def test_what_chooses_nothing_or_twice_is_a_usage_error(
    run: Callable[..., Result], pair: Pair, action: str, options: list[str]
) -> None:
    assert run("ledger", action, *options, "--yes").exit_code == 2
    assert pair.asked == []


@pytest.mark.usefixtures("ids")
def test_an_id_that_is_not_in_the_ledger_ends_it_before_anything_is_changed(
    run: Callable[..., Result], pair: Pair, ids: list[str]
) -> None:
    ended = run("ledger", "accept", ids[0], "0" * 26, "--yes")
    assert (ended.exit_code, requests(pair)) == (1, [])
    assert f"has no entry {'0' * 26}" in ended.output


def test_two_entries_of_one_item_are_not_replayed_together(
    run: Callable[..., Result], pair: Pair, ids: list[str]
) -> None:
    later = made(9, "tea")
    pair.add_entry(later)
    ended = run("ledger", "replay", "--all", "--yes")
    assert (ended.exit_code, requests(pair)) == (2, [])
    assert f"{ids[0]}, {later.write_id}" in ended.output
    assert run("ledger", "accept", "--all", "--yes").exit_code == 0


def test_more_than_a_hundred_are_sent_in_several_requests(
    run: Callable[..., Result], pair: Pair
) -> None:
    for number in range(101):
        pair.add_entry(made(number, f"item {number}"))
    assert run("ledger", "replay", "--all", "--yes", "--json").exit_code == 0
    assert [len(r["write_ids"]) for r in requests(pair)] == [100, 1]
    assert set(status(pair).values()) == {"replayed"}


# --- What is shown, and consent -------------------------------------------------------------------
@BOTH
def test_a_dry_run_shows_the_three_values_and_changes_nothing(
    run: Callable[..., Result], pair: Pair, ids: list[str], action: str
) -> None:
    ended = run("ledger", action, ids[0], "--dry-run")
    assert (ended.exit_code, requests(pair)) == (0, [])
    assert ["old", "new", "current"] in [line.split() for line in ended.output.splitlines()]
    assert f"1 entry will be {RESOLVED[action]} by ops." in ended.output
    assert ended.output.rstrip().endswith("Nothing was changed: --dry-run.")
    found = document(run("ledger", action, ids[0], "--dry-run", "--json"), f"ledger-{action}")
    assert (found["by"], found["entries"][0]["status"]) == ("ops", "open")


@pytest.mark.usefixtures("ids")
def test_without_a_terminal_and_without_yes_nothing_is_changed(
    run: Callable[..., Result], pair: Pair
) -> None:
    ended = run("ledger", "accept", "--all")
    assert (ended.exit_code, requests(pair)) == (2, [])
    assert "Add --yes" in ended.output


def test_an_entry_that_is_resolved_is_told_and_left(
    run: Callable[..., Result], pair: Pair, ids: list[str]
) -> None:
    old = made(9, "old", status="accepted", resolved_by="Grace")
    pair.add_entry(old)
    ended = run("ledger", "accept", ids[0], old.write_id, "--yes")
    assert ended.exit_code == 0
    assert [r["write_ids"] for r in requests(pair)] == [[ids[0]]]
    assert f"{old.write_id} is accepted already, by Grace at noon." in ended.output
    replayed = run("ledger", "replay", old.write_id, "--yes")
    assert replayed.exit_code == 1, "an accepted entry cannot be replayed"


@BOTH
def test_explain_names_the_calls_and_makes_none(
    run: Callable[..., Result], pair: Pair, ids: list[str], action: str
) -> None:
    ended = run("ledger", action, ids[0], "--explain")
    assert (ended.exit_code, pair.asked) == (0, [])
    assert "aws lambda invoke --region us-east-2 --function-name pilot-light-ledger:live" in (
        ended.output
    )
    assert "--cli-binary-format raw-in-base64-out" in ended.output
    assert run("ledger", action, "--all", "--explain").output.count("aws dynamodb query") == 4


# --- What goes wrong ------------------------------------------------------------------------------
def test_what_was_not_replayed_is_named_with_its_reason_and_what_was_is_kept(
    run: Callable[..., Result], pair: Pair, ids: list[str]
) -> None:
    pair.not_replayed[ids[1]] = "its item has changed since"
    ended = run("ledger", "replay", "--all", "--yes", "--json", apart=True)
    assert ended.exit_code == 1
    found = document(ended, "ledger-replay")
    assert [e["status"] for e in found["entries"]] == ["replayed", "open", "replayed"]
    assert f"{ids[1]}: its item has changed since" in found["failure"]
    assert "pilot-light ledger reconcile" in ended.stderr
    assert "no entry is replayed twice" in " ".join(ended.stderr.split())


def test_single_refusals_do_not_keep_the_other_requests_from_being_sent(
    run: Callable[..., Result], pair: Pair, monkeypatch: pytest.MonkeyPatch, ids: list[str]
) -> None:
    monkeypatch.setattr(invoking, "BATCH", 1)
    pair.not_replayed[ids[0]] = "its item has changed since"
    assert run("ledger", "replay", "--all", "--yes").exit_code == 1
    assert len(requests(pair)) == 3
    assert list(status(pair).values()).count("replayed") == 2


def test_a_failure_of_the_function_ends_it_and_the_ledger_says_what_was_done(
    run: Callable[..., Result], pair: Pair, monkeypatch: pytest.MonkeyPatch, ids: list[str]
) -> None:
    monkeypatch.setattr(invoking, "BATCH", 1)
    pair.function_error = {"errorType": "TableUnavailable", "errorMessage": "us-east-2: no"}
    ended = run("ledger", "accept", *ids, "--yes")
    assert (ended.exit_code, len(requests(pair))) == (4, 1)
    assert "0 of 3 entries accepted." in ended.output
    assert "TableUnavailable: us-east-2: no" in ended.output


def test_an_answer_that_was_lost_counts_if_the_ledger_shows_that_it_was_done(
    run: Callable[..., Result], pair: Pair, monkeypatch: pytest.MonkeyPatch, ids: list[str]
) -> None:
    def lost(_clients: object, call: Any) -> Any:
        pair.client("lambda", SECONDARY).invoke(**call.arguments)
        raise Unsure("no answer")

    monkeypatch.setattr(invoking, "invoke", lost)
    assert run("ledger", "accept", ids[0], "--yes").exit_code == 0


def test_a_missing_permission_is_named_and_nothing_is_changed(
    run: Callable[..., Result], pair: Pair, ids: list[str]
) -> None:
    pair.fails[SECONDARY, "invoke", ""] = error("AccessDeniedException")
    ended = run("ledger", "accept", ids[0], "--yes")
    assert ended.exit_code == 1
    text = " ".join(ended.output.split())
    assert "permission lambda:InvokeFunction on function:pilot-light-ledger:live" in text
    assert set(status(pair).values()) == {"open"}


@pytest.mark.usefixtures("ids")
def test_a_function_that_does_not_answer_leaves_nothing_certain(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fails[SECONDARY, "invoke", ""] = ReadTimeoutError(endpoint_url="x")
    ended = run("ledger", "accept", "--all", "--yes")
    assert ended.exit_code == 4
    assert "It may have been done all the same" in ended.output
