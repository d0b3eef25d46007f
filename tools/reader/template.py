"""The template as one config environment of samconfig.toml deploys it: conditions and intrinsics.

A resource of the stack reads `<Name>` or `<Name.Attribute>`, because its ARN is not known before.
"""

from __future__ import annotations

import pickle
from functools import cache
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

from tools.reader import ROOT, definitions, parameters, samconfig
from tools.reader.intrinsics import Intrinsics, from_outside
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tools.reader.samconfig import Deployment

SAMCONFIG = ROOT / "samconfig.toml"
# The account of the lab, in which what is read here is deployed, too.
ACCOUNT = "000000000000"


class Template:
    """The resources and outputs of one stack, resolved, and its nested applications."""

    def __init__(
        self,
        document: dict[str, Any],
        region: str,
        parameters: dict[str, str],
        account: str = ACCOUNT,
    ) -> None:
        stack = Intrinsics(document, region=region, account=account, parameters=parameters)
        self.region = region
        self.nested: dict[str, Template] = {}
        for name in applications(document):
            resource = document["Resources"][name]
            condition = resource.get("Condition")
            if condition is None or stack.holds(condition):
                self.nested[name] = self._application(stack.value(resource["Properties"]), account)
                outputs = self.nested[name].outputs.items()
                stack.nested |= {
                    f"{name}.Outputs.{k}": from_outside(name, output["Value"])
                    for k, output in outputs
                }
        self.parameters = {k: str(v) for k, v in stack.parameters.items()}
        self.function_defaults: dict[str, Any] = stack.value(
            document.get("Globals", {}).get("Function", {})
        )
        self.resources: dict[str, dict[str, Any]] = stack.deployed(document["Resources"])
        self.outputs: dict[str, dict[str, Any]] = stack.deployed(document.get("Outputs", {}))

    def parts(self) -> dict[str, Template]:
        """Return this stack and its nested applications, by what the names of theirs begin with."""
        found: dict[str, Template] = {"": self}
        for name, nested in self.nested.items():
            found |= {f"{name}{prefix}": part for prefix, part in nested.parts().items()}
        return found

    def every(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the same as `of_type`, of nested applications too: `<Application><Resource>`."""
        parts = self.parts().items()
        return {f"{n}{k}": found for n, part in parts for k, found in part.of_type(kind).items()}

    def place(self, name: str) -> tuple[str, Template, str]:
        """Return where a resource is: what its name begins with, its stack, its name there.

        Raises
        ------
        KeyError
            Neither this stack nor a nested application has it.
        """
        for prefix, part in self.parts().items():
            own = name.removeprefix(prefix)
            if name.startswith(prefix) and own in part.resources:
                return prefix, part, own
        raise KeyError(name)

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

    def _application(self, properties: dict[str, Any], account: str) -> Template:
        """Return a nested application, with the parameters that this stack gives."""
        document = source(properties["Location"])
        given = {name: str(value) for name, value in properties.get("Parameters", {}).items()}
        return type(self)(document, self.region, given, account)


def applications(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the path of each nested application's template, from the parent's, by logical id.

    Applications of the Serverless Application Repository, whose location is no path, are left out.
    """
    return {
        name: resource["Properties"]["Location"]
        for name, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Application"
        and isinstance(resource["Properties"]["Location"], str)
    }


def as_list(value: Any) -> list[Any]:
    """Return what a policy has as one value or as a list, as a list."""
    return value if isinstance(value, list) else [value]


@cache
def _parsed(path: Path) -> bytes:
    return pickle.dumps(yaml_parse(path.read_text()))


def source(location: str = "template.yaml") -> dict[str, Any]:
    """Return a copy of a template as it is written. Parsing it each time takes half a second."""
    document: dict[str, Any] = pickle.loads(_parsed(ROOT / location))
    return document


def deployment(env: str, path: Path | None = None) -> Deployment:
    """Return a config environment of samconfig.toml, whose values the template accepts.

    Raises
    ------
    ConfigError
        It is missing, or has values that the template's parameters or rules do not accept. Each is
        reported with file, environment, key and rule.
    """
    path = path or SAMCONFIG
    found = samconfig.read(path, env)
    check(found.region, found.parameters, f"{path.name}, environment {env}")
    return found


def check(region: str, given: Mapping[str, str], where: str) -> None:
    """Judge the parameters of a stack by the template.

    Raises
    ------
    ConfigError
        It does not accept them.
    """
    faults = parameters.faults(source(), region, given)
    if faults:
        raise ConfigError("\n".join(f"{where}: {fault}" for fault in faults))


def config(env: str) -> tuple[str, dict[str, str]]:
    """Return the Region and the parameters of a config environment of samconfig.toml."""
    found = deployment(env)
    return found.region, dict(found.parameters)


@cache
def load(env: str) -> Template:
    """Return the stack of one config environment of samconfig.toml."""
    return Template(source(), *config(env))


def definition(stack: Template, machine: str) -> dict[str, Any]:
    """Return the definition of a state machine of a stack, its substitutions made."""
    properties = stack.properties(machine)
    text = (ROOT / properties["DefinitionUri"]).read_text()
    return definitions.read(text, properties.get("DefinitionSubstitutions"))
