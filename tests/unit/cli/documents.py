"""The JSON of a command, judged by its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource

from tools.reader import ROOT

if TYPE_CHECKING:
    from click.testing import Result

SCHEMAS = ROOT / "cli" / "schemas"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    return found


# A schema may name a part of another, by the name of its file.
REGISTRY: Registry[Any] = Registry().with_resources(
    (path.name, Resource.from_contents(json.loads(path.read_text())))
    for path in SCHEMAS.glob("*.json")
)


def document(ended: Result, name: str) -> dict[str, Any]:
    """Return what a command wrote; it fits the schema of its command."""
    found: dict[str, Any] = json.loads(ended.stdout)
    assert problems_of(found, name) == []
    return found


def problems_of(found: dict[str, Any], name: str) -> list[str]:
    """Return where a document does not fit a command's schema."""
    errors = Draft7Validator(schema(name), registry=REGISTRY).iter_errors(found)
    return [f"{e.json_path}: {e.message}" for e in errors]
