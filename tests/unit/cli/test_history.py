"""The command `pilot-light history`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import CONTROL, RECOVERIES, SECONDARY, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair


def test_before_the_first_recovery_there_is_none(run: Callable[..., Result]) -> None:
    ended = run("history")
    assert ended.exit_code == 0
    assert "No recovery is on record" in ended.output


def test_recoveries_are_shown_the_newest_first(run: Callable[..., Result], pair: Pair) -> None:
    pair.fail_over()
    pair.put(SECONDARY, RECOVERIES, pair.record(3))
    pair.change(SECONDARY, CONTROL, "control", epoch=3)
    ended = run("history", "--json")
    assert ended.exit_code == 0
    shown = document(ended, "history")["recoveries"]
    assert [r["epoch"] for r in shown] == [3, 2]
    assert (shown[0]["rto_seconds"], shown[0]["rto_target_seconds"]) == (40.0, 60.0)
    lines = run("history").output.splitlines()
    assert lines[0].split()[:3] == ["Epoch", "Recorded", "(UTC)"]
    assert [line.split()[0] for line in lines[1:3]] == ["3", "2"]
    assert "run-3" in lines[1]


def test_as_many_epochs_as_asked_for(run: Callable[..., Result], pair: Pair) -> None:
    pair.fail_over()
    pair.put(SECONDARY, RECOVERIES, pair.record(3))
    pair.change(SECONDARY, CONTROL, "control", epoch=3)
    found = document(run("history", "--json", "--limit", "1"), "history")
    assert [r["epoch"] for r in found["recoveries"]] == [3]


def test_an_epoch_without_a_record_is_named(run: Callable[..., Result], pair: Pair) -> None:
    pair.change(SECONDARY, CONTROL, "control", epoch=2)
    ended = run("history")
    assert ended.exit_code == 1
    assert "Epoch 2 has no record" in ended.output


def test_a_recovery_is_measured_against_the_target_of_its_own_time(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fail_over()
    pair.put(SECONDARY, RECOVERIES, {**pair.record(2), "rto_target": {"N": "30"}})
    (shown,) = document(run("history", "--json"), "history")["recoveries"]
    assert (shown["rto_target_seconds"], shown["within_target"]) == (30, False)


def test_what_cannot_be_read_is_unknown_and_not_empty(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fail_over()
    pair.fails[SECONDARY, "batch_get_item", RECOVERIES] = error("AccessDeniedException")
    ended = run("history")
    assert ended.exit_code == 4
    assert "permission dynamodb:BatchGetItem on table/pilot-light-recoveries" in ended.output
