"""The template as one config environment of samconfig.toml deploys it: conditions and intrinsics.

A resource of the stack reads `<Name>` or `<Name.Attribute>`, because its ARN is not known before.
"""

from __future__ import annotations

import pickle
import tomllib
from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tools.reader import ROOT, definitions
from tools.reader.intrinsics import Intrinsics

# The account of the lab, in which what is read here is deployed, too.
ACCOUNT = "000000000000"


class Template:
    """The resources and outputs of one stack, resolved."""

    def __init__(self, document: dict[str, Any], region: str, parameters: dict[str, str]) -> None:
        stack = Intrinsics(document, region=region, account=ACCOUNT, parameters=parameters)
        self.region = region
        self.parameters = {k: str(v) for k, v in stack.parameters.items()}
        self.function_defaults: dict[str, Any] = stack.value(
            document.get("Globals", {}).get("Function", {})
        )
        self.resources: dict[str, dict[str, Any]] = stack.deployed(document["Resources"])
        self.outputs: dict[str, dict[str, Any]] = stack.deployed(document.get("Outputs", {}))

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a resource."""
        properties: dict[str, Any] = self.resources[name]["Properties"]
        return properties


def as_list(value: Any) -> list[Any]:
    """Return what a policy has as one value or as a list, as a list."""
    return value if isinstance(value, list) else [value]


@cache
def _parsed() -> bytes:
    return pickle.dumps(yaml_parse((ROOT / "template.yaml").read_text()))


def source() -> dict[str, Any]:
    """Return a copy of template.yaml as it is written. Parsing it each time takes half a second."""
    document: dict[str, Any] = pickle.loads(_parsed())
    return document


def config(env: str) -> tuple[str, dict[str, str]]:
    """Return the Region and the parameters of a config environment of samconfig.toml."""
    with (ROOT / "samconfig.toml").open("rb") as file:
        deploy = tomllib.load(file)[env]["deploy"]["parameters"]
    return deploy["region"], dict(p.split("=", 1) for p in deploy["parameter_overrides"].split())


@cache
def load(env: str) -> Template:
    """Return the stack of one config environment of samconfig.toml."""
    return Template(source(), *config(env))


def definition(stack: Template, machine: str) -> dict[str, Any]:
    """Return the definition of a state machine of a stack, its substitutions made."""
    properties = stack.properties(machine)
    text = (ROOT / properties["DefinitionUri"]).read_text()
    return definitions.read(text, properties.get("DefinitionSubstitutions"))
