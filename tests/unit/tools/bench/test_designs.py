"""The record sets that are compared: the template and what the benchmark knows of it agree."""

from __future__ import annotations

from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.unit.lab.engine.fakes import CONFIG
from tools.bench.designs import (
    DESIGNS,
    FAST,
    OURS,
    PLAIN,
    RIVALS,
    STANDARD,
    TEMPLATE,
    TUNED,
    TUNED_FAST,
)
from tools.reader.template import source

RESOURCES: dict[str, Any] = yaml_parse(TEMPLATE.read_text())["Resources"]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [r["Properties"] for r in RESOURCES.values() if r["Type"] == f"AWS::Route53::{kind}"]


def records(label: str) -> dict[str, dict[str, Any]]:
    groups = [group["RecordSets"] for group in of_kind("RecordSetGroup")]
    found = [r for group in groups for r in group if r["Name"]["Fn::Sub"].startswith(f"{label}.")]
    return {r["Failover"]: r for r in found}


@pytest.mark.parametrize("design", RIVALS, ids=lambda d: d.key)
def test_each_design_has_a_primary_with_its_check_and_a_secondary_without(design) -> None:
    pair = records(design.label)
    check = RESOURCES[pair["PRIMARY"]["HealthCheckId"]["Ref"]]["Properties"]
    assert check["HealthCheckTags"][0]["Value"]["Fn::Sub"] == f"${{AppName}}-{design.check}"
    assert check["HealthCheckConfig"]["FailureThreshold"] == design.failures
    assert "HealthCheckId" not in pair["SECONDARY"]


@pytest.mark.parametrize("design", OURS, ids=lambda d: d.key)
def test_ours_is_described_as_it_is_deployed(design) -> None:
    resources = source()["Resources"]
    records = resources["FailoverRecords"]["Properties"]["RecordSets"]
    assert {f"TTL {r['TTL']} s" in design.summary for r in records} == {True}
    check = resources["EndpointHealthCheck"]["Properties"]["HealthCheckConfig"]
    assert check["FailureThreshold"] == {
        "Fn::If": ["DetectsFast", FAST.failures, STANDARD.failures]
    }


def test_the_tuned_designs_are_the_fastest_that_plain_records_can_be() -> None:
    for design, name in ((TUNED, "TunedCheck"), (TUNED_FAST, "TunedFastCheck")):
        assert {r["Type"] for r in records(design.label).values()} == {"CNAME"}
        check = RESOURCES[name]["Properties"]["HealthCheckConfig"]
        assert (check["RequestInterval"], check["Regions"]) == (10, {"Ref": "CheckerRegions"})
    ttl = yaml_parse(TEMPLATE.read_text())["Parameters"]["RecordTtl"]["Default"]
    assert f"TTL {ttl} s" in TUNED.summary


def test_the_plain_design_is_the_usual_one() -> None:
    pair = records(PLAIN.label)
    check = RESOURCES["PlainCheck"]["Properties"]["HealthCheckConfig"]
    assert (check["RequestInterval"], check["FailureThreshold"]) == (30, 3)
    assert all("AliasTarget" in r and "TTL" not in r for r in pair.values())


def test_each_design_has_a_name_of_its_own() -> None:
    names = [d.name(CONFIG) for d in DESIGNS]
    assert names[:2] == ["app.pilotlight.example"] * 2, "ours are deployed in turn"
    assert len(set(names)) == 4


def test_the_deployed_design_moves_with_the_deployed_switch() -> None:
    assert STANDARD.moved(CONFIG) == "health check pilot-light-switch"
