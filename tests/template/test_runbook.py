"""Each message and each alarm names the file of the runbook that says what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.template.definitions import EVERY_TASK

if TYPE_CHECKING:
    from tests.template.definitions import Definition
    from tests.template.stacks import Stack

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"docs/runbook/([\w-]+\.md)")
PUBLISHES = [(d, n) for d, n in EVERY_TASK if "sns:publish" in d.states[n]["Resource"]]
# What it starts sends messages of its own.
STARTS_A_MACHINE = "pilot-light-primary-unhealthy"


def test_every_file_of_the_runbook_that_something_names_is_there() -> None:
    places = [ROOT / "template.yaml", ROOT / "README.md"]
    for folder in ("statemachines", "functions", "docs", "lab"):
        places += [p for p in (ROOT / folder).rglob("*") if p.suffix in (".yaml", ".py", ".md")]
    named = {name for p in places for name in NAMED.findall(p.read_text("utf-8"))}
    assert len(named) > 10
    assert {n for n in named if not (ROOT / "docs" / "runbook" / n).is_file()} == set()


def test_the_index_has_every_file() -> None:
    folder = ROOT / "docs" / "runbook"
    index = (folder / "README.md").read_text("utf-8")
    files = {p.name for p in folder.glob("*.md")} - {"README.md"}
    assert {f for f in files if f"]({f})" not in index} == set()


@pytest.mark.parametrize(
    ("definition", "name"), PUBLISHES, ids=[f"{d.name}-{n}" for d, n in PUBLISHES]
)
def test_every_message_names_its_file(definition: Definition, name: str) -> None:
    assert "docs/runbook/" in definition.states[name]["Arguments"]["Message"]


def test_every_alarm_names_its_file(any_stack: Stack) -> None:
    for alarm in any_stack.of_type("AWS::CloudWatch::Alarm").values():
        if alarm["AlarmName"] != STARTS_A_MACHINE:
            assert NAMED.search(alarm["AlarmDescription"]), alarm["AlarmName"]
