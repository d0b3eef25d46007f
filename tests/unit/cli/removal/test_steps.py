"""Which things a deployment consists of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cli import deployment as deployments
from cli.removal.steps import stays, steps
from tests.unit.cli.made_up_pair import ACCOUNT, PRIMARY, SECONDARY
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from cli.deployment import Deployment


@pytest.fixture
def deployment() -> Deployment:
    return deployments.find(None, None)


def names(deployment: Deployment, kind: str) -> list[str]:
    return [f"{s.name} {s.region}" for s in steps(deployment, ACCOUNT) if s.kind == kind]


def test_an_application_of_your_own_keeps_its_tables(deployment: Deployment) -> None:
    assert f"pilot-light-app-items {SECONDARY}" in names(deployment, "table")
    own = replace(deployment, parameters={**deployment.parameters, "ExampleApp": "false"})
    assert f"pilot-light-app-items {SECONDARY}" not in names(own, "table")
    assert stays(own, "none")[0].startswith("your application")


def test_only_the_pair_s_stacks_are_deleted_where_there_is_no_monitor(
    deployment: Deployment,
) -> None:
    stacks = {role: f"pl-{role}" for role in ("Primary", "Secondary")}
    found = names(replace(deployment, stacks=stacks), "stack")
    assert found == [f"pl-Secondary {SECONDARY}", f"pl-Primary {PRIMARY}"]


def test_a_samconfig_without_a_region_s_stack_is_a_usage_error(deployment: Deployment) -> None:
    with pytest.raises(ConfigError, match="Role=Primary"):
        steps(replace(deployment, stacks={"Secondary": "x"}), ACCOUNT)
