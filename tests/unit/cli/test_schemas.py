"""Each command's JSON has a schema that leaves nothing open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from tests.unit.cli.documents import SCHEMAS, schema
from tools.reader import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = sorted(p.name.removesuffix(".schema.json") for p in SCHEMAS.glob("*.json"))
# The report's document is the report function's own. `run` is of the four moves, `answer` of
# approve and reject, `automation` of pause, resume and drill, `emergency` of take-over and
# last-resort.
COMMANDS = {
    *("answer", "automation", "check", "contract", "history", "ledger-list", "ledger-show", "logs"),
    *("run", "status", "stop", "emergency", "remove", "watch"),
    *("ledger-accept", "ledger-reconcile", "ledger-replay"),
}


def objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "properties" in part and part.get("type") == "object":
            yield part
        for value in part.values():
            yield from objects(value)
    if isinstance(part, list):
        for value in part:
            yield from objects(value)


def test_every_command_has_one() -> None:
    assert set(NAMES) == COMMANDS


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_and_allows_nothing_that_it_does_not_name(name: str) -> None:
    Draft7Validator.check_schema(schema(name))
    for part in objects(schema(name)):
        assert part["additionalProperties"] is False
        assert set(part["required"]) <= set(part["properties"])


def test_the_facts_that_a_region_knows_of_itself_are_those_of_its_overview() -> None:
    path = ROOT / "functions" / "overview" / "facts.schema.json"
    own = json.loads(path.read_text())["properties"]["facts"]["properties"]
    replication = own.pop("replication")
    status = schema("status")["properties"]["facts"]["properties"]
    assert {name: status[name] for name in own} == own
    assert status["to_secondary"] == status["to_primary"] == replication
