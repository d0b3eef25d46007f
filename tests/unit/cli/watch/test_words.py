"""The words for states, checked against the machines and the template."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cli.watch import screen, verdict, waits, words
from tools.reader import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINES = ("failover", "switchover", "emergency")


def states(node: Any, depth: int = 0) -> Iterator[tuple[str, dict[str, Any], int]]:
    for name, state in node["States"].items():
        yield name, state, depth
        for branch in [*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])]:
            yield from states(branch, depth + 1)


ALL = [
    found
    for machine in MACHINES
    for found in states(
        yaml.safe_load((ROOT / "statemachines" / f"{machine}.asl.yaml").read_text("utf-8"))
    )
]
NAMES = {name for name, _, _ in ALL}


@pytest.mark.parametrize("known", [words.STATES, words.NOT_WRITTEN, words.JUDGEMENT])
def test_every_name_is_one_of_the_machines(known: Any) -> None:
    assert set(known) <= NAMES


def test_every_name_that_has_a_wait_or_a_limit_is_one_of_the_machines() -> None:
    assert set(waits._SPECIAL) | set(waits.RETRIES) <= NAMES


def test_everything_that_waits_says_until_when() -> None:
    for_time = {name for name, state, _ in ALL if state["Type"] == "Wait"}
    for_token = {n for n, s, _ in ALL if str(s.get("Resource")).endswith("waitForTaskToken")}
    assert for_time | for_token <= set(waits._SPECIAL)


def test_what_changes_who_is_active_or_who_knows_of_it_has_words() -> None:
    shown = {
        name
        for name, state, _ in ALL
        if str(state.get("Resource")).endswith(("sns:publish", "dynamodb:updateItem"))
    }
    assert shown - {"KeepFailure", "RecordRehearsal"} <= set(words.STATES)


def test_the_most_retries_are_those_of_the_machines() -> None:
    for name, state, _ in ALL:
        if name in waits.RETRIES:
            most = next(r["MaxAttempts"] for r in state["Retry"] if r.get("BackoffRate") == 1.0)
            assert waits.RETRIES[name] == most, name


def test_the_seconds_of_waits_are_those_of_the_machines_and_the_template() -> None:
    template = (ROOT / "template.yaml").read_text("utf-8")
    for name, seconds in (
        ("HoldRetrySeconds", waits.HOLD_RETRY_SECONDS),
        ("DrainSeconds", waits.DRAIN_SECONDS),
    ):
        assert re.findall(rf"^ +{name}: (\d+)$", template, re.MULTILINE) == [str(seconds)]
    fixed = {n: s["Seconds"] for n, s, _ in ALL if isinstance(s.get("Seconds"), int)}
    assert fixed["AwaitSwitchover"] == waits.LOCK_POLL_SECONDS
    assert fixed["LetTheBeaconFollow"] == waits.BEACON_SECONDS
    assert fixed["CompareOn"] == waits.COMPARE_SECONDS


def test_every_name_fits_its_column() -> None:
    assert max(len(name) + 2 * depth for name, _, depth in ALL) <= screen._LABEL


def test_every_runbook_that_a_verdict_names_exists() -> None:
    text = Path(verdict.__file__).read_text("utf-8")
    for name in re.findall(r"docs/runbook/[a-z-]+\.md", text):
        assert (ROOT / name).is_file(), name


def test_a_cause_is_cut_where_it_is_very_long() -> None:
    told = words.one_line("no " * 400)
    assert len(told) < 310
    assert told.endswith(" …")
