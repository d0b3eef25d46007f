"""What holds for the whole template: names, parameters, outputs, logs, the build."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pilot_light_client import settings
from pilotlight.shared import settings as deployments
from samtranslator.yaml_helper import yaml_parse

from tests.handlers import load_handler, load_module
from tests.template.stacks import Stack, hooked, source
from tools.audit.code import folder

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = hooked("secondary").of_type("AWS::Lambda::Function")
EXAMPLE = yaml_parse((ROOT / "app" / "template.yaml").read_text())
DATA = yaml_parse((ROOT / "data" / "template.yaml").read_text())
DOCUMENTS = {"template.yaml": source(), "app/template.yaml": EXAMPLE, "data/template.yaml": DATA}


def test_every_log_group_forgets(any_part: Stack) -> None:
    for group in any_part.of_type("AWS::Logs::LogGroup").values():
        assert int(group["RetentionInDays"]) > 0


def test_every_parameter_is_described_and_bounded() -> None:
    for name, parameter in source()["Parameters"].items():
        assert parameter["Description"], name
        bounds = {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter)
        assert bounds or parameter["Type"] == "CommaDelimitedList", name


def test_every_parameter_is_in_one_group_of_the_console_in_the_template_s_order() -> None:
    groups = source()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert [name for g in groups for name in g["Parameters"]] == list(source()["Parameters"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=DOCUMENTS)
def test_every_check_of_checkov_that_is_skipped_has_its_reason(document: str) -> None:
    resources = DOCUMENTS[document]["Resources"].values()
    skipped = [
        s for r in resources for s in r.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skipped
    assert all(set(s) == {"id", "comment"} and len(s["comment"]) > 5 for s in skipped)


@pytest.mark.parametrize("document", DOCUMENTS, ids=DOCUMENTS)
def test_the_template_knows_nothing_of_the_lab(document: str) -> None:
    text = (ROOT / document).read_text().lower()
    assert not re.search(r"\blab\b|ministack|localhost|127\.0", text)


def test_the_makefile_builds_exactly_the_functions_of_the_template() -> None:
    kinds = source()["Resources"].items()
    functions = {k for k, r in kinds if r["Type"] == "AWS::Serverless::Function"}
    line = re.search(r"^FUNCTIONS := (.*)$", (ROOT / "functions" / "Makefile").read_text(), re.M)
    assert line
    assert {f"{name}Function" for name in line[1].split()} == functions
    for name in line[1].split():
        assert (ROOT / "functions" / folder(name) / "app.py").is_file(), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gets_exactly_the_variables_that_its_handler_reads_at_import(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    read: set[str] = set()

    def recorded(variable: str, parse: Any = str, **default: str) -> Any:
        read.add(variable)
        return original(variable, parse, **default)

    original = settings.variable
    for module in (settings, deployments):
        monkeypatch.setattr(module, "variable", recorded)
    deployments.Deployment.from_environment()
    shared = source()["Globals"]["Function"]["Environment"]["Variables"]
    assert read == {*shared, "AWS_REGION"} - {"POWERTOOLS_METRICS_NAMESPACE"}
    variables = FUNCTIONS[name]["Environment"]["Variables"]
    load_handler(folder(name), **{k: str(v) for k, v in variables.items()})
    assert read == {v for v in {*variables, "AWS_REGION"} if not v.startswith("POWERTOOLS_")}


def test_the_example_s_makefile_builds_exactly_what_its_template_names() -> None:
    makefile = (ROOT / "app" / "Makefile").read_text()
    built = {n for n, r in EXAMPLE["Resources"].items() if "BuildMethod" in r.get("Metadata", {})}
    packed = {"AWS::Serverless::Function", "AWS::Serverless::LayerVersion"}
    assert built == {n for n, r in EXAMPLE["Resources"].items() if r["Type"] in packed}
    assert set(re.findall(r"^build-(\w+):", makefile, re.M)) == built
    for place in " ".join(re.findall(r"cp -R (.*) \"", makefile)).split():
        assert (ROOT / "app" / place).resolve().is_dir(), place
    assert (ROOT / "app" / "src" / "app.py").is_file()


def test_the_example_gets_exactly_the_variables_that_its_handler_reads_at_import(
    monkeypatch: pytest.MonkeyPatch, primary: Stack
) -> None:
    read: set[str] = set()

    def recorded(variable: str, parse: Any = str, **default: str) -> Any:
        read.add(variable)
        return original(variable, parse, **default)

    original = settings.variable
    monkeypatch.setattr(settings, "variable", recorded)
    variables = primary.example.properties("Function")["Environment"]["Variables"]
    environment = {k: str(v) for k, v in variables.items()}
    load_module("handler_app", ROOT / "app" / "src" / "app.py", **environment)
    assert read == {v for v in {*variables, "AWS_REGION"} if not v.startswith("POWERTOOLS_")}


def test_the_example_gets_the_parameters_that_it_asks_for_and_no_others() -> None:
    given = source()["Resources"]["Example"]["Properties"]["Parameters"]
    assert list(given) == list(EXAMPLE["Parameters"])
    assert all("Default" not in p and p["Description"] for p in EXAMPLE["Parameters"].values())


def test_the_outputs_print_the_commands_a_person_needs_next(secondary: Stack) -> None:
    commands = {k: o["Value"] for k, o in secondary.outputs.items() if k.endswith("Command")}
    assert {n: c for n, c in commands.items() if n != "SubscribeCommand"} == {
        "StatusCommand": "pilot-light status",
        "RehearseCommand": "pilot-light rehearse",
    }
    assert secondary.region in commands["SubscribeCommand"]
