"""The template as AWS would get it, once for each role."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

from tools.reader.intrinsics import Intrinsics

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


def intrinsics(
    region: str, parameters: dict[str, str], translated: dict[str, Any] | None = None
) -> Intrinsics:
    """The template's intrinsic functions, or those of what SAM's transform made of it."""
    template = {**(translated or source()), "Parameters": source()["Parameters"]}
    return Intrinsics(template, region=region, account=ACCOUNT, parameters=parameters)


class Stack:
    """One role's stack: only the resources whose condition holds, intrinsics resolved."""

    def __init__(self, env: str) -> None:
        self.env = env
        self.region, self.parameters = config(env)
        translated = translate(env)
        known = intrinsics(self.region, self.parameters, translated)
        self.resources = known.deployed(translated["Resources"])
        self.outputs = known.deployed(translated.get("Outputs", {}))

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
