"""What machines and policies name in the recoveries table is what its schema has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.recoveries import schema

from tests.template.definitions import EVERY_TASK
from tools.reader.template import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.template.definitions import Definition
    from tests.template.stacks import Stack

TABLE = "${RecoveriesTable}"
TASKS = [
    (d, n) for d, n in EVERY_TASK if d.states[n].get("Arguments", {}).get("TableName") == TABLE
]
TABLES = ("<DataRecoveriesTable.Arn>", "table/pilot-light-recoveries")


def kind(text: str) -> str:
    """The kind of a key, be it a literal or an expression that begins with one."""
    head, separator, _ = re.sub(r"^\{% '|' & .*", "", text).partition("#")
    return head + separator


def attributes(arguments: dict[str, Any]) -> set[str]:
    """The attributes that a task writes."""
    names = arguments.get("ExpressionAttributeNames", {})
    changes = re.findall(r"(#?\w+) = :", arguments.get("UpdateExpression", ""))
    return {names.get(name, name) for name in [*changes, *arguments.get("Item", {})]} - {"pk"}


@pytest.mark.parametrize(("definition", "name"), TASKS, ids=[f"{d.name}-{n}" for d, n in TASKS])
def test_a_task_names_an_item_of_the_schema_and_its_attributes(
    definition: Definition, name: str
) -> None:
    arguments = definition.states[name]["Arguments"]
    found = kind(arguments.get("Key", arguments.get("Item"))["pk"]["S"])
    assert found in schema.ATTRIBUTES
    assert attributes(arguments) - schema.ATTRIBUTES[found] == set()


def statements(stack: Stack) -> Iterator[dict[str, Any]]:
    for role in stack.of_type("AWS::IAM::Role").values():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                resources = [str(r) for r in as_list(statement["Resource"])]
                if any(r.endswith(TABLES) for r in resources) and "Condition" in statement:
                    yield statement


def test_a_policy_names_items_of_the_schema_and_their_attributes(secondary: Stack) -> None:
    found = list(statements(secondary))
    assert len(found) > 10
    for statement in found:
        named: dict[str, list[str]] = {}
        for condition in statement["Condition"].values():
            named |= {k: as_list(v) for k, v in condition.items()}
        kinds = {kind(str(k)) for k in named["dynamodb:LeadingKeys"]}
        assert kinds <= set(schema.ATTRIBUTES), statement
        known = set().union(*(schema.ATTRIBUTES[k] for k in kinds)) | {"pk"}
        assert set(named.get("dynamodb:Attributes", [])) <= known, statement
