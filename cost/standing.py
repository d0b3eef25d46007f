"""What costs by standing there: data, backups, keys, alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost import CostError
from cost.bill import Line
from cost.queues import polling_lines
from cost.schedules import per_month
from lab.intrinsics import referred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cost.prices import PriceList
    from cost.template import Resource, Stack
    from cost.usage import Usage

TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")


@dataclass(frozen=True)
class Deployment:
    """All stacks, with the tables that the computation reads."""

    stacks: tuple[Stack, ...]
    prices: PriceList
    usage: Usage

    def role_of(self, region: str) -> str:
        """Return the role whose Region this is."""
        return next((s.role for s in self.stacks if s.region == region), region)


def replicas(stack: Stack, table: Resource, deployment: Deployment) -> dict[str, bool]:
    """Return the roles that hold a table, and whether each has point-in-time recovery."""
    given = table.properties
    held = given["Replicas"] if table.kind.endswith("GlobalTable") else [given]
    return {
        deployment.role_of(r.get("Region", stack.region)): str(
            r.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled", False)
        ).lower()
        == "true"
        for r in held
    }


def _table(stack: Stack, table: Resource, deployment: Deployment) -> Iterable[Line]:
    if table.properties.get("BillingMode") != "PAY_PER_REQUEST":
        raise CostError(f"{table.name} is not PAY_PER_REQUEST; no price is known for that.")
    size = deployment.usage.gigabytes("tables", table.name)
    prices, cause = deployment.prices, (table.name,)
    for role, recoverable in replicas(stack, table, deployment).items():
        yield Line("DynamoDB", role, "tables", size, prices["dynamodb_storage"], cause)
        if recoverable:
            what = "point-in-time recovery"
            yield Line("DynamoDB", role, what, size, prices["dynamodb_pitr"], cause)


def _bucket(stack: Stack, bucket: Resource, deployment: Deployment) -> Iterable[Line]:
    size = deployment.usage.gigabytes("buckets", bucket.name)
    yield Line("S3", stack.role, "objects", size, deployment.prices["s3_storage"], (bucket.name,))


def _backed_up(stack: Stack, arn: str, deployment: Deployment) -> tuple[str, str, float]:
    """Return the kind, name and size of what a backup selection names."""
    for table in (t for s in deployment.stacks for t in s.of(*TABLES)):
        if arn.endswith(f":table/{table.properties['TableName']}"):
            size = deployment.usage.gigabytes("tables", table.name)
            return "dynamodb", table.name, size
    for bucket in stack.of("AWS::S3::Bucket"):
        if referred(arn) == bucket.name:
            return "s3", bucket.name, deployment.usage.gigabytes("buckets", bucket.name)
    raise CostError(f"A backup selection names {arn}, which is no table or bucket of the template.")


def _plan(stack: Stack, plan: Resource, deployment: Deployment) -> Iterable[Line]:
    chosen = [
        arn
        for s in stack.of("AWS::Backup::BackupSelection")
        if referred(s.properties["BackupPlanId"]) == plan.name
        for arn in s.properties["BackupSelection"].get("Resources", [])
    ]
    for rule in plan.properties["BackupPlan"]["BackupPlanRule"]:
        for arn in chosen:
            yield from _rule(stack, plan, rule, _backed_up(stack, arn, deployment), deployment)


def _rule(
    stack: Stack,
    plan: Resource,
    rule: dict[str, object],
    kept: tuple[str, str, float],
    deployment: Deployment,
) -> Iterable[Line]:
    kind, name, size = kept
    usage, prices = deployment.usage, deployment.prices
    monthly = per_month(str(rule["ScheduleExpression"]), usage.month_seconds)
    copies: list[dict[str, object]] = rule.get("CopyActions", [])  # type: ignore[assignment]
    for action in (rule, *copies):
        lifecycle: dict[str, str] = action.get("Lifecycle", {})  # type: ignore[assignment]
        if set(lifecycle) != {"DeleteAfterDays"}:
            raise CostError(f"{plan.name} must delete backups after some days, and do no more.")
        # Every backup of a table is a full copy; of a bucket, only changes add to the first.
        count = monthly / usage.month_days * float(lifecycle["DeleteAfterDays"])
        kept_gb = size * (max(count, 1.0) if kind == "dynamodb" else 1.0)
        vault = str(action.get("DestinationBackupVaultArn", ""))
        role = deployment.role_of(vault.split(":")[3]) if vault else stack.role
        what = f"backups of {name}" + (" copied from the other Region" if vault else "")
        yield Line("AWS Backup", role, what, kept_gb, prices[f"backup_{kind}"], (plan.name,))
        if vault and kind == "dynamodb":
            moved = prices["backup_transfer"]
            what = f"copies of {name} to the other Region"
            yield Line("AWS Backup", stack.role, what, monthly * size, moved, (plan.name,))


def _key(stack: Stack, key: Resource, deployment: Deployment) -> Iterable[Line]:
    rotates = str(key.properties.get("EnableKeyRotation", False)).lower() == "true"
    rotations = min(deployment.usage.assumed("key_rotations"), 2) if rotates else 0
    price = deployment.prices["kms_key"]
    yield Line("KMS", stack.role, "customer managed keys", 1 + rotations, price, (key.name,))


def _alarm(stack: Stack, alarm: Resource, deployment: Deployment) -> Iterable[Line]:
    given = alarm.properties
    queries = given.get("Metrics", [])
    if any("ANOMALY_DETECTION" in str(q.get("Expression", "")) for q in queries):
        raise CostError(f"{alarm.name} detects anomalies; no price is known for that.")
    stats = [q["MetricStat"] for q in queries if "MetricStat" in q]
    periods = [int(s["Period"]) for s in stats] or [int(given.get("Period", 60))]
    fast = min(periods) < 60
    price = deployment.prices["alarm_high_resolution" if fast else "alarm"]
    what = "high-resolution alarms" if fast else "alarms"
    yield Line("CloudWatch", stack.role, what, len(periods), price, (alarm.name,))


def _one(service: str, what: str, price: str) -> Pricer:
    def lines(stack: Stack, resource: Resource, deployment: Deployment) -> Iterable[Line]:
        yield Line(service, stack.role, what, 1, deployment.prices[price], (resource.name,))

    return lines


if TYPE_CHECKING:
    Pricer = Callable[[Stack, Resource, Deployment], Iterable[Line]]

PRICERS: dict[str, Pricer] = {
    "AWS::Backup::BackupPlan": _plan,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _one("CloudWatch", "composite alarms", "alarm_composite"),
    "AWS::CloudWatch::Dashboard": _one("CloudWatch", "dashboards", "dashboard"),
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::DynamoDB::Table": _table,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::EventSourceMapping": polling_lines,
    "AWS::Route53::HostedZone": _one("Route 53", "hosted zones", "hosted_zone"),
    "AWS::S3::Bucket": _bucket,
}
