"""What the code of functions reaches: the modules it imports, and by them the network."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tools.reader import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUNCTIONS = ROOT / "functions"
CLIENT = ROOT / "clients" / "python" / "src"
EXAMPLE, APP = "ExampleFunction", ROOT / "app" / "src"
NETWORK = {"pilot_light_client.http", "pilotlight.shared.dns_lookup"}


def folder(function: str) -> str:
    """Return the folder that holds a function's handler, by the function's name in the template."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", function.removesuffix("Function")).lower()


def modules(function: str) -> dict[str, ast.Module]:
    """Return the parsed modules of this project that a function imports, itself as `app`."""
    parsed: dict[str, ast.Module] = {}
    place = APP if function == EXAMPLE else FUNCTIONS / folder(function)
    todo = {"app": place / "app.py"}
    while todo:
        name, file = todo.popitem()
        parsed[name] = ast.parse(file.read_text())
        todo |= {n: f for n, f in _imports(parsed[name]) if n not in parsed}
    return parsed


def asks_by_network(function: str) -> bool:
    """Return whether a function can ask something over HTTPS or DNS."""
    return bool(NETWORK & set(modules(function)))


def _imports(module: ast.Module) -> Iterator[tuple[str, Path]]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            for name in (str(node.module), *(f"{node.module}.{a.name}" for a in node.names)):
                for tree in (FUNCTIONS, CLIENT, APP):
                    file = tree.joinpath(*name.split(".")).with_suffix(".py")
                    if file.is_file():
                        yield name, file
