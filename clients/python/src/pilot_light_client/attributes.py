"""The attributes of an item as DynamoDB returns it, each read as the type that we wrote.

Anybody may have written a row by another way. What is missing, or of another type, is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# An item, or a map within one: from an attribute's name to its type and value.
Row = Mapping[str, Any]
# A key has to be told to people, so that a binary one is not supported.
KEY_KINDS = {"S", "N"}
# Bytes of a partition key.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LONGEST_KEY = 2048


class AttributeInvalid(Exception):
    """An attribute is missing, or not of the type that we wrote."""


def text(row: Row, name: str) -> str:
    """Return a string, which may be empty."""
    value = _value(row, name, "S")
    if not isinstance(value, str):
        raise AttributeInvalid(name)
    return value


def number(row: Row, name: str) -> int:
    """Return a whole number."""
    try:
        return int(_value(row, name, "N"))
    except (TypeError, ValueError) as error:
        raise AttributeInvalid(name) from error


def flag(row: Row, name: str) -> bool:
    """Return a boolean."""
    value = _value(row, name, "BOOL")
    if not isinstance(value, bool):
        raise AttributeInvalid(name)
    return value


def mapping(row: Row, name: str) -> Row:
    """Return a map."""
    value = _value(row, name, "M")
    if not isinstance(value, Mapping):
        raise AttributeInvalid(name)
    return value


def is_null(row: Row, name: str) -> bool:
    """Return whether an attribute is there and null."""
    attribute = row.get(name)
    return isinstance(attribute, Mapping) and attribute.get("NULL") is True


def try_text(row: Row, name: str) -> str | None:
    """Return a string that is not empty, or None for anything else."""
    try:
        return text(row, name) or None
    except AttributeInvalid:
        return None


def try_number(row: Row, name: str) -> int | None:
    """Return a whole number, or None for anything else."""
    try:
        return number(row, name)
    except AttributeInvalid:
        return None


def is_key(key: Row) -> bool:
    """Return whether these are one or two attributes of text or number, as a table's key has."""
    return 1 <= len(key) <= 2 and all(map(_is_of_key, key.values()))


def _is_of_key(attribute: Any) -> bool:
    """Return whether DynamoDB takes an attribute in a key: it is not empty, and not too long."""
    if not isinstance(attribute, dict) or len(attribute) != 1:
        return False
    ((kind, value),) = attribute.items()
    if kind not in KEY_KINDS or not isinstance(value, str):
        return False
    return 1 <= len(value.encode(errors="surrogatepass")) <= LONGEST_KEY


def _value(row: Row, name: str, kind: str) -> Any:
    attribute = row.get(name)
    if not isinstance(attribute, Mapping) or kind not in attribute:
        raise AttributeInvalid(name)
    return attribute[kind]
