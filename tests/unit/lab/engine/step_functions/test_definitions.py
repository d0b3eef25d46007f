"""Expressions that Step Functions refuses when a machine is created."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lab.config import ROOT
from lab.engine import stack_resources
from lab.engine.step_functions import definitions
from lab.engine.step_functions.definitions import references, refusal
from tests.unit.lab.engine.fakes import Anything, FakeAws
from tools.reader.definitions import read


def definition(expression: str) -> str:
    state = {"Type": "Pass", "Output": {"value": [f"{{% {expression} %}}"]}, "End": True}
    machine = {"QueryLanguage": "JSONata", "StartAt": "Main", "States": {"Main": state}}
    return json.dumps(machine)


@pytest.mark.parametrize(
    "expression", ["$$", "$$.a", "$map($a, function($v){ $$.b })", '{"a": $$}', "$x[$$.a = 1]"]
)
def test_the_root_context_is_refused_anywhere(expression: str) -> None:
    assert references(expression) == ["$$"]


@pytest.mark.parametrize(
    ("expression", "name"),
    [("phone", "phone"), ("a.b", "a"), ("$not(x = true)", "x"), ("$a ? b : $c", "b")],
)
def test_a_name_at_the_top_level_is_refused(expression: str, name: str) -> None:
    assert references(expression) == [name]


@pytest.mark.parametrize(
    "expression",
    [
        '"$$"',
        "$f(/\\$\\$/)",
        "$states.input.a",
        "$items[$ > 1]",
        "$items[name = 1].(a * b)",
        "$items^(name)",
        "$items{name: value}",
        '$x ~> |$|{"a": b}|',
        "$x.y.%.z",
        "true",
    ],
)
def test_what_has_a_context_of_its_own_passes(expression: str) -> None:
    assert references(expression) == []


def test_a_refusal_names_the_reference_and_its_place() -> None:
    assert refusal(definition("$$")) == (
        "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' at the top level is not supported. "
        "at /States/Main/Output/value/0"
    )
    assert refusal(definition("$states.input")) is None
    assert refusal("no JSON") is refusal(None) is None


def test_the_machines_of_this_repository_pass() -> None:
    found = sorted((ROOT / "statemachines").glob("*.asl.yaml"))
    assert len(found) == 3
    for file in found:
        text = re.sub(r"\$\{\w+\}", "1", file.read_text())
        assert refusal(json.dumps(read(text))) is None, file.name


def stepfunctions(refused: str | None = None) -> Any:
    aws = FakeAws(stepfunctions=Anything(_validate_definition_jsonata=lambda _: refused))
    definitions.install(aws)  # type: ignore[arg-type]
    return aws.stepfunctions  # type: ignore[attr-defined]


def test_what_does_not_parse_is_refused_as_before() -> None:
    assert (
        stepfunctions("it does not parse")._validate_definition_jsonata("") == "it does not parse"
    )
    assert "'$$'" in stepfunctions()._validate_definition_jsonata(definition("$$"))


def test_a_stack_s_definition_is_judged_as_that_of_a_call_is() -> None:
    provisioners = Anything(_sfn_definition=lambda properties: properties["DefinitionString"])
    aws: Any = FakeAws(provisioners=provisioners, stepfunctions=stepfunctions())
    stack_resources._definitions(aws)
    with pytest.raises(ValueError, match=r"Invalid State Machine Definition: .*'\$\$'"):
        provisioners._sfn_definition({"DefinitionString": definition("$$")})
    good = definition("$states.input")
    assert provisioners._sfn_definition({"DefinitionString": good}) == good


def test_the_file_of_a_definition_may_be_yaml() -> None:
    provisioners = Anything(_sfn_definition=lambda _: "StartAt: Main\nStates: {}\n")
    aws: Any = FakeAws(provisioners=provisioners, stepfunctions=stepfunctions())
    stack_resources._definitions(aws)
    found = provisioners._sfn_definition({"DefinitionS3Location": {"Key": "file"}})
    assert json.loads(found) == {"StartAt": "Main", "States": {}}
