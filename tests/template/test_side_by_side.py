"""Two deployments in one account and one pair of Regions share no name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.stacks import CONFIG_ENVS, Stack, config, source
from tools.reader.intrinsics import referred

WATCHED = {"Dashboard": "on"}
SHOP = {"AppName": "shop", "ZoneName": "shop.example", "HostedZoneId": "Z0SHOP"}


def names(found: Stack) -> set[tuple[str, str]]:
    """What is named by the template, by the type of what has the name."""
    return {
        (resource["Type"], name)
        for part in found.parts().values()
        for resource in part.resources.values()
        for name in of(resource.get("Properties", {}))
        # An alias is named within its function.
        if not referred(name) and resource["Type"] != "AWS::Lambda::Alias"
    }


def of(properties: dict[str, Any]) -> list[str]:
    own = [v for k, v in properties.items() if k in NAMING and isinstance(v, str)]
    records = [str(r["Name"]) for r in properties.get("RecordSets", ())]
    plan = properties.get("BackupPlan", {})
    return [*own, *records, *([plan["BackupPlanName"]] if plan else [])]


NAMING = (
    *("AlarmName", "AliasName", "BackupVaultName", "BucketName", "DashboardName", "DomainName"),
    *("FunctionName", "LayerName", "LogGroupName", "Name", "QueueName", "RoleName", "RuleName"),
    *("ManagedPolicyName", "StateMachineName", "TableName", "TopicName"),
)


@pytest.mark.parametrize("env", CONFIG_ENVS)
def test_two_deployments_share_no_name(env: str) -> None:
    region, parameters = config(env)
    one = Stack(source(), region, {**parameters, **WATCHED})
    other = Stack(source(), region, {**parameters, **WATCHED, **SHOP})
    assert len(names(one)) == len(names(other)) > 3
    assert names(one) & names(other) == set()


def test_no_name_of_a_resource_is_left_out_here() -> None:
    """A property of that kind that this test does not know would be a name that it does not see."""
    region, parameters = config("secondary")
    known = {*NAMING, "DisplayName", "MetricName", "StageName"}
    properties = {
        (resource["Type"], key)
        for part in Stack(source(), region, {**parameters, **WATCHED}).parts().values()
        for resource in part.resources.values()
        for key, value in resource.get("Properties", {}).items()
        if key.endswith("Name") and isinstance(value, str) and not referred(value)
    }
    assert {(kind, key) for kind, key in properties if key not in known} == set()
