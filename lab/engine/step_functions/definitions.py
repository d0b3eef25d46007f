"""Expressions that Step Functions refuses when a machine is created, and MiniStack takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.engine.aws import Aws

# Where JSONata has a context of its own: the items that are filtered, grouped, changed.
_OWN_CONTEXT = {"predicate", "stages", "group", "pattern", "update", "delete"}
# What the parser notes for %, which may lead in a circle.
_PARENTS = {"ancestor", "seeking_parent", "slot"}


def install(aws: Aws) -> None:
    """Refuse them, beside those that do not parse."""

    @wrap(aws.stepfunctions, "_validate_definition_jsonata")
    def validate(original: Any, definition: Any) -> str | None:
        refused: str | None = original(definition)
        return refused or refusal(definition)


def refusal(definition: Any) -> str | None:
    """Return why AWS refuses the expressions of a definition, or None.

    An expression of a state machine has no context: it begins at $states or at a variable. A name
    or $$ at its top level is refused when the machine is created, as others have measured
    (https://github.com/floci-io/floci/issues/2670 and 2745). What is no JSON is judged elsewhere.
    """
    try:
        document = json.loads(definition)
    except (TypeError, ValueError):
        return None
    for place, expression in _expressions(document, ""):
        for name in references(expression):
            reason = f"Reference to '{name}' at the top level is not supported."
            return f"UNSUPPORTED_JSONATA_EXPRESSION: {reason} at {place}"
    return None


def references(expression: str) -> list[str]:
    """Return what an expression reads of a context that Step Functions does not give it."""
    from jsonata import Jsonata

    return list(_of_the_context(Jsonata(expression).ast, top=True))


def _expressions(node: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield every JSONata expression of a definition with its place in it."""
    if isinstance(node, str):
        if node.startswith("{%") and node.endswith("%}"):
            yield place, node[2:-2].strip()
    elif isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _expressions(value, f"{place}/{key}")


def _of_the_context(node: Any, *, top: bool) -> Iterator[str]:
    from jsonata.parser import Parser

    if isinstance(node, list | tuple):
        for each in node:
            yield from _of_the_context(each, top=top)
    elif isinstance(node, Parser.Symbol):
        if node.type == "variable" and node.value == "$":
            yield "$$"
        elif node.type == "name" and top:
            yield str(node.value)
        for name, part in vars(node).items():
            if name == "steps" and part:
                # A step after the first has the result of the one before for its context.
                yield from _of_the_context(part[0], top=top)
                yield from _of_the_context(part[1:], top=False)
            elif name not in _PARENTS:
                yield from _of_the_context(part, top=top and name not in _OWN_CONTEXT)
