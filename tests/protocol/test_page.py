"""docs/protocol.md tells of the rules and of the states that there are."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from tests.protocol import model, page
from tests.protocol.rules import NAMES, TEXTS


def test_the_page_names_every_rule_and_no_other() -> None:
    named = re.findall(r"^\| `(\w+)`: ", page.PAGE.read_text("utf-8"), re.MULTILINE)
    assert named == list(TEXTS)
    assert set(TEXTS) == {*NAMES, *(f.name for f in fields(model.Rules))}


@pytest.mark.long
def test_the_page_tells_the_states_that_are_searched() -> None:
    table, states = page.worlds()
    text = page.PAGE.read_text("utf-8")
    assert table in text
    assert f"**{states:,} states**" in text
