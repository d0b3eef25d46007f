"""The project `pilot-light` declares and ships all that its commands import, and nothing else."""

from __future__ import annotations

import re
import sys
import tomllib

from setuptools import find_packages

from tests.unit.test_imports import ROOT, imports

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FIND = PROJECT["tool"]["setuptools"]["packages"]["find"]
# The name that a library is imported by, where it is not the distribution's.
MODULES = {"aws-sam-translator": "samtranslator", "dnspython": "dns", "pyyaml": "yaml"}
# boto3 brings it.
WITH_BOTO3 = {"botocore"}


def declared() -> set[str]:
    return {re.split(r"[<>=~ ]", text)[0] for text in PROJECT["project"]["dependencies"]}


def shipped() -> set[str]:
    return {
        package
        for where in FIND["where"]
        for package in find_packages(str(ROOT / where), include=FIND["include"])
    }


def test_every_dependency_is_locked_for_the_checkout() -> None:
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements/lab.txt").read_text(), re.M)
    assert declared() <= set(locked)


def test_the_commands_import_only_what_is_declared_or_shipped() -> None:
    allowed = {MODULES.get(name, name) for name in declared()} | WITH_BOTO3
    allowed |= {package.partition(".")[0] for package in shipped()} | set(sys.stdlib_module_names)
    for folder in ("cli", "tools/reader"):
        for file in (ROOT / folder).rglob("*.py"):
            outermost = {name.split(".")[0] for name in imports(file, typing=False)}
            assert not outermost - allowed, f"{file} imports {sorted(outermost - allowed)}"


def test_every_package_of_the_commands_is_shipped_and_nothing_of_the_lab() -> None:
    folders = {file.parent for file in (ROOT / "cli").rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert names <= shipped()
    assert {"tools.reader", "pilotlight.reporting", "pilot_light_client"} <= shipped()
    assert not {name for name in shipped() if name.split(".")[0] in ("lab", "tests")}
    assert not {name for name in shipped() if name.startswith("tools.")} - {"tools.reader"}


def test_the_lab_is_a_project_of_its_own() -> None:
    lab = tomllib.loads((ROOT / "lab/pyproject.toml").read_text())
    assert lab["project"]["scripts"] == {"lab": "lab.cli:main"}
    assert PROJECT["project"]["scripts"] == {"pilot-light": "cli.main:main"}
