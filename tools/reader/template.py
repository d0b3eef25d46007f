"""The template as one config environment of samconfig.toml deploys it: conditions and intrinsics.

A resource of the stack reads `<Name>` or `<Name.Attribute>`, for its ARN is not known beforehand.
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tools.reader import ROOT, definitions
from tools.reader.intrinsics import Intrinsics

ACCOUNT = "000000000000"


class Template:
    """The resources of one stack, resolved."""

    def __init__(self, document: dict[str, Any], region: str, given: dict[str, str]) -> None:
        known = Intrinsics(document, region=region, account=ACCOUNT, parameters=given)
        self.region = region
        defaults = known.value(document.get("Globals", {}).get("Function", {}))
        self.function_defaults: dict[str, Any] = defaults
        self.parameters = {k: str(v) for k, v in known.parameters.items()}
        self.resources: dict[str, dict[str, Any]] = known.deployed(document["Resources"])

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type, by logical id."""
        found = {k: r for k, r in self.resources.items() if r["Type"] == kind}
        return {k: r.get("Properties", {}) for k, r in found.items()}

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a resource."""
        found: dict[str, Any] = self.resources[name]["Properties"]
        return found


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
    return definitions.read(text, properties.get("DefinitionSubstitutions"))
