"""What of an application this machine cannot build or run is named before it is built."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lab import fitness
from lab.config import LabError
from lab.engine.lambda_workers import runtimes

if TYPE_CHECKING:
    from pathlib import Path


def template(metadata: Any = None, globals_: Any = None, **properties: Any) -> dict[str, Any]:
    function = {"Type": "AWS::Serverless::Function", "Properties": properties}
    if metadata:
        function["Metadata"] = metadata
    return {
        "Parameters": {"Version": {"Type": "String", "Default": "python3.13"}},
        "Globals": {"Function": globals_ or {}},
        "Resources": {"Orders": function, "Table": {"Type": "AWS::DynamoDB::Table"}},
    }


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine with Python 3.11 and Node.js 20, and the tools that a test gives it."""
    tools: set[str] = set()
    monkeypatch.setattr(fitness, "MACHINE_PYTHON", "python3.11")
    for module in (fitness, runtimes):
        monkeypatch.setattr(module, "node_version", lambda: 20)
    monkeypatch.setattr(
        fitness.shutil, "which", lambda tool, path=None: tool if tool in tools else None
    )
    return tools


@pytest.mark.parametrize(
    "given",
    [
        template(Runtime="java21"),
        template(globals_={"Runtime": "java21"}),
        template(PackageType="Image"),
    ],
    ids=["own", "global", "image"],
)
def test_a_runtime_that_the_lab_does_not_run_is_named_with_its_function(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    with pytest.raises(LabError, match=r"Orders: The lab does not run (java21|container images)"):
        fitness.check(given, tmp_path)


ESBUILD = {"BuildMethod": "esbuild"}


@pytest.mark.parametrize(
    ("metadata", "package", "tool"),
    [
        (ESBUILD, None, "esbuild"),
        (ESBUILD, {"devDependencies": {"esbuild": "1"}}, "esbuild"),
        ({"BuildMethod": "makefile"}, None, "make"),
        (None, {}, "npm"),
    ],
)
def test_a_tool_that_the_build_needs_is_named_unless_it_is_there(
    tmp_path: Path, machine: set[str], metadata: Any, package: Any, tool: str
) -> None:
    if package is not None:
        (tmp_path / "package.json").write_text(json.dumps(package))
    given = template(metadata, Runtime="nodejs22.x")
    with pytest.raises(LabError, match=f"Orders is built with {tool}, which is not on this"):
        fitness.check(given, tmp_path)
    machine.add(tool)
    fitness.check(given, tmp_path)


@pytest.mark.usefixtures("machine")
def test_a_tool_that_sam_installs_as_a_dependency_needs_not_be_there(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"esbuild": "1"}}))
    fitness.check(template(ESBUILD, Runtime="nodejs22.x"), tmp_path)


def test_code_that_is_only_copied_needs_no_tool(tmp_path: Path) -> None:
    fitness.check(template(Runtime="nodejs22.x"), tmp_path)


LAYER = {
    "Type": "AWS::Serverless::LayerVersion",
    "Metadata": {"BuildMethod": "python3.13"},
    "Properties": {"ContentUri": "layer/"},
}


def test_every_other_python_is_replaced_for_the_build_and_named_again() -> None:
    given = template(globals_={"Runtime": "python3.12"}, Runtime={"Ref": "Version"})
    given["Resources"]["Libraries"] = LAYER
    given["Resources"]["Web"] = template(Runtime="nodejs22.x")["Resources"]["Orders"]
    before = json.dumps(given)
    given = json.loads(before)
    replaced = fitness.name_machine_python(given)
    resources = given["Resources"]
    assert given["Globals"]["Function"]["Runtime"] == "python3.11"
    assert resources["Orders"]["Properties"]["Runtime"] == "python3.11"
    assert resources["Libraries"]["Metadata"]["BuildMethod"] == "python3.11"
    assert resources["Web"]["Properties"]["Runtime"] == "nodejs22.x"
    fitness.name_again(given, replaced)
    assert json.loads(before) == given


def test_what_sam_has_left_out_of_the_built_template_is_not_named_again() -> None:
    given = {"Resources": {"Libraries": json.loads(json.dumps(LAYER))}}
    replaced = fitness.name_machine_python(given)
    del given["Resources"]["Libraries"]["Metadata"]
    fitness.name_again(given, replaced)
    assert "Metadata" not in given["Resources"]["Libraries"]


def test_runtimes_that_differ_from_this_machine_s_are_named(tmp_path: Path) -> None:
    given = template(Runtime="nodejs22.x")
    others = ("python3.13", "python3.12", "python3.11", "nodejs20.x")
    for runtime in others:
        given["Resources"][runtime] = template(Runtime=runtime)["Resources"]["Orders"]
    assert list(fitness.warnings(given, tmp_path)) == [
        "Functions of python3.12 and python3.13 run on this machine's python3.11.",
        "Functions of nodejs22.x run on this machine's Node.js 20.",
    ]


def test_parts_of_the_sdk_that_are_nowhere_are_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitness, "SDK", tmp_path / "sdk")
    for place in ("sdk/@aws-sdk/client-dynamodb", "Orders/node_modules/@aws-sdk/client-sns"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "Orders" / "lib").mkdir()
    (tmp_path / "Orders" / "lib" / "app.mjs").write_text(
        'import { A } from "@aws-sdk/client-dynamodb";\n'
        "const { B } = require('@aws-sdk/client-sns');\n"
        'import { C } from "@aws-sdk/client-sqs";\n'
    )
    (tmp_path / "Orders" / "node_modules" / "x.js").write_text('require("@aws-sdk/client-ec2")')
    given = template(Runtime="nodejs20.x", CodeUri="Orders")
    (warning,) = fitness.warnings(given, tmp_path)
    assert warning.startswith("Orders imports @aws-sdk/client-sqs. Lambda's runtime has it;")
    assert "npm install --no-save --prefix clients/node @aws-sdk/client-sqs" in warning
    given["Resources"]["Orders"]["Properties"]["Layers"] = ["arn"]
    assert list(fitness.warnings(given, tmp_path)) == [], "a layer may have it"
