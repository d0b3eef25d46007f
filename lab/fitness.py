"""Whether this machine can build and run the functions of a template: tools, runtimes, the SDK."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any

from lab.config import LabError
from lab.engine.lambda_workers.node_environments import SDK, SDK_REMEDY
from lab.engine.lambda_workers.runtimes import node_version, problem_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUNCTIONS = {"AWS::Serverless::Function", "AWS::Lambda::Function"}
MACHINE_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
# What `sam build` needs beside itself, by the build method, with the remedy.
TOOLS = {
    "esbuild": "Run `npm install --save-dev esbuild` in {code}",
    "make": "Install GNU make",
    "npm": "Install Node.js with npm (https://nodejs.org)",
}
_IMPORT = re.compile(r"""["'](@aws-sdk/[a-z0-9-]+)["']""")
_PYTHON = re.compile(r"python3\.\d+")


def check(template: dict[str, Any], folder: Path) -> None:
    """Check each function of a template before it is built.

    Raises
    ------
    LabError
        The lab does not run a function's runtime, or a tool of its build is missing. The text names
        the function and the remedy.
    """
    tools = path_of_tools(template, folder)
    for name, resource in _functions(template):
        runtime = _runtime_of(template, resource)
        if isinstance(runtime, str) and (problem := problem_with(runtime)):
            raise LabError(f"{name}: {problem}")
        code = folder / _code_of(template, resource)
        tool = _tool_of(resource, runtime, code)
        if tool and not _is_there(tool, code, tools):
            raise LabError(
                f"{name} is built with {tool}, which is not on this machine. "
                f"{TOOLS[tool].format(code=code)}, and try again."
            )


def path_of_tools(template: dict[str, Any], folder: Path) -> str:
    """Return the PATH for a build: with the tools that npm has installed for the application."""
    codes = [folder, *(folder / _code_of(template, r) for _, r in _functions(template))]
    own = dict.fromkeys(str(code.resolve() / "node_modules" / ".bin") for code in codes)
    return os.pathsep.join([*own, os.environ.get("PATH", "")])


def name_machine_python(template: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    """Name this machine's Python instead of each other one.

    Returns
    -------
    What stood there, by its place in the template, for `name_again`.
    """
    replaced = {}
    for place in _runtime_places(template):
        holder, key = _at(template, place[:-1]), place[-1]
        runtime = _resolved(template, holder[key])
        if _PYTHON.fullmatch(str(runtime)) and runtime != MACHINE_PYTHON:
            replaced[place], holder[key] = holder[key], MACHINE_PYTHON
    return replaced


def name_again(template: dict[str, Any], replaced: dict[tuple[str, ...], Any]) -> None:
    """Restore what `name_machine_python` replaced, where it is still there."""
    for place, value in replaced.items():
        holder = _at(template, place[:-1])
        if place[-1] in holder:
            holder[place[-1]] = value


def warnings(template: dict[str, Any], built: Path) -> Iterator[str]:
    """Name the runtimes that differ from this machine's, and parts of the SDK that are missing."""
    runtimes = {_runtime_of(template, resource) for _, resource in _functions(template)}
    named = sorted(r for r in runtimes if isinstance(r, str))
    own = {MACHINE_PYTHON, f"nodejs{node_version()}.x"}
    for prefix, what in (("python", MACHINE_PYTHON), ("nodejs", f"Node.js {node_version()}")):
        others = [r for r in named if r.startswith(prefix) and r not in own]
        if others:
            yield f"Functions of {' and '.join(others)} run on this machine's {what}."
    for name, resource in _functions(template):
        code = built / _code_of(template, resource)
        if resource.get("Properties", {}).get("Layers") or not code.is_dir():
            continue
        for package in _missing_sdk(code):
            yield f"{name} imports {package}. {SDK_REMEDY.format(package=package)}"


def _functions(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template.get("Resources", {}).items():
        if resource.get("Type") in FUNCTIONS:
            yield name, resource


def _resolved(template: dict[str, Any], value: Any) -> Any:
    """Return the default of a parameter that is referred to, or the value itself."""
    if isinstance(value, dict) and "Ref" in value:
        return template.get("Parameters", {}).get(value["Ref"], {}).get("Default")
    return value


def _runtime_of(template: dict[str, Any], resource: dict[str, Any]) -> Any:
    properties = resource.get("Properties", {})
    if properties.get("PackageType") == "Image":
        return "container images"
    everywhere = template.get("Globals", {}).get("Function", {})
    return _resolved(template, properties.get("Runtime", everywhere.get("Runtime")))


def _code_of(template: dict[str, Any], resource: dict[str, Any]) -> str:
    everywhere = template.get("Globals", {}).get("Function", {})
    return str(resource.get("Properties", {}).get("CodeUri", everywhere.get("CodeUri", ".")))


def _runtime_places(template: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    places: list[tuple[str, ...]] = [("Globals", "Function", "Runtime")]
    for name in template.get("Resources", {}):
        places.append(("Resources", name, "Properties", "Runtime"))
        places.append(("Resources", name, "Metadata", "BuildMethod"))
    yield from (place for place in places if place[-1] in _at(template, place[:-1]))


def _at(template: dict[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    found = template
    for key in place:
        found = found.get(key) or {}
    return found


def _tool_of(resource: dict[str, Any], runtime: Any, code: Path) -> str | None:
    """Return the tool that `sam build` calls for a function; none for what it only copies."""
    method = (resource.get("Metadata") or {}).get("BuildMethod")
    if method in ("esbuild", "makefile"):
        return {"esbuild": "esbuild", "makefile": "make"}[method]
    with_packages = str(runtime).startswith("nodejs") and (code / "package.json").is_file()
    return "npm" if with_packages else None


def _is_there(tool: str, code: Path, tools: str) -> bool:
    """Return whether a tool is on a path, or among what `sam build` installs for the function."""
    package = code / "package.json"
    installed = json.loads(package.read_text()) if package.is_file() else {}
    return tool in installed.get("dependencies", {}) or shutil.which(tool, path=tools) is not None


def _missing_sdk(code: Path) -> list[str]:
    """Return the packages of the SDK that code imports and neither it nor this machine has."""
    sources = [p for p in code.rglob("*.*js") if "node_modules" not in p.relative_to(code).parts]
    imported = {name for p in sources for name in _IMPORT.findall(p.read_text(errors="replace"))}
    places = (SDK, code / "node_modules")
    return sorted(n for n in imported if not any((place / n).is_dir() for place in places))
