"""Policies of a stack, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.template.stacks import Stack


def statements(found: Stack) -> list[tuple[str, dict[str, Any]]]:
    out = []
    for name, role in found.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            out += [(name, s) for s in policy["PolicyDocument"]["Statement"]]
    for name, policy in found.of_type("AWS::IAM::ManagedPolicy").items():
        out += [(name, s) for s in policy["PolicyDocument"]["Statement"]]
    return out
