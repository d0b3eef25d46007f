"""What a template asks for and the lab ignores. It is named at every deployment."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lab.deployment import BUILD
from tools.reader.template import applications

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lab.progress import Progress

# What is ignored, by the property of a type that asks for it; without a property, by the type.
_ASKED_BY: dict[str, tuple[str, ...]] = {
    "authorizers": (
        "AWS::Serverless::HttpApi.Auth",
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::Route.AuthorizationType",
    ),
    "throttling": (
        "AWS::Serverless::HttpApi.DefaultRouteSettings",
        "AWS::Serverless::HttpApi.RouteSettings",
        "AWS::ApiGatewayV2::Stage.DefaultRouteSettings",
        "AWS::ApiGatewayV2::Stage.RouteSettings",
    ),
    "X-Ray traces": (
        "Globals.Api.TracingEnabled",
        "Globals.Function.Tracing",
        "AWS::Serverless::Api.TracingEnabled",
        "AWS::Serverless::Function.Tracing",
        "AWS::Serverless::StateMachine.Tracing",
    ),
    "caching of responses": (
        "Globals.Api.CacheClusterEnabled",
        "AWS::Serverless::Api.CacheClusterEnabled",
    ),
    "validation of requests": ("AWS::Serverless::Api.Models",),
    "canary releases": ("AWS::Serverless::Api.CanarySetting", "Globals.Api.CanarySetting"),
    "web ACLs": ("AWS::WAFv2::WebACLAssociation",),
    "VPCs": ("Globals.Function.VpcConfig", "AWS::Serverless::Function.VpcConfig"),
    "file systems": ("AWS::Serverless::Function.FileSystemConfigs",),
    "shifting of traffic": (
        "Globals.Function.DeploymentPreference",
        "AWS::Serverless::Function.DeploymentPreference",
    ),
    "encryption under a key": ("AWS::KMS::Key",),
    "time to live": (
        "AWS::DynamoDB::Table.TimeToLiveSpecification",
        "AWS::DynamoDB::GlobalTable.TimeToLiveSpecification",
    ),
    "lifecycle rules": ("AWS::S3::Bucket.LifecycleConfiguration",),
    "backups": ("AWS::Backup::BackupPlan",),
    "rules of parameters": ("Rules",),
}
_NAMED_AT_MOST = 2


def report(progress: Progress) -> None:
    """Name what the lab ignores of the template that was built, and of its applications."""
    built = BUILD / "out" / "template.yaml"
    if built.exists() and (ignored := sentence(dict(templates(built)))):
        progress.event(ignored)


def templates(built: Path, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a template and those of its nested applications, each with a prefix for its names."""
    template = json.loads(built.read_text())
    yield prefix, template
    for name, location in applications(template).items():
        yield from templates(built.parent / location, f"{prefix}{name}/")


def sentence(templates: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return what the lab ignores of templates, and where they ask for it, or None.

    The templates are by a prefix of their names, which is empty for the root's.
    """
    asking: dict[str, list[str]] = defaultdict(list)
    for prefix, template in templates.items():
        for what, name in _asks(template):
            asking[what].append(f"{prefix}{name}")
    ignored = []
    for what, sources in _ASKED_BY.items():
        if names := [name for source in sources for name in asking[source]]:
            many = len(names) > _NAMED_AT_MOST
            where = f"{len(names)} places" if many else " and ".join(names)
            ignored.append(f"{what} ({where})")
    return f"The lab ignores of the template: {', '.join(ignored)}." if ignored else None


def _asks(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield everything that a template asks for, each with the name of what asks."""
    yield from (("Rules", name) for name in template.get("Rules", ()))
    for section, properties in template.get("Globals", {}).items():
        yield from ((f"Globals.{section}.{each}", "Globals") for each in properties)
    for name, resource in template["Resources"].items():
        yield resource["Type"], name
        for each in resource.get("Properties", ()):
            yield f"{resource['Type']}.{each}", name
