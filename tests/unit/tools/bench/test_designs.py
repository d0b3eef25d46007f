"""The record sets that are compared: the template and what the benchmark knows of it agree."""

from __future__ import annotations

from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.unit.lab.engine.fakes import CONFIG
from tools.bench.designs import DESIGNS, IMMEDIATE, ORCHESTRATED, PLAIN, TEMPLATE
from tools.reader.template import source

RESOURCES: dict[str, Any] = yaml_parse(TEMPLATE.read_text())["Resources"]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [r["Properties"] for r in RESOURCES.values() if r["Type"] == f"AWS::Route53::{kind}"]


def records(label: str) -> dict[str, dict[str, Any]]:
    groups = [group["RecordSets"] for group in of_kind("RecordSetGroup")]
    found = [r for group in groups for r in group if r["Name"]["Fn::Sub"].startswith(f"{label}.")]
    return {r["Failover"]: r for r in found}


@pytest.mark.parametrize("design", (IMMEDIATE, PLAIN), ids=lambda d: d.key)
def test_each_design_has_a_primary_with_its_check_and_a_secondary_without(design) -> None:
    pair = records(design.label)
    check = RESOURCES[pair["PRIMARY"]["HealthCheckId"]["Ref"]]["Properties"]
    assert check["HealthCheckTags"][0]["Value"]["Fn::Sub"] == f"${{AppName}}-{design.check}"
    assert "HealthCheckId" not in pair["SECONDARY"]


def test_a_name_that_is_a_cname_has_the_deployed_ttl() -> None:
    assert {r["Type"] for r in records(IMMEDIATE.label).values()} == {"CNAME"}
    deployed = source()["Resources"]["FailoverRecords"]
    ttl = yaml_parse(TEMPLATE.read_text())["Parameters"]["RecordTtl"]["Default"]
    assert {int(r["TTL"]) for r in deployed["Properties"]["RecordSets"]} == {ttl}
    assert f"TTL {ttl} s" in IMMEDIATE.summary


def test_the_plain_design_is_the_usual_one() -> None:
    pair = records(PLAIN.label)
    check = RESOURCES["PlainCheck"]["Properties"]["HealthCheckConfig"]
    assert (check["RequestInterval"], check["FailureThreshold"]) == (30, 3)
    assert all("AliasTarget" in r and "TTL" not in r for r in pair.values())


def test_each_design_has_a_name_of_its_own() -> None:
    names = [d.name(CONFIG) for d in DESIGNS]
    assert names[0] == "app.pilotlight.example"
    assert len(set(names)) == 3


def test_the_deployed_design_moves_with_the_deployed_switch() -> None:
    assert ORCHESTRATED.moved(CONFIG) == "health check pilot-light-switch"
