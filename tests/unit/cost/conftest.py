"""A copy of what the computation reads, for tests to change."""

from __future__ import annotations

import copy
import json
import shutil
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from cost import ROOT
from cost.document import markdown
from cost.settings import Settings
from cost.whole import TABLES, compute

if TYPE_CHECKING:
    from pathlib import Path

    from cost.bill import Bill
    from cost.whole import Computed


@cache
def template() -> dict[str, Any]:
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))


@cache
def as_deployed() -> Computed:
    return compute(Settings())


@cache
def written_page() -> str:
    return markdown(as_deployed())


def plain_template() -> dict[str, Any]:
    """The template with all that costs switched on, whatever it has switched off by now."""
    found = copy.deepcopy(template())
    resources = found["Resources"]
    shared = found["Globals"]["Function"]
    shared["Tracing"] = "Active"
    for name in [n for n, r in resources.items() if r["Type"] == "AWS::XRay::SamplingRule"]:
        del resources[name]
    for resource in resources.values():
        given = resource.get("Properties", {})
        for level in ("LogFormat", "SystemLogLevel"):
            shared.get("LoggingConfig", {}).pop(level, None)
            given.get("LoggingConfig", {}).pop(level, None)
    every = {"HttpMethod": "*", "ResourcePath": "/*", "MetricsEnabled": True}
    given = {"StageName": "live", "TracingEnabled": True, "MethodSettings": [every]}
    resources["AppApi"] |= {"Type": "AWS::Serverless::Api", "Properties": given}
    del resources["AppFunction"]["Properties"]["Tracing"]
    return found


class Repository:
    """The template, as a dictionary to change, and the files beside it."""

    plain: Computed | None = None

    def __init__(self, root: Path) -> None:
        self.root = root
        self.template = plain_template()
        shutil.copytree(ROOT / "statemachines", root / "statemachines")
        for file in (ROOT / "samconfig.toml", TABLES / "prices.toml", TABLES / "usage.toml"):
            shutil.copy(file, root)
        if Repository.plain is None:
            Repository.plain = self.computed()

    @property
    def resources(self) -> dict[str, Any]:
        return self.template["Resources"]

    @resources.setter
    def resources(self, found: dict[str, Any]) -> None:
        self.template["Resources"] = found

    @property
    def before(self) -> Bill:
        """What it cost before a test changed anything."""
        assert Repository.plain
        return Repository.plain.month.bill

    def properties(self, name: str) -> dict[str, Any]:
        return self.resources[name]["Properties"]

    def add(self, name: str, kind: str, role: str = "Secondary", **properties: Any) -> None:
        self.template["Conditions"][f"In{role}"] = {"Fn::Equals": [{"Ref": "Role"}, role]}
        self.resources[name] = {"Type": kind, "Condition": f"In{role}", "Properties": properties}

    def append(self, file: str, text: str) -> None:
        with (self.root / file).open("a", encoding="utf-8") as opened:
            opened.write(text)

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text(encoding="utf-8")
        assert old in text
        (self.root / file).write_text(text.replace(old, new), encoding="utf-8")

    def computed(self, **settings: Any) -> Computed:
        (self.root / "template.yaml").write_text(json.dumps(self.template), encoding="utf-8")
        return compute(Settings(**settings), self.root, self.root)

    def more(self, **settings: Any) -> dict[str, float]:
        """What is more of each priced thing than before."""
        return difference(self.computed(**settings).month.bill, self.before)


def difference(bill: Bill, before: Bill) -> dict[str, float]:
    names = {line.price.name for line in (*bill.lines, *before.lines)}
    found = {name: bill.quantity(name) - before.quantity(name) for name in names}
    return {name: x for name, x in found.items() if abs(x) > 1e-9}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    # Its template is written as JSON, and parsing that as YAML would take most of the time.
    as_deployed()
    monkeypatch.setattr("cost.template.yaml_parse", json.loads)
    return Repository(tmp_path)


@pytest.fixture
def document() -> str:
    return written_page()


@pytest.fixture
def deployed() -> Computed:
    return as_deployed()
