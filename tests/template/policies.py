"""Policies of a stack, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.template.stacks import Stack
    from tools.reader.template import Template


def statements(found: Template) -> list[tuple[str, dict[str, Any]]]:
    out = []
    for name, role in found.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            out += [(name, s) for s in policy["PolicyDocument"]["Statement"]]
    for name, policy in found.of_type("AWS::IAM::ManagedPolicy").items():
        out += [(name, s) for s in policy["PolicyDocument"]["Statement"]]
    return out


def every_statement(found: Stack) -> list[tuple[str, dict[str, Any]]]:
    """Those of nested applications too, whose roles begin with the application's name."""
    parts = found.parts().items()
    return [(f"{prefix}{name}", s) for prefix, part in parts for name, s in statements(part)]
