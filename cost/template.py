"""The stacks that template.yaml becomes, one for each role: conditions decided, values known."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

from cost import ROOT, CostError
from lab.intrinsics import Intrinsics, NotUnderstood

if TYPE_CHECKING:
    from pathlib import Path

ENVS = {"Primary": "primary", "Secondary": "secondary", "Monitor": "monitor"}
PLACES = {"Role", "PrimaryRegion", "SecondaryRegion"}
ACCOUNT = "111122223333"


@dataclass(frozen=True)
class Resource:
    """A resource of one stack. References to other resources stand as `<LogicalId>`."""

    name: str
    kind: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """What one role deploys."""

    role: str
    region: str
    parameters: dict[str, Any]
    resources: dict[str, Resource]

    def of(self, *kinds: str) -> list[Resource]:
        """Return the resources of some types."""
        return [r for r in self.resources.values() if r.kind in kinds]

    def without(self, names: set[str]) -> Stack:
        """Return it without some resources."""
        return replace(self, resources={k: r for k, r in self.resources.items() if k not in names})


def _checked(name: str, value: str, definition: dict[str, Any]) -> str:
    allowed = [str(v) for v in definition.get("AllowedValues", [])]
    if allowed and value not in allowed:
        raise CostError(f"Parameter {name}={value}: it must be one of {', '.join(allowed)}.")
    pattern = definition.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        raise CostError(f"Parameter {name}={value}: it must match {pattern}.")
    if definition["Type"] == "Number":
        least, most = definition.get("MinValue"), definition.get("MaxValue")
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
            raise CostError(f"Parameter {name}={value}: it must be a number.")
        if (least is not None and float(value) < least) or (
            most is not None and float(value) > most
        ):
            raise CostError(f"Parameter {name}={value}: it must be from {least} to {most}.")
    return value


def _parameters(template: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    definitions = template["Parameters"]
    unknown = set(given) - set(definitions)
    if unknown:
        known = ", ".join(definitions)
        raise CostError(f"There is no parameter {sorted(unknown)[0]!r}. Name one of: {known}.")
    found: dict[str, str] = {}
    for name, definition in definitions.items():
        if name in given:
            found[name] = _checked(name, given[name], definition)
        elif "Default" in definition:
            found[name] = str(definition["Default"])
        else:
            raise CostError(f"samconfig.toml gives no value for the parameter {name}.")
    return found


def _merged(shared: Any, own: Any) -> Any:
    """Merge as SAM does with Globals: maps are combined, lists follow each other."""
    if isinstance(shared, dict) and isinstance(own, dict):
        both = {k: _merged(shared[k], own[k]) for k in shared.keys() & own.keys()}
        return {**shared, **own, **both}
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    return own


def _stack(
    template: dict[str, Any], role: str, deploy: dict[str, Any], given: dict[str, str]
) -> Stack:
    overrides = dict(part.split("=", 1) for part in deploy["parameter_overrides"].split())
    parameters = _parameters(template, {**overrides, **given})
    if parameters.get(f"{role}Region", deploy["region"]) != deploy["region"]:
        raise CostError(f"samconfig.toml deploys the {role} to another Region than {role}Region.")
    known = Intrinsics(template, region=deploy["region"], account=ACCOUNT, parameters=parameters)
    shared = {f"AWS::Serverless::{k}": v for k, v in template.get("Globals", {}).items()}
    merged = {
        name: {**r, "Properties": _merged(shared.get(r["Type"], {}), r.get("Properties", {}))}
        for name, r in template["Resources"].items()
    }
    try:
        found = known.deployed(merged)
    except NotUnderstood as error:
        raise CostError(f"{error} It is not understood.") from error
    resources = {name: Resource(name, r["Type"], r["Properties"]) for name, r in found.items()}
    return Stack(role, deploy["region"], known.parameters, resources)


@lru_cache(maxsize=2)
def _parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml_parse(text)
    return found


def read(given: dict[str, str] | None = None, root: Path = ROOT) -> list[Stack]:
    """Return the stacks of the pair that samconfig.toml names, the Monitor's where one is needed.

    Raises
    ------
    CostError
        A file cannot be read, or a given parameter is none of the template's.
    """
    try:
        template = _parsed((root / "template.yaml").read_text(encoding="utf-8"))
        with (root / "samconfig.toml").open("rb") as file:
            config = tomllib.load(file)
        pair = {config[env]["deploy"]["parameters"]["region"] for env in ("primary", "secondary")}
        roles = {r: e for r, e in ENVS.items() if r != "Monitor" or "us-east-1" not in pair}
        deploys = {role: config[env]["deploy"]["parameters"] for role, env in roles.items()}
    except (OSError, KeyError, ValueError) as error:
        raise CostError(f"template.yaml or samconfig.toml cannot be read: {error}.") from error
    for name in PLACES & set(given or {}):
        raise CostError(f"The parameter {name} cannot be given: samconfig.toml says what is where.")
    return [_stack(template, role, deploy, given or {}) for role, deploy in deploys.items()]
