"""The template as one config environment of samconfig.toml deploys it: conditions and intrinsics.

A resource of the stack reads `<Name>` or `<Name.Attribute>`, for its ARN is not known beforehand.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from lab.config import ACCOUNT, ROOT

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")
_OWN = re.compile(r"<(\w+)[.>]")
_NO_VALUE = object()


class Template:
    """The resources of one stack, resolved."""

    def __init__(self, document: dict[str, Any], region: str, given: dict[str, str]) -> None:
        defaults = {k: p.get("Default") for k, p in document["Parameters"].items()}
        self._conditions = document["Conditions"]
        self._names = {
            "AWS::Region": region,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            **{k: v for k, v in (defaults | given).items() if v is not None},
        }
        self.region = region
        self.parameters = {k: str(self._names[k]) for k in defaults if k in self._names}
        self.resources: dict[str, dict[str, Any]] = {
            name: self._value(resource)
            for name, resource in document["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type, by logical id."""
        found = {k: r for k, r in self.resources.items() if r["Type"] == kind}
        return {k: r.get("Properties", {}) for k, r in found.items()}

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a resource."""
        found: dict[str, Any] = self.resources[name]["Properties"]
        return found

    def _holds(self, node: Any) -> bool:
        if isinstance(node, str):
            return self._holds(self._conditions[node])
        ((name, args),) = node.items()
        if name == "Condition":
            return self._holds(args)
        if name == "Fn::Equals":
            left, right = (str(self._value(a)) for a in args)
            return left == right
        found = [self._holds(a) for a in args]
        return {"Fn::Not": not found[0], "Fn::And": all(found), "Fn::Or": any(found)}[name]

    def _value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [v for v in map(self._value, node) if v is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, args),) = node.items()
            if name == "Ref":
                return self._ref(args)
            if name == "Fn::GetAtt":
                return f"<{'.'.join(args) if isinstance(args, list) else args}>"
            if name == "Fn::If":
                return self._value(args[1] if self._holds(args[0]) else args[2])
            if name == "Fn::Sub":
                return self._sub(args)
            if name == "Fn::Join":
                return args[0].join(str(v) for v in self._value(args[1]))
        values = {k: self._value(v) for k, v in node.items()}
        return {k: v for k, v in values.items() if v is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        return self._names.get(name, f"<{name}>")

    def _sub(self, args: Any) -> str:
        text, extra = (args, {}) if isinstance(args, str) else args

        def put(found: re.Match[str]) -> str:
            key = found[1]
            return str(self._value(extra[key]) if key in extra else self._ref(key))

        return _PLACEHOLDER.sub(put, text)


def own(reference: str) -> str | None:
    """Return the logical id of the resource of this stack that a value names, if it names one."""
    found = _OWN.match(reference)
    return found[1] if found else None


def as_list(value: Any) -> list[Any]:
    """Return what a policy says as one value or as a list, as a list."""
    return value if isinstance(value, list) else [value]


@cache
def load(env: str) -> Template:
    """Return the stack of one config environment of samconfig.toml."""
    with (ROOT / "samconfig.toml").open("rb") as file:
        found = tomllib.load(file)[env]["deploy"]["parameters"]
    given = dict(p.split("=", 1) for p in found["parameter_overrides"].split())
    return Template(yaml_parse((ROOT / "template.yaml").read_text()), found["region"], given)


def definition(stack: Template, machine: str) -> dict[str, Any]:
    """Return the definition of a state machine of a stack, its substitutions made."""
    properties = stack.properties(machine)
    text = (ROOT / properties["DefinitionUri"]).read_text()
    for key, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{key}}}", str(value))
    found: dict[str, Any] = json.loads(text)
    return found
