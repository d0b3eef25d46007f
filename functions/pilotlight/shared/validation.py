"""JSON Schema validation in words that a person can act on."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.validation import SchemaValidationError, validate

# What a violation quotes of the value may be as large as the value.
LONGEST = 300


def violation(value: Any, schema: dict[str, Any]) -> str | None:
    """Return what is wrong with a value and where, or None."""
    if not isinstance(value, dict):
        return f"it must be a JSON object, not {type(value).__name__}"
    try:
        validate(event=value, schema=schema)
    except SchemaValidationError as error:
        return str(error.validation_message or error).rstrip(".")[:LONGEST]
    return None
