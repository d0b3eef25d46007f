"""What an account holds, by kind, Region and name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.config import LabConfig
    from lab.control import Control

# Kind, operation, the list in the answer, and the name in each of its entries; "" is the entry.
REGIONAL = (
    ("dynamodb", "list_tables", "TableNames", ""),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_layers", "Layers", "LayerName"),
    ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", ""),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("events", "list_rules", "Rules", "Name"),
    ("scheduler", "list_schedules", "Schedules", "Name"),
    ("apigatewayv2", "get_apis", "Items", "Name"),
    ("apigatewayv2", "get_domain_names", "Items", "DomainName"),
    ("acm", "list_certificates", "CertificateSummaryList", "DomainName"),
    ("backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName"),
    ("backup", "list_backup_plans", "BackupPlansList", "BackupPlanName"),
)
GLOBAL = (
    ("s3", "list_buckets", "Buckets", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("route53", "list_health_checks", "HealthChecks", "Id"),
)


def inventory(lab: Control, config: LabConfig) -> set[str]:
    """Return what there is. SAM's own bucket and stack, which it makes first, are left out."""
    return {name for name in _everything(lab, config) if "aws-sam-cli-managed" not in name}


def _everything(lab: Control, config: LabConfig) -> Iterator[str]:
    for region in sorted({*config.regions, config.witness_region}):
        for listed in REGIONAL:
            yield from _names(lab, region, *listed)
        yield from _keys(lab.client("kms", region), region)
        for stack in lab.client("cloudformation", region).describe_stacks()["Stacks"]:
            yield f"{region} cloudformation {stack['StackName']} {stack['StackStatus']}"
    for listed in GLOBAL:
        yield from _names(lab, "us-east-1", *listed)
    zone = lab.client("route53", "us-east-1").list_resource_record_sets(
        HostedZoneId=config.hosted_zone_id
    )
    for record in zone["ResourceRecordSets"]:
        yield f"record {record['Type']} {record['Name']} {record.get('SetIdentifier', '')}"


def _names(
    lab: Control, region: str, service: str, operation: str, listed: str, name: str
) -> Iterator[str]:
    client = lab.client(service, region)
    if client.can_paginate(operation):
        pages = client.get_paginator(operation).paginate()
    else:
        pages = [getattr(client, operation)()]
    for page in pages:
        for entry in page.get(listed, []):
            yield f"{region} {service} {entry[name] if name else entry}"


def _keys(kms: Any, region: str) -> Iterator[str]:
    """Name the keys that are not to be deleted: AWS keeps each for a week at least."""
    for key in kms.list_keys()["Keys"]:
        found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if found["KeyState"] != "PendingDeletion" and found.get("KeyManager") != "AWS":
            yield f"{region} kms {key['KeyId']}"
