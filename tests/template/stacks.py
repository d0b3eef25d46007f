"""The template as AWS would get it, once for each role."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from samtranslator.translator.transform import transform

from tools.reader.intrinsics import Intrinsics
from tools.reader.template import ACCOUNT, Template, applications, config, source

# Every hook, as the contract file of an application would give it.
HOOKS = {
    "ReadyHook": "shop-ready:live timeout=3 required",
    "BeforeClaimHook": "shop-pause:live timeout=5 modes=failover+drill",
    "AfterClaimHook": "shop-resume:live",
    "BeforeFailbackHook": "shop-prepare:live timeout=10",
}
CONFIG_ENVS = ("secondary-first", "primary", "secondary", "monitor")
EXAMPLE = "Example"
# A deployment without the example, for an application of another pipeline.
SHOP = {
    "ExampleApp": "false",
    "AppNames": "shop-*",
    "AppTables": "shop-orders:customer/order=N,shop-carts:id",
    "AppFunctions": "shop-orders:live,shop-carts:live",
    "WarmPaths": "/orders,/carts",
    "ApiId": "abc123",
    "ApiStage": "prod",
}
# What an application gives that is reached by another DNS name than an API's.
TARGET = {"ApiId": "", "ApiStage": "$default", "TargetName": "Shop-1.us-east-2.elb.amazonaws.com"}


def intrinsics(
    region: str, parameters: dict[str, str], translated: dict[str, Any] | None = None
) -> Intrinsics:
    """The template's intrinsic functions, or those of what SAM's transform made of it."""
    template = {**(translated or source()), "Parameters": source()["Parameters"]}
    return Intrinsics(template, region=region, account=ACCOUNT, parameters=parameters)


class Stack(Template):
    """One role's stack as SAM's transform makes it, and its nested applications so, too."""

    env = ""

    def __init__(
        self,
        document: dict[str, Any],
        region: str,
        parameters: dict[str, str],
        account: str = ACCOUNT,
    ) -> None:
        translated = {**_transformed(document, region, parameters)}
        super().__init__(
            {**translated, "Parameters": document["Parameters"]}, region, parameters, account
        )
        self.parameters = parameters

    @property
    def example(self) -> Stack:
        """The example application of this stack."""
        return self._nested(EXAMPLE)

    @property
    def data(self) -> Stack:
        """The data of this stack, which is retained when the stack goes."""
        return self._nested("Data")

    def _nested(self, name: str) -> Stack:
        nested = self.nested[name]
        assert isinstance(nested, Stack)
        return nested


class _NoPolicies:
    def load(self) -> dict[str, str]:
        return {}


def _transformed(
    document: dict[str, Any], region: str, parameters: dict[str, str]
) -> dict[str, Any]:
    """What SAM's transform makes of a template (done with its own library, as AWS does).

    Nested applications stay as they are: their templates are transformed on their own.
    """
    template = copy.deepcopy(document)
    nested = {name: template["Resources"].pop(name) for name in applications(template)}
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
    transformed = json.loads(json.dumps(transform(template, values, _NoPolicies())))
    return {**transformed, "Resources": {**nested, **transformed["Resources"]}}


@cache
def translate(env: str) -> dict[str, Any]:
    """What SAM's transform makes of the product's template for a config environment."""
    return _transformed(source(), *config(env))


@cache
def stack(env: str) -> Stack:
    found = Stack(source(), *config(env))
    for part in found.parts().values():
        part.env = env  # type: ignore[attr-defined]
    return found


@cache
def shop(env: str) -> Stack:
    """A config environment that deploys no example, but knows an application of its own."""
    region, parameters = config(env)
    return Stack(source(), region, {**parameters, **SHOP})


@cache
def targeted(env: str) -> Stack:
    """The same for an application that is no API of API Gateway's."""
    region, parameters = config(env)
    return Stack(source(), region, {**parameters, **SHOP, **TARGET})


@cache
def watched(env: str) -> Stack:
    """The same as `stack`, with a dashboard."""
    region, parameters = config(env)
    return Stack(source(), region, {**parameters, "Dashboard": "on"})


@cache
def hooked(env: str) -> Stack:
    """The same with every hook."""
    region, parameters = config(env)
    return Stack(source(), region, {**parameters, **SHOP, **HOOKS})


def parts(env: str) -> list[tuple[str, Stack]]:
    """The stack of a config environment and its nested applications, each with a name."""
    return [(f"{env}{name and '-'}{name}", part) for name, part in stack(env).parts().items()]  # type: ignore[misc]
