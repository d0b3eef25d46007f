"""JSONata as Step Functions has it, with variables that are bound."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from lab.engine.patching import replace_everywhere

_BOUND = re.compile(r"/\*bound:(\{.*?\})\*/", re.DOTALL)


def install() -> None:
    """Bind variables. Functions of AWS's own, such as $uuid, are missing: no machine uses them."""
    import jsonata
    from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as intrinsic
    from moto.stepfunctions.parser.asl.jsonata import jsonata as engine

    intrinsic._DECLARATION_BY_VARIABLE_REFERENCE.clear()
    engine._ILLEGAL_VARIABLE_REFERENCES = {"$$"}
    extract, encode = (
        engine.extract_jsonata_variable_references,
        engine.encode_jsonata_variable_declarations,
    )

    # Programs that nobody evaluates, by their text: parsing took most of the time, and one program
    # has one evaluation at a time. To take one is a single operation, for runs are threads.
    parsed: defaultdict[str, deque[Any]] = defaultdict(deque)

    def program_of(text: str) -> Any:
        try:
            return parsed[text].pop()
        except IndexError:
            return jsonata.Jsonata(text)

    @lru_cache(maxsize=64)
    def variables(values: str) -> dict[str, Any]:
        """Read values by their names. The expressions of a state have the same ones."""
        given = _with_nulls(json.loads(values))
        return {name.removeprefix("$"): value for name, value in given.items()}

    def evaluate(expression: str) -> Any:
        """Evaluate with the variables bound; spelled out, they would be parsed each time."""
        bound: dict[str, Any] = {}
        for values in _BOUND.findall(expression):
            bound |= variables(values)
        text = _BOUND.sub("", expression)
        try:
            program = program_of(text)
            # Its functions ask for the program of their thread.
            jsonata.Jsonata.CURRENT.jsonata = program
            value = program.evaluate(None, bound)
            parsed[text].append(program)
            return json.loads(json.dumps(value, default=lambda _: None))
        except Exception as error:
            raise engine.JSONataException("UNKNOWN", str(error)) from error

    def without_context(expression: str) -> set[str]:
        """`$` is the context, not a variable, and AWS allows it; `$$` it does not."""
        return {name for name in extract(expression) if name != "$"}

    def declarations(bindings: dict[str, Any]) -> str:
        """Leave the values in a comment, which moto keeps as long as the variables' scope."""
        # "*/" can be in texts alone, and JSON may spell a slash as "\/".
        values = json.dumps(bindings, default=_as_text).replace("*/", "*\\/")
        return f"/*bound:{values}*/"

    engine._eval_jsonata = evaluate
    replace_everywhere("moto.stepfunctions", extract, without_context)
    replace_everywhere("moto.stepfunctions", encode, declarations)


def _with_nulls(value: Any) -> Any:
    """Spell null as jsonata-python does, to which None means undefined."""
    from jsonata.utils import Utils

    if isinstance(value, dict):
        return {k: _with_nulls(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_nulls(v) for v in value]
    return Utils.NULL_VALUE if value is None else value


def _as_text(value: Any) -> str:
    """Write a moment as AWS does: 2026-01-31T12:00:00.000Z."""
    if not isinstance(value, datetime | date):
        return str(value)
    if not isinstance(value, datetime) or value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
