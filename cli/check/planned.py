"""What samconfig.toml and the template are about to create: stacks, and the names they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.reader import parameters
from tools.reader.template import Template, source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.reader.samconfig import Deployment

HEALTH_CHECK = "AWS::Route53::HealthCheck"
DOMAIN_NAME = "AWS::ApiGatewayV2::DomainName"
FUNCTION = "AWS::Serverless::Function"
GLOBAL_TABLE = "AWS::DynamoDB::GlobalTable"
# The property that names a resource. A name that is taken fails the creation of a stack.
NAMED = {
    GLOBAL_TABLE: ("table", "TableName"),
    "AWS::DynamoDB::Table": ("table", "TableName"),
    "AWS::S3::Bucket": ("bucket", "BucketName"),
    FUNCTION: ("function", "FunctionName"),
    "AWS::Logs::LogGroup": ("log group", "LogGroupName"),
    "AWS::Backup::BackupVault": ("backup vault", "BackupVaultName"),
    DOMAIN_NAME: ("domain name", "DomainName"),
}


@dataclass(frozen=True)
class Name:
    """A name that a stack takes in a Region."""

    kind: str
    name: str
    region: str


@dataclass(frozen=True)
class Stack:
    """One stack, as the last of its config environments describes it."""

    name: str
    region: str
    template: Template

    @property
    def where(self) -> str:
        """The stack, as a person finds it."""
        return f"{self.name} in {self.region}"

    def names(self) -> list[Name]:
        """Return the names that it takes, those of nested applications included.

        A global table takes one in each Region of a replica.
        """
        return [
            Name(kind, properties[key], region)
            for resource, (kind, key) in NAMED.items()
            for properties in self.template.every(resource).values()
            for region in (
                [r["Region"] for r in properties["Replicas"]]
                if resource == GLOBAL_TABLE
                else [self.region]
            )
        ]

    def count(self, kind: str) -> int:
        """Return how many resources of a type it has."""
        return len(self.template.every(kind))

    def reserved(self) -> int:
        """Return how many concurrent executions its functions reserve."""
        functions = self.template.every(FUNCTION).values()
        return sum(int(f.get("ReservedConcurrentExecutions", 0)) for f in functions)

    def number(self, parameter: str) -> int:
        """Return the value of a parameter that is a whole number."""
        return int(self.template.parameters[parameter])


def stacks(deployments: Sequence[Deployment], account: str) -> list[Stack]:
    """Return the stacks of config environments, each once."""
    latest = {(d.stack_name, d.region): d for d in deployments}
    return [
        Stack(d.stack_name, d.region, Template(source(), d.region, dict(d.parameters), account))
        for d in latest.values()
    ]


def values(deployment: Deployment) -> dict[str, str]:
    """Return all parameters of a config environment, with the template's defaults."""
    return parameters.with_defaults(source(), deployment.parameters)
