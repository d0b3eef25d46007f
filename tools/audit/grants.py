"""What roles allow: every action on every resource, one by one.

A role of a nested application is named `<Application><Role>`, its grants as they stand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.reader.intrinsics import referred
from tools.reader.template import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.reader.template import Template


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource.

    `holder` is the role, or the managed policy that several roles share. `place` is where it
    stands: the policy's name, and the statement's position in it. `keys` are the leading keys of a
    table's items for which it holds; none for all of them.
    """

    holder: str
    action: str
    resource: str
    place: tuple[str, int] = ("", 0)
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.holder} {self.action} {self.resource}"


class Unreadable(Exception):
    """The template grants something in a form that this audit does not read."""


def of_stack(stack: Template) -> list[Grant]:
    """Return the grants of every role and managed policy of a stack, in the template's order."""
    granted: list[Grant] = []
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            granted += _of_document(name, policy["PolicyName"], policy["PolicyDocument"])
        for arn in role.get("ManagedPolicyArns", []):
            if not referred(arn):
                granted.append(Grant(name, "*", arn))
    for name, policy in stack.of_type("AWS::IAM::ManagedPolicy").items():
        granted += _of_document(name, name, policy["PolicyDocument"])
    return granted


def of_role(stack: Template, role: str) -> list[Grant]:
    """Return the grants of one role, those of its shared policies included."""
    _, part, own = stack.place(role)
    shared = {referred(arn) for arn in part.properties(own).get("ManagedPolicyArns", [])}
    return [g for g in of_stack(part) if g.holder == own or g.holder in shared]


def role_of(stack: Template, resource: str) -> str:
    """Return the role as which a function or machine runs.

    Raises
    ------
    Unreadable
        It has none of its own: SAM would generate one that nobody has read.
    """
    prefix, part, own = stack.place(resource)
    role = referred(str(part.properties(own).get("Role", "")))
    if not role:
        raise Unreadable(f"{resource} has no role of its own in the template.")
    return f"{prefix}{role}"


def _of_document(holder: str, policy: str, document: dict[str, Any]) -> Iterator[Grant]:
    for i, statement in enumerate(document["Statement"]):
        if statement["Effect"] == "Deny":
            continue
        if "NotAction" in statement or "NotResource" in statement:
            raise Unreadable(f"{holder}, {policy}: NotAction and NotResource are not read.")
        keys = tuple(
            str(key)
            for operator, values in statement.get("Condition", {}).items()
            if operator.startswith("ForAllValues:String")
            for key in values.get("dynamodb:LeadingKeys", [])
        )
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                yield Grant(holder, action, resource, (policy, i), keys)
