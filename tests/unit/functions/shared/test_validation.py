"""Validation by JSON Schema, in words that a person can act on."""

from __future__ import annotations

from typing import Any

import pytest
from pilotlight.shared.validation import violation

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {
        "text": {"type": "string", "minLength": 1},
        "inner": {"type": "object", "properties": {"count": {"type": "integer"}}},
    },
}


@pytest.mark.parametrize("value", [{"text": "x"}, {"text": "x", "inner": {"count": 1}}])
def test_nothing_is_wrong_with_a_valid_value(value: dict[str, Any]) -> None:
    assert violation(value, SCHEMA) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "text"),
        ({"text": ""}, "data.text"),
        ({"text": 1}, "data.text must be string"),
        ({"text": "x", "inner": {"count": "1"}}, "data.inner.count must be integer"),
        ({"text": "x", "colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(value: dict[str, Any], said: str) -> None:
    found = violation(value, SCHEMA)
    assert found is not None
    assert said in found
    assert not found.endswith("."), "the sentence around it ends it"


@pytest.mark.parametrize("value", [None, [], "text", 1, True])
def test_what_is_no_object_is_said_by_its_type(value: Any) -> None:
    assert violation(value, SCHEMA) == f"it must be a JSON object, not {type(value).__name__}"
