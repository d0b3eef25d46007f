"""What a template asks for and the lab ignores. It is named at every deployment."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lab.deployment import BUILD

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        "Globals.Function.Tracing",
        "AWS::Serverless::StateMachine.Tracing",
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
    """Name what the lab ignores of the template that was built."""
    built = BUILD / "out" / "template.yaml"
    if built.exists() and (ignored := sentence(json.loads(built.read_text()))):
        progress.event(ignored)


def sentence(template: Mapping[str, Any]) -> str | None:
    """Return what the lab ignores of a template, and where the template asks for it, or None."""
    asking: dict[str, list[str]] = defaultdict(list)
    asking["Rules"].extend(template.get("Rules", ()))
    for section, properties in template.get("Globals", {}).items():
        for each in properties:
            asking[f"Globals.{section}.{each}"].append("Globals")
    for name, resource in template["Resources"].items():
        asking[resource["Type"]].append(name)
        for each in resource.get("Properties", ()):
            asking[f"{resource['Type']}.{each}"].append(name)
    ignored = []
    for what, sources in _ASKED_BY.items():
        if names := [name for source in sources for name in asking[source]]:
            many = len(names) > _NAMED_AT_MOST
            where = f"{len(names)} places" if many else " and ".join(names)
            ignored.append(f"{what} ({where})")
    return f"The lab ignores of the template: {', '.join(ignored)}." if ignored else None
