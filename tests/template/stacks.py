"""The template as AWS would get it, once for each role."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
CONFIG_ENVS = ("secondary-first", "primary", "secondary", "monitor")


def config(env: str) -> tuple[str, dict[str, str]]:
    """Region and parameters of one config environment of samconfig.toml."""
    with (ROOT / "samconfig.toml").open("rb") as file:
        found = tomllib.load(file)[env]["deploy"]["parameters"]
    return found["region"], dict(p.split("=", 1) for p in found["parameter_overrides"].split())


def source() -> dict[str, Any]:
    return yaml_parse((ROOT / "template.yaml").read_text())


class Resolver:
    """Evaluates conditions and the intrinsic functions that the template uses."""

    def __init__(self, template: dict[str, Any], region: str, given: dict[str, str]) -> None:
        self.template = template
        defaults = {k: p.get("Default") for k, p in template["Parameters"].items()}
        self.parameters = {k: v for k, v in (defaults | given).items() if v is not None}
        self.pseudo = {
            "AWS::Region": region,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::StackName": "stack",
            "AWS::URLSuffix": "amazonaws.com",
        }

    def condition(self, node: Any) -> bool:
        if isinstance(node, str):
            return self.condition(self.template["Conditions"][node])
        ((name, args),) = node.items()
        if name == "Condition":
            return self.condition(args)
        if name == "Fn::Equals":
            left, right = (str(self.value(a)) for a in args)
            return left == right
        found = [self.condition(a) for a in args]
        return {"Fn::Not": not found[0], "Fn::And": all(found), "Fn::Or": any(found)}[name]

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            values = [self.value(v) for v in node]
            return [v for v in values if v is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, args),) = node.items()
            if name == "Ref":
                return self.ref(args)
            if name == "Fn::If":
                return self.value(args[1] if self.condition(args[0]) else args[2])
            if name == "Fn::Sub":
                return self.sub(args)
            if name == "Fn::GetAtt":
                parts = args if isinstance(args, list) else args.split(".", 1)
                return f"<{parts[0]}.{parts[1]}>"
            if name == "Fn::FindInMap":
                table, row, column = (self.value(a) for a in args)
                return self.template["Mappings"][table][str(row)][column]
            if name in ("Fn::Join", "Fn::Split", "Fn::Select"):
                return self.part(name, args[0], self.value(args[1]))
        values = {k: self.value(v) for k, v in node.items()}
        return {k: v for k, v in values.items() if v is not NO_VALUE}

    def part(self, name: str, by: Any, whole: Any) -> Any:
        if name == "Fn::Join":
            return by.join(str(v) for v in whole)
        if isinstance(whole, str) and whole.startswith("<"):
            return whole  # a part of another resource's attribute stays the attribute
        return whole.split(by) if name == "Fn::Split" else whole[int(by)]

    def ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            value = self.parameters[name]
            kind = self.template["Parameters"][name]["Type"]
            return value.split(",") if kind == "CommaDelimitedList" else value
        return f"<{name}>"

    def sub(self, args: Any) -> str:
        text, extra = (args, {}) if isinstance(args, str) else args
        for key in set(_placeholders(text)):
            if key in extra:
                value = self.value(extra[key])
            elif "." in key:
                value = f"<{key}>"
            else:
                value = self.ref(key)
            text = text.replace(f"${{{key}}}", str(value))
        return text


NO_VALUE = object()


def _placeholders(text: str) -> list[str]:
    return re.findall(r"\$\{([A-Za-z0-9:.]+)\}", text)


class Stack:
    """One role's stack: only the resources whose condition holds, intrinsics resolved."""

    def __init__(self, env: str) -> None:
        self.env = env
        self.region, self.parameters = config(env)
        template = source()
        resolver = Resolver(template, self.region, self.parameters)
        self.resolver = resolver
        translated = translate(env)
        resolver.template = {**translated, "Parameters": template["Parameters"]}
        self.resources = {
            name: resolver.value(resource)
            for name, resource in translated["Resources"].items()
            if "Condition" not in resource or resolver.condition(resource["Condition"])
        }
        self.outputs = {
            name: resolver.value(output)
            for name, output in translated.get("Outputs", {}).items()
            if "Condition" not in output or resolver.condition(output["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        found = {k: r for k, r in self.resources.items() if r["Type"] == kind}
        return {k: r.get("Properties", {}) for k, r in found.items()}


class _NoPolicies:
    def load(self) -> dict[str, str]:
        return {}


@cache
def translate(env: str) -> dict[str, Any]:
    """What SAM's transform makes of the template (done with its own library, as AWS does)."""
    region, parameters = config(env)
    template = source()
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = f"s3://bucket/{name}"
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = f"s3://bucket/{name}"
        if resource["Type"] == "AWS::Serverless::StateMachine":
            properties["DefinitionUri"] = "s3://bucket/definition"
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    values = {**parameters, "AWS::Region": region}
    return json.loads(json.dumps(transform(template, values, _NoPolicies())))


@cache
def stack(env: str) -> Stack:
    return Stack(env)
