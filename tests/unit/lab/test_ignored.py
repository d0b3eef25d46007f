"""What the lab ignores of a template, named when it is deployed."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from samtranslator.yaml_helper import yaml_parse

from lab import ignored
from lab.progress import Progress
from tools.reader import ROOT
from tools.reader.template import applications, source

if TYPE_CHECKING:
    from pathlib import Path

API = {"Type": "AWS::Serverless::HttpApi", "Properties": {"Auth": {}, "DefaultRouteSettings": {}}}
MACHINE = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Tracing": {"Enabled": True}}}


def asks(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def test_authorizers_and_throttling_are_named_with_the_api_that_asks_for_them() -> None:
    assert ignored.sentence({"": asks(Api=API)}) == (
        "The lab ignores of the template: authorizers (Api), throttling (Api)."
    )


def test_many_places_are_counted() -> None:
    machines = asks(One=MACHINE, Other=MACHINE)
    assert "X-Ray traces (One and Other)" in str(ignored.sentence({"": machines}))
    machines["Globals"] = {"Function": {"Tracing": "Active"}}
    assert "X-Ray traces (3 places)" in str(ignored.sentence({"": machines}))


def test_what_other_applications_ask_for_is_named_too() -> None:
    rest = {"Type": "AWS::Serverless::Api", "Properties": {"TracingEnabled": True, "Models": {}}}
    function = {"Type": "AWS::Serverless::Function", "Properties": {"VpcConfig": {}}}
    assert ignored.sentence({"": asks(Api=rest, Orders=function)}) == (
        "The lab ignores of the template: X-Ray traces (Api), validation of requests (Api), "
        "VPCs (Orders)."
    )


def test_a_template_that_asks_for_nothing_of_it_gets_no_sentence() -> None:
    assert ignored.sentence({"": asks(Topic={"Type": "AWS::SNS::Topic"})}) is None


def test_this_template_s_throttling_is_named_with_the_nested_application_that_asks_for_it() -> None:
    applications_by_prefix = {
        f"{name}/": yaml_parse((ROOT / location).read_text())
        for name, location in applications(source()).items()
    }
    found = str(ignored.sentence({"": source(), **applications_by_prefix}))
    assert "throttling (Example/Api)" in found
    assert "authorizers" not in found


@pytest.mark.parametrize("template", [None, asks(Api=API), asks()])
def test_a_deployment_prints_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, template: dict[str, Any] | None
) -> None:
    monkeypatch.setattr(ignored, "BUILD", tmp_path)
    (tmp_path / "out").mkdir()
    if template is not None:
        (tmp_path / "out" / "template.yaml").write_text(json.dumps(template))
    screen = StringIO()
    ignored.report(Progress(Console(file=screen, width=200)))
    assert ("authorizers" in screen.getvalue()) is (template == asks(Api=API))


def test_what_nested_applications_ask_for_is_named_with_theirs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def application(location: str) -> dict[str, Any]:
        return {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}}

    monkeypatch.setattr(ignored, "BUILD", tmp_path)
    for path, template in {
        "out": asks(Example=application("Example/template.yaml"), Machine=MACHINE),
        "out/Example": asks(Inner=application("Inner/template.yaml")),
        "out/Example/Inner": asks(Api=API),
    }.items():
        (tmp_path / path).mkdir()
        (tmp_path / path / "template.yaml").write_text(json.dumps(template))
    screen = StringIO()
    ignored.report(Progress(Console(file=screen, width=200)))
    assert "throttling (Example/Inner/Api), X-Ray traces (Machine)" in screen.getvalue()
