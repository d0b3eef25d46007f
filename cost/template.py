"""The stacks that template.yaml becomes, one for each role: conditions decided, values known."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

from cost import ROOT, CostError

if TYPE_CHECKING:
    from pathlib import Path

ENVS = {"Primary": "primary", "Secondary": "secondary", "Monitor": "monitor"}
PLACES = {"Role", "PrimaryRegion", "SecondaryRegion"}
NO_VALUE = object()
PARTS = ("Fn::Join", "Fn::Split", "Fn::Select", "Fn::FindInMap")
UNKNOWN = {"AWS::AccountId": "111122223333", "AWS::Partition": "aws"}


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


class Resolver:
    """Decides conditions and evaluates the intrinsic functions that the template uses."""

    def __init__(self, template: dict[str, Any], region: str, parameters: dict[str, Any]) -> None:
        self._conditions = template.get("Conditions", {})
        self._mappings = template.get("Mappings", {})
        self._known = {**UNKNOWN, "AWS::Region": region, **parameters}

    def holds(self, condition: Any) -> bool:
        """Decide a condition, given by name or by its definition."""
        if isinstance(condition, str):
            return self.holds(self._conditions[condition])
        ((name, args),) = condition.items()
        if name == "Condition":
            return self.holds(args)
        if name == "Fn::Equals":
            return str(self.value(args[0])) == str(self.value(args[1]))
        found = [self.holds(a) for a in args]
        if name == "Fn::Not":
            return not found[0]
        if name in ("Fn::And", "Fn::Or"):
            return all(found) if name == "Fn::And" else any(found)
        raise CostError(f"template.yaml has a condition with {name}, which is not understood.")

    def value(self, node: Any) -> Any:
        """Evaluate a value; attributes of other resources stay `<LogicalId.Attribute>`."""
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
                return f"<{'.'.join(args) if isinstance(args, list) else args}>"
            if name in PARTS:
                return self._part(name, [self.value(a) for a in args])
            if name.startswith("Fn::"):
                raise CostError(f"template.yaml uses {name}, which is not understood.")
        values = {k: self.value(v) for k, v in node.items()}
        return {k: v for k, v in values.items() if v is not NO_VALUE}

    def _part(self, name: str, args: list[Any]) -> Any:
        """Join, split, select or look up; a part of another's attribute stays the attribute."""
        if name == "Fn::FindInMap":
            return self._mappings[args[0]][args[1]][args[2]]
        if name == "Fn::Join":
            return args[0].join(str(v) for v in args[1])
        if name == "Fn::Split":
            return args[1] if referred(args[1]) else args[1].split(args[0])
        return args[1] if isinstance(args[1], str) else args[1][int(args[0])]

    def _ref(self, name: str) -> Any:
        return NO_VALUE if name == "AWS::NoValue" else self._known.get(name, f"<{name}>")

    def _sub(self, args: Any) -> str:
        text, extra = (args, {}) if isinstance(args, str) else args
        named = {key: self.value(node) for key, node in extra.items()}
        return re.sub(
            r"\$\{([A-Za-z0-9:.]+)\}", lambda m: str(named.get(m[1], self._ref(m[1]))), text
        )


def referred(value: Any) -> str:
    """Return the logical id that a resolved reference names, such as `<Function.Alias>`."""
    found = re.match(r"<(\w+)(\.[\w.]+)?>", str(value))
    return found[1] if found else ""


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


def _parameters(template: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    definitions = template["Parameters"]
    unknown = set(given) - set(definitions)
    if unknown:
        known = ", ".join(definitions)
        raise CostError(f"There is no parameter {sorted(unknown)[0]!r}. Name one of: {known}.")
    found: dict[str, Any] = {}
    for name, definition in definitions.items():
        if name in given:
            value = _checked(name, given[name], definition)
        elif "Default" in definition:
            value = str(definition["Default"])
        else:
            raise CostError(f"samconfig.toml gives no value for the parameter {name}.")
        found[name] = value.split(",") if definition["Type"] == "CommaDelimitedList" else value
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
    resolver = Resolver(template, deploy["region"], parameters)
    shared = {f"AWS::Serverless::{k}": v for k, v in template.get("Globals", {}).items()}
    resources = {
        name: Resource(
            name,
            found["Type"],
            resolver.value(_merged(shared.get(found["Type"], {}), found.get("Properties", {}))),
        )
        for name, found in template["Resources"].items()
        if "Condition" not in found or resolver.holds(found["Condition"])
    }
    return Stack(role, deploy["region"], parameters, resources)


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
