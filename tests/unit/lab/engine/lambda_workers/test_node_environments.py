"""Where a Node.js function finds packages, and what its process inherits."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from lab.engine.lambda_workers import node_environments
from tests.unit.lab.engine.fakes import CONFIG, Anything
from tests.unit.lab.engine.lambda_workers.node_function import function, needs_node

if TYPE_CHECKING:
    from pathlib import Path

BOTH = """
import { createRequire } from "node:module";
export const handler = async (name) => [
  (await import(name)).default, createRequire(import.meta.url)(name),
];
"""


def package(modules: Path, name: str, says: str) -> None:
    (modules / name).mkdir(parents=True)
    (modules / name / "package.json").write_text(json.dumps({"name": name, "main": "main.js"}))
    (modules / name / "main.js").write_text(f"module.exports = {json.dumps(says)};")


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two layers and the SDK of clients/node."""
    one, two, sdk = tmp_path / "one", tmp_path / "two", tmp_path / "sdk"
    package(one / "nodejs" / "node_modules", "shared", "layer one")
    package(two / "nodejs" / "node_modules", "shared", "layer two")
    package(two / "nodejs" / "node22" / "node_modules", "@aws-sdk/newer", "layer two")
    package(two / "nodejs" / "node20" / "node_modules", "@aws-sdk/client", "another version's")
    package(one / "nodejs" / "node22" / "node_modules", "versioned", "for this version")
    package(one / "nodejs" / "node_modules", "versioned", "for all versions")
    package(sdk, "@aws-sdk/newer", "runtime")
    package(sdk, "@aws-sdk/client", "runtime")
    package(sdk, "elsewhere", "not in Lambda")
    monkeypatch.setattr(node_environments, "SDK", sdk)
    return os.pathsep.join(map(str, (one, two)))


@needs_node
def test_packages_are_those_of_the_function_then_of_the_layers_then_of_the_runtime(
    tmp_path: Path, layers: str
) -> None:
    files = {"app.mjs": BOTH, "node_modules/own/index.js": "module.exports = 'own';"}
    with function(tmp_path, files, _LAMBDA_LAYERS_DIRS=layers) as running:
        for name, says in {
            "own": "own",
            "shared": "layer one",
            "versioned": "for this version",
            "@aws-sdk/newer": "layer two",
            "@aws-sdk/client": "runtime",
        }.items():
            assert running.invoke(name)["result"] == [says, says]
        assert running.invoke("elsewhere")["raised"] == "Error"


def test_an_environment_has_the_lab_s_authority_and_the_function_s_own_node_options(
    tmp_path: Path,
) -> None:
    given = {"NODE_OPTIONS": "--enable-source-maps", "PYTHONPATH": "x", "TABLE": "t"}
    code = tmp_path / "code"
    found = node_environments.variables(given, str(code), CONFIG)
    assert found == {
        "NODE_OPTIONS": "--enable-source-maps",
        "TABLE": "t",
        "NODE_EXTRA_CA_CERTS": str(CONFIG.ca_file),
        "NODE_PATH": f"{tmp_path / 'node_modules'}{os.pathsep}{code}",
    }


def test_an_environment_knows_its_runtime_and_python_s_are_as_ever() -> None:
    class Worker:
        def __init__(self, _name: str, config: dict[str, Any], _code: bytes) -> None:
            self.config = config

    aws: Any = Anything(lambda_runtime=Anything(Worker=Worker))
    node_environments.install(aws)
    node = {"Runtime": "nodejs24.x", "Environment": {"Variables": {"A": "1"}}}
    assert Worker("f", node, b"").config["Environment"]["Variables"] == {
        "A": "1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x",
    }
    python = {"Runtime": "python3.13"}
    assert Worker("f", python, b"").config == python
