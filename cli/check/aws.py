"""The calls to AWS: few, each bounded in time, and read only."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.check.planned import Name

QUICK = Config(connect_timeout=3, read_timeout=8, retries={"total_max_attempts": 2})
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
DOMAIN_NAMES_QUOTA = ("apigateway", "L-A93447B8")
NESTED, GONE = "AWS::CloudFormation::Stack", ("DELETE_COMPLETE", "DELETE_SKIPPED")
MISSING = ("ResourceNotFoundException", "404", "NoSuchBucket", "NotFoundException")


@dataclass(frozen=True)
class StackState:
    """A stack's status, empty if there is none, and the names of what it owns."""

    status: str = ""
    owns: frozenset[str] = frozenset()


class Aws:
    """The account of the shell's credentials, or of a profile."""

    def __init__(self, profile: str | None = None) -> None:
        self._profile = profile
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        # Making a client is not safe in several threads; using one is.
        self._lock = threading.Lock()

    def client(self, service: str, region: str) -> Any:
        """Return a client, made once."""
        with self._lock:
            self._session = self._session or boto3.Session(profile_name=self._profile)
            if (service, region) not in self._clients:
                made = self._session.client(service, region_name=region, config=QUICK)
                self._clients[service, region] = made
            return self._clients[service, region]

    def identity(self, region: str) -> dict[str, Any]:
        """Return the account and the principal."""
        identity: dict[str, Any] = self.client("sts", region).get_caller_identity()
        return identity

    def hosted_zone(self, zone_id: str) -> dict[str, Any] | None:
        """Return a hosted zone with its delegation set, or None if there is none."""
        try:
            found: dict[str, Any] = self.client("route53", "us-east-1").get_hosted_zone(Id=zone_id)
        except ClientError as error:
            if code_of(error) == "NoSuchHostedZone":
                return None
            raise
        return found

    def health_checks(self) -> tuple[int, int]:
        """Return how many health checks the account has, and may have."""
        response = self.client("route53", "us-east-1").get_account_limit(
            Type="MAX_HEALTH_CHECKS_BY_OWNER"
        )
        return response["Count"], response["Limit"]["Value"]

    def concurrency(self, region: str) -> dict[str, int]:
        """Return Lambda's limits of a Region."""
        limit: dict[str, int] = self.client("lambda", region).get_account_settings()["AccountLimit"]
        return limit

    def domain_names(self, region: str) -> tuple[int, float]:
        """Return how many custom domain names API Gateway has in a Region, and may have."""
        service, code = DOMAIN_NAMES_QUOTA
        quota = self.client("service-quotas", region).get_service_quota(
            ServiceCode=service, QuotaCode=code
        )["Quota"]["Value"]
        pages = self.client("apigatewayv2", region).get_paginator("get_domain_names").paginate()
        return sum(len(page["Items"]) for page in pages), quota

    def stack(self, name: str, region: str) -> StackState:
        """Return a stack's state. What it kept at a deletion is not its own any more."""
        client = self.client("cloudformation", region)
        try:
            status: str = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return StackState()
            raise
        if status == "REVIEW_IN_PROGRESS":  # Only a change set exists; sam creates the stack.
            return StackState()
        return StackState(status, frozenset(_owned(client, name)))

    def exists(self, name: Name) -> bool:
        """Return whether a name is taken. A bucket may be another account's: see head_bucket."""
        ask: dict[str, Callable[[], Any]] = {
            "table": partial(self._table, name),
            "bucket": partial(self._bucket, name),
            "function": partial(self._function, name),
            "domain name": partial(self._domain_name, name),
        }
        if name.kind == "log group":
            return self._log_group(name)
        if name.kind == "backup vault":
            return self._vault(name)
        try:
            ask[name.kind]()
        except ClientError as error:
            if code_of(error) in MISSING:
                return False
            raise
        return True

    def _table(self, name: Name) -> None:
        self.client("dynamodb", name.region).describe_table(TableName=name.name)

    def _bucket(self, name: Name) -> None:
        self.client("s3", name.region).head_bucket(Bucket=name.name)

    def _function(self, name: Name) -> None:
        self.client("lambda", name.region).get_function_configuration(FunctionName=name.name)

    def _domain_name(self, name: Name) -> None:
        self.client("apigatewayv2", name.region).get_domain_name(DomainName=name.name)

    def _vault(self, name: Name) -> bool:
        """List them, because a description is denied where there is no such vault."""
        pages = self.client("backup", name.region).get_paginator("list_backup_vaults").paginate()
        return any(v["BackupVaultName"] == name.name for p in pages for v in p["BackupVaultList"])

    def _log_group(self, name: Name) -> bool:
        groups = self.client("logs", name.region).describe_log_groups(
            logGroupNamePrefix=name.name, limit=50
        )["logGroups"]
        return any(group["logGroupName"] == name.name for group in groups)


def _owned(client: Any, stack: str) -> set[str]:
    """Return the names of what a stack and the stacks nested in it own."""
    owns: set[str] = set()
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            name, kept = resource.get("PhysicalResourceId"), resource["ResourceStatus"] not in GONE
            if name and kept:
                owns.add(name)
                # The physical id of a nested stack is its ARN, which names it here.
                owns |= _owned(client, name) if resource["ResourceType"] == NESTED else set()
    return owns


def code_of(error: ClientError) -> str:
    """Return the code of an error that AWS answered with."""
    return str(error.response.get("Error", {}).get("Code", "an error without a code"))
