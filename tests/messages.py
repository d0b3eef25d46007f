"""What a program that subscribes to the notifications relies on."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator

from tools.reader.template import source

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = Path(__file__).parents[1] / "functions" / "pilotlight" / "messages" / "message.schema.json"


@cache
def validator() -> Draft7Validator:
    """Return the validator of messages, itself checked."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


@cache
def rendering() -> dict[str, str]:
    """Return the template's JSONata with which every publishing state ends."""
    found = source()["Mappings"]["Notification"]["Message"]
    return {"Message": found["Body"], "MessageAttributes": found["Attributes"]}


def whole(expression: str) -> str:
    """Return an expression of a machine with the template's JSONata in it."""
    for name, part in rendering().items():
        expression = expression.replace(f"${{{name}}}", part)
    return expression


def checked(message: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a message that fits its schema, and that filters find."""
    fields: dict[str, Any] = json.loads(message)
    assert [f"{e.json_path}: {e.message}" for e in validator().iter_errors(fields)] == []
    by = {"event": fields["kind"], "mode": fields["mode"], "severity": fields["severity"]}
    assert {name: attributes.get(name) for name in by} == by
    return fields
