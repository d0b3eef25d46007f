"""The template as AWS would get it, once for each role."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from samtranslator.translator.transform import transform

from tools.reader.intrinsics import Intrinsics
from tools.reader.template import ACCOUNT, Template, config, source

CONFIG_ENVS = ("secondary-first", "primary", "secondary", "monitor")


def intrinsics(
    region: str, parameters: dict[str, str], translated: dict[str, Any] | None = None
) -> Intrinsics:
    """The template's intrinsic functions, or those of what SAM's transform made of it."""
    template = {**(translated or source()), "Parameters": source()["Parameters"]}
    return Intrinsics(template, region=region, account=ACCOUNT, parameters=parameters)


class Stack(Template):
    """One role's stack, as SAM's transform makes it."""

    def __init__(self, env: str) -> None:
        self.env = env
        region, parameters = config(env)
        super().__init__(
            {**translate(env), "Parameters": source()["Parameters"]}, region, parameters
        )
        self.parameters = parameters


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
