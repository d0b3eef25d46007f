"""The command `pilot-light ledger reconcile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import SECONDARY, error
from tests.unit.functions.ledger.ledger_entries import entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair

PIECES = [{"complete": False, "compared": 40}, {"complete": True, "compared": 2}]


def test_it_goes_on_until_all_is_compared(run: Callable[..., Result], pair: Pair) -> None:
    pair.to_compare = list(PIECES)
    ended = run("ledger", "reconcile", "--json", apart=True)
    assert ended.exit_code == 0
    assert document(ended, "ledger-reconcile")["compared"] == 42
    assert "Compared 40 writes. It goes on." in ended.stderr


def test_open_entries_end_it_with_1(run: Callable[..., Result], pair: Pair) -> None:
    pair.add_entry(entry())
    pair.to_compare = [PIECES[1]]
    ended = run("ledger", "reconcile")
    assert ended.exit_code == 1
    assert "Open entries: 1 (1 late, 1 lost, 0 unknown)." in ended.output


def test_an_application_without_a_journal_has_nothing_to_compare(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.to_compare = [{"complete": True, "compared": 0, "unknown_because": "No journal."}]
    ended = run("ledger", "reconcile")
    assert (ended.exit_code, ended.output) == (0, "No journal.\n")


def test_a_region_that_does_not_answer_the_function_is_named_and_it_can_go_on(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.function_error = {"errorType": "TableUnavailable", "errorMessage": "us-west-2 is silent"}
    ended = run("ledger", "reconcile")
    assert ended.exit_code == 4
    assert "us-west-2 is silent" in ended.output
    assert "goes on where it stopped" in " ".join(ended.output.split())


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_aws_refuses_ends_it_with_1(run: Callable[..., Result], pair: Pair, code: str) -> None:
    pair.fails[SECONDARY, "invoke", ""] = error(code)
    assert run("ledger", "reconcile").exit_code == 1


def test_explain_makes_no_call(run: Callable[..., Result], pair: Pair) -> None:
    ended = run("ledger", "reconcile", "--explain")
    assert (ended.exit_code, pair.asked) == (0, [])
    assert "aws lambda invoke" in ended.output
