"""CloudFormation's conditions and intrinsic functions, decided and evaluated for one stack.

What is known only after a deployment reads `<Name>` or `<Name.Attribute>`. SAM's own resolver, an
undocumented part of its CLI, invents values there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_VALUE = object()
_PARTS = ("Fn::Join", "Fn::Split", "Fn::Select", "Fn::FindInMap")
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")
_REFERENCE = re.compile(r"<(\w+)(\.[\w.]+)?>")


class NotUnderstood(Exception):
    """The template uses a function or condition that is not evaluated here. It is named."""


class Intrinsics:
    """The intrinsic functions of a template, with the values of one stack's parameters."""

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        region: str,
        account: str,
        parameters: Mapping[str, str],
    ) -> None:
        """Take the template's defaults for all other parameters."""
        definitions = template.get("Parameters", {})
        defaults = {k: d["Default"] for k, d in definitions.items() if "Default" in d}
        lists = {k for k, d in definitions.items() if d["Type"] == "CommaDelimitedList"}
        self.parameters = {
            k: str(v).split(",") if k in lists else v for k, v in {**defaults, **parameters}.items()
        }
        self._conditions = template.get("Conditions", {})
        self._mappings = template.get("Mappings", {})
        # The outputs of nested applications, by `<Name>.Outputs.<Output>`.
        self.nested: dict[str, Any] = {}
        self._values = {
            "AWS::AccountId": account,
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::StackName": "stack",
            "AWS::URLSuffix": "amazonaws.com",
            **self.parameters,
        }

    def deployed(self, resources: Mapping[str, Any]) -> dict[str, Any]:
        """Return the resources, or outputs, whose condition holds, evaluated."""
        return {
            name: self.value(resource)
            for name, resource in resources.items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }

    def holds(self, condition: Any) -> bool:
        """Decide a condition, by its name or its definition.

        Raises
        ------
        NotUnderstood
            It is made of something else than equality, negation, and, or.
        """
        if isinstance(condition, str):
            return self.holds(self._conditions[condition])
        ((name, args),) = condition.items()
        if name == "Condition":
            return self.holds(args)
        if name == "Fn::Equals":
            left, right = (str(self.value(a)) for a in args)
            return left == right
        if name not in ("Fn::Not", "Fn::And", "Fn::Or"):
            raise NotUnderstood(f"template.yaml has a condition with {name}.")
        parts = [self.holds(a) for a in args]
        return {"Fn::Not": not parts[0], "Fn::And": all(parts), "Fn::Or": any(parts)}[name]

    def value(self, node: Any) -> Any:
        """Evaluate a value.

        Raises
        ------
        NotUnderstood
            It uses a function that is not evaluated here.
        """
        if isinstance(node, list):
            return [v for v in map(self.value, node) if v is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, args),) = node.items()
            if name == "Ref":
                return self._ref(args)
            if name == "Fn::If":
                return self.value(args[1] if self.holds(args[0]) else args[2])
            if name == "Fn::Sub":
                return self._sub(args)
            if name == "Fn::GetAtt":
                attribute = ".".join(args) if isinstance(args, list) else args
                return self.nested.get(attribute, f"<{attribute}>")
            if name in _PARTS:
                return self._part(name, [self.value(a) for a in args])
            if name.startswith("Fn::"):
                raise NotUnderstood(f"template.yaml uses {name}.")
        values = {k: self.value(v) for k, v in node.items()}
        return {k: v for k, v in values.items() if v is not NO_VALUE}

    def _part(self, name: str, args: list[Any]) -> Any:
        """Join, split, select or look up; a part of another's attribute stays the attribute."""
        if name == "Fn::FindInMap":
            table, row, column = args
            return self._mappings[table][row][column]
        if name == "Fn::Join":
            return args[0].join(str(v) for v in args[1])
        if name == "Fn::Split":
            return args[1] if referred(args[1]) else args[1].split(args[0])
        return args[1] if isinstance(args[1], str) else args[1][int(args[0])]

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        return self._values.get(name, self.nested.get(name, f"<{name}>"))

    def _sub(self, args: Any) -> str:
        text, extra = (args, {}) if isinstance(args, str) else args
        named = {key: self.value(node) for key, node in extra.items()}
        return _PLACEHOLDER.sub(lambda m: str(named.get(m[1], self._ref(m[1]))), text)


def referred(value: Any) -> str:
    """Return the logical id that an evaluated reference begins with, or nothing."""
    reference = _REFERENCE.match(str(value))
    return reference[1] if reference else ""


def from_outside(application: str, value: Any) -> Any:
    """Return an output of a nested application as its parent sees it: `<Application><Name>`."""
    return _REFERENCE.sub(rf"<{application}\1\2>", value) if isinstance(value, str) else value
