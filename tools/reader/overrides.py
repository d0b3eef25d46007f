"""`parameter_overrides` of samconfig.toml, read as `sam deploy` reads them.

SAM CLI is a large program and pins its libraries, so an operator's command cannot need it. The
tests compare this reader with SAM CLI's own. What SAM leaves out without a word is an error here.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-deploy.html
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEY = r"[A-Za-z0-9\"']+"
_VALUE = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|[^ "\\])+"""
# The first form that a text has at all is taken for the whole of it.
_FORMS = (
    re.compile(rf"ParameterKey=({_KEY}),ParameterValue=({_VALUE})"),
    re.compile(rf" ({_KEY})=({_VALUE})"),
)
_ESCAPED = re.compile(r"\\([ \"'])")
FILE = "file://"


class InvalidOverrides(ValueError):
    """The overrides have a part that SAM refuses, or leaves out."""


def read(value: Any) -> dict[str, str]:
    """Return the parameters. Later ones win.

    Parameters
    ----------
    value
        A text of pairs, a table, the address of a file, or a list of these.

    Raises
    ------
    InvalidOverrides
        A part of it is no pair, or a file cannot be read.
    """
    return {_unquoted(key): _unquoted(text) for key, text in _pairs(value, None, ())}


def _pairs(value: Any, base: Path | None, parents: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    if value is None or value == "":
        return
    if isinstance(value, list):
        for part in value:
            yield from _pairs(part, base, parents)
    elif isinstance(value, dict):
        yield from _of_table(value, base, parents)
    elif isinstance(value, str) and value.startswith(FILE):
        path = (base or Path()).joinpath(value.removeprefix(FILE)).resolve()
        if path in parents:
            raise InvalidOverrides(f"{path} includes itself.")
        yield from _pairs(_file(path), path.parent, (*parents, path))
    elif isinstance(value, str):
        yield from _of_text(value)
    else:
        raise InvalidOverrides(f"{value!r} is no text, table or list.")


def _of_table(
    table: dict[Any, Any], base: Path | None, parents: tuple[Path, ...]
) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if key == "$include":
            yield from _pairs(value, base, parents)
        elif isinstance(value, list):
            yield str(key), ",".join(str(v).strip() for v in value if v not in (None, ""))
        else:
            yield str(key), "" if value is None else str(value)


def _of_text(text: str) -> Iterator[tuple[str, str]]:
    padded = f" {text.strip()}"
    form = next((f for f in _FORMS if f.search(padded)), None)
    if form is None:
        raise InvalidOverrides(f"{text!r} has no pair such as Name=value.")
    if rest := form.sub("", padded).strip():
        raise InvalidOverrides(
            f"sam leaves out {rest!r}. Put a value that has blanks or quotes in quotes, as in "
            'Name="a value".'
        )
    yield from form.findall(padded)


def _file(path: Path) -> Any:
    readers: dict[str, Callable[[str], Any]] = {
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
    }
    if path.suffix not in readers:
        raise InvalidOverrides(f"{path} is no file of JSON, YAML or TOML.")
    try:
        return readers[path.suffix](path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidOverrides(f"{path} cannot be read: {error}.") from error


def _unquoted(text: str) -> str:
    if text and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return _ESCAPED.sub(r"\1", text)
