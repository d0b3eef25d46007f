"""What a publishing state of a machine sends, its JSONata evaluated as the template deploys it."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonata import Jsonata

from tests.template.definitions import EVERY_TASK
from tools.reader.definitions import read, states
from tools.reader.template import load

if TYPE_CHECKING:
    from tests.template.definitions import Definition

PUBLISHES = [(d, n) for d, n in EVERY_TASK if "sns:publish" in d.states[n]["Resource"]]
EXECUTION = "arn:aws:states:us-east-2:123456789012:execution:pilot-light-failover:20260131-1"
CONTEXT = {"Execution": {"Id": EXECUTION}, "Task": {"Token": "a token"}}


@cache
def _deployed(definition: Definition, form: str) -> dict[str, dict[str, Any]]:
    """Return a machine's states with the substitutions of its stack, in a form of messages."""
    values = load(definition.stack).properties(definition.resource)["DefinitionSubstitutions"]
    return states(read(definition.text, values | {"MessageForm": form}))


def assigned(definition: Definition, form: str = "Json") -> dict[str, Any]:
    """Return what a machine's first state assigns."""
    first: dict[str, Any] = _deployed(definition, form)[definition.machine["StartAt"]]["Assign"]
    return first


def sent(
    definition: Definition, name: str, variables: dict[str, Any], form: str = "Json"
) -> dict[str, Any]:
    """Return the arguments of a publishing state, evaluated with variables."""
    first = assigned(definition, form)
    known = {n: first[n] for n in ("deployment", "messages", "request") if n in first}
    bound = {**variables, **known, "states": {"context": CONTEXT}}
    arguments = _deployed(definition, form)[name]["Arguments"]
    return {key: _evaluated(value, bound) for key, value in arguments.items()}


def _evaluated(text: str, bound: dict[str, Any]) -> Any:
    if not text.startswith("{%"):
        return text
    return Jsonata(text.removeprefix("{%").removesuffix("%}")).evaluate(None, bound)


def forms(arguments: dict[str, Any]) -> dict[str, str]:
    """Return what each protocol gets of a publication."""
    found: dict[str, str] = json.loads(arguments["Message"])
    return found
