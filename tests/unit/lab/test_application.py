"""Somebody else's SAM application is built and deployed by a `sam` that was made up."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from lab import application, fitness
from lab.config import LabError
from tests.unit.lab.engine.fakes import CONFIG, SECONDARY
from tests.unit.lab.made_up_sam import Steps

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """
Globals:
  Function: {Runtime: python3.13, CodeUri: src/}
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.handler, Environment: {Variables: {TABLE: !Ref Table}}}
"""


class Sam:
    """A `sam` that builds a template as it is given, and notes how it was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.folder, self.steps, self.fails = root / "orders", Steps(), False
        self.calls: list[tuple[list[str], Path]] = []
        self.given: dict[str, Any] = {}
        self.path = ""
        (self.folder / "src").mkdir(parents=True)
        (self.folder / "template.yaml").write_text(TEMPLATE)
        monkeypatch.setattr(application, "STATE", root / "state")
        monkeypatch.setattr(application.deployment, "run_sam", self._run)
        monkeypatch.setattr(
            application.deployment, "environment", lambda config: {"PATH": str(config)}
        )

    def _run(self, arguments: list[str], _log: str, variables: dict[str, str], cwd: Path) -> None:
        self.calls.append((arguments, cwd))
        self.path = variables["PATH"]
        if arguments[0] == "build":
            given = self.folder / ".lab-template.json"
            assert arguments[2] == str(given.resolve())
            self.given = json.loads(given.read_text())
            if self.fails:
                raise LabError("as asked")
            out = application.STATE / "applications" / "orders"
            out.mkdir()
            (out / "template.yaml").write_text(given.read_text())

    def build(self) -> dict[str, Any]:
        built = application.build(self.folder, self.steps)  # type: ignore[arg-type]
        found: dict[str, Any] = json.loads(built.read_text())
        return found


@pytest.fixture
def sam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sam:
    return Sam(monkeypatch, tmp_path)


def test_python_is_built_for_this_machine_s_and_deployed_as_the_template_names_it(
    sam: Sam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitness, "MACHINE_PYTHON", "python3.11")
    built = sam.build()
    assert sam.given["Globals"]["Function"]["Runtime"] == "python3.11"
    assert built["Globals"]["Function"]["Runtime"] == "python3.13"
    assert built["Resources"]["Api"]["Properties"]["Environment"]["Variables"] == {
        "TABLE": {"Ref": "Table"}
    }
    assert "Functions of python3.13 run on this machine's python3.11." in sam.steps.shown


@pytest.mark.parametrize("fails", [False, True])
def test_a_build_leaves_the_application_s_folder_as_it_was(sam: Sam, fails: bool) -> None:
    before = sorted(sam.folder.rglob("*"))
    sam.fails = fails
    if fails:
        with pytest.raises(LabError, match="as asked"):
            sam.build()
    else:
        sam.build()
    assert sorted(sam.folder.rglob("*")) == before


def test_a_build_finds_the_tools_that_npm_has_installed_for_the_application(sam: Sam) -> None:
    sam.build()
    assert str(sam.folder / "src" / "node_modules" / ".bin") in sam.path.split(":")


def test_an_application_is_deployed_to_one_region_without_its_own_samconfig(sam: Sam) -> None:
    (sam.folder / "samconfig.toml").write_text("profile = 'work'")
    sam.build()
    built = application.STATE / "applications" / "orders" / "template.yaml"
    steps: Any = sam.steps
    application.deploy(CONFIG, steps, built, SECONDARY, "shop", ["Stage=live"])
    (arguments, _) = sam.calls[-1]
    options = dict(pairwise(arguments))
    assert options["--region"] == SECONDARY
    assert options["--stack-name"] == "shop"
    assert options["--parameter-overrides"] == "Stage=live"
    for called, _ in sam.calls:
        config = called[called.index("--config-file") + 1]
        assert "work" not in (application.STATE.parent / config).read_text()


def test_what_the_lab_ignores_is_named_after_the_deployment(sam: Sam) -> None:
    built = application.STATE / "template.yaml"
    built.parent.mkdir()
    api = {"Type": "AWS::Serverless::Api", "Properties": {"TracingEnabled": True}}
    built.write_text(json.dumps({"Resources": {"Api": api}}))
    steps: Any = sam.steps
    application.deploy(CONFIG, steps, built, SECONDARY, "shop")
    assert sam.steps.shown[-1] == "The lab ignores of the template: X-Ray traces (Api)."


def test_a_folder_without_a_template_is_named(sam: Sam) -> None:
    (sam.folder / "template.yaml").rename(sam.folder / "other.yaml")
    with pytest.raises(LabError, match=r"orders has no template\.yaml"):
        sam.build()


def test_outputs_are_those_of_the_stack() -> None:
    class CloudFormation:
        def describe_stacks(self, StackName: str) -> Any:
            assert StackName == "shop"
            return {"Stacks": [{"Outputs": [{"OutputKey": "Url", "OutputValue": "https://x"}]}]}

    assert application.outputs(CloudFormation(), "shop") == {"Url": "https://x"}
