"""What the lab ignores of a template, named when it is deployed."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from lab import ignored
from lab.progress import Progress
from tools.reader.template import source

if TYPE_CHECKING:
    from pathlib import Path

API = {"Type": "AWS::Serverless::HttpApi", "Properties": {"Auth": {}, "DefaultRouteSettings": {}}}
MACHINE = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Tracing": {"Enabled": True}}}


def asks(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def test_authorizers_and_throttling_are_named_with_the_api_that_asks_for_them() -> None:
    assert ignored.sentence(asks(Api=API)) == (
        "The lab ignores of the template: authorizers (Api), throttling (Api)."
    )


def test_many_places_are_counted() -> None:
    machines = asks(One=MACHINE, Other=MACHINE)
    assert "X-Ray traces (One and Other)" in str(ignored.sentence(machines))
    machines["Globals"] = {"Function": {"Tracing": "Active"}}
    assert "X-Ray traces (3 places)" in str(ignored.sentence(machines))


def test_a_template_that_asks_for_nothing_of_it_gets_no_sentence() -> None:
    assert ignored.sentence(asks(Topic={"Type": "AWS::SNS::Topic"})) is None


def test_this_template_s_throttling_is_named() -> None:
    found = str(ignored.sentence(source()))
    assert "throttling (AppApi)" in found
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
