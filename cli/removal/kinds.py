"""For each kind of step: the read that shows it, and the calls that follow from what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.asking.call import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.removal.steps import Kind, Step

    # Returns the answer to a call, or None if there is no such thing.
    Read = Callable[[Call], Any]

VALID = "ACTIVE"


@dataclass(frozen=True)
class Way:
    """How a kind of step is read and made.

    `found` returns in words what there is, or None if it is gone. `next` returns the calls that
    come next; none, if it has to be waited for. `commands` are all calls, for `--explain`.
    """

    look: Callable[[Step], Call]
    found: Callable[[Step, Any], str | None]
    next: Callable[[Step, Any, Read], list[Call]]
    commands: Callable[[Step], list[Call]]


# --- Stacks ---------------------------------------------------------------------------------------
def _stack_look(step: Step) -> Call:
    return _call(
        step, "cloudformation", "describe_stacks", {"StackName": step.name}, "DescribeStacks"
    )


def _stack_found(_step: Step, answer: Any) -> str | None:
    (stack,) = answer["Stacks"]
    status: str = stack["StackStatus"]
    failed = status.endswith("_FAILED") and stack.get("StackStatusReason")
    return None if status == "DELETE_COMPLETE" else f"{status}: {failed}" if failed else status


def _stack_next(step: Step, answer: Any, _read: Read) -> list[Call]:
    busy = answer["Stacks"][0]["StackStatus"] == "DELETE_IN_PROGRESS"
    return [] if busy else _stack_commands(step)


def _stack_commands(step: Step) -> list[Call]:
    return [_call(step, "cloudformation", "delete_stack", {"StackName": step.name}, "DeleteStack")]


# --- Tables: protection off, then the replica and the witness, then the table ---------------------
def _table_look(step: Step, region: str | None = None) -> Call:
    return _call(
        step, "dynamodb", "describe_table", {"TableName": step.name}, "DescribeTable", region=region
    )


def _table_found(_step: Step, answer: Any) -> str | None:
    table = answer["Table"]
    return f"{table['TableStatus']}, about {table.get('ItemCount', 0)} items"


def _table_next(step: Step, answer: Any, read: Read) -> list[Call]:
    table = answer["Table"]
    others = [r for r in table.get("Replicas", []) if r["RegionName"] != step.region]
    others += table.get("GlobalTableWitnesses", [])
    other = read(_table_look(step, step.replica)) if step.replica else None
    tables = {step.region: table, **({step.replica: other["Table"]} if other else {})}
    if any(t["TableStatus"] != VALID for t in tables.values()):
        return []
    protected = [r for r, t in tables.items() if t.get("DeletionProtectionEnabled")]
    if protected:
        return [_unprotect(step, region) for region in protected if region]
    if other:
        return [_leave(step)]
    return [] if others else [_delete_table(step)]


def _table_commands(step: Step) -> list[Call]:
    regions = [step.region, *([step.replica] if step.replica else [])]
    leave = [_leave(step)] if step.replica else []
    return [*(_unprotect(step, region) for region in regions), *leave, _delete_table(step)]


def _unprotect(step: Step, region: str) -> Call:
    arguments = {"TableName": step.name, "DeletionProtectionEnabled": False}
    return _call(step, "dynamodb", "update_table", arguments, "UpdateTable", region=region)


def _leave(step: Step) -> Call:
    """Return the call that deletes the replica and, in the same call, the witness."""
    arguments: dict[str, Any] = {
        "TableName": step.name,
        "ReplicaUpdates": [{"Delete": {"RegionName": step.replica}}],
    }
    if step.witness:
        witness = {"Delete": {"RegionName": step.witness}}
        arguments["GlobalTableWitnessUpdates"] = [witness]
    return _call(step, "dynamodb", "update_table", arguments, "UpdateTable")


def _delete_table(step: Step) -> Call:
    return _call(step, "dynamodb", "delete_table", {"TableName": step.name}, "DeleteTable")


# --- Buckets: a thousand versions in each call ----------------------------------------------------
def _bucket_look(step: Step) -> Call:
    return _call(step, "s3", "list_object_versions", {"Bucket": step.name}, "ListBucketVersions")


def _bucket_found(_step: Step, answer: Any) -> str | None:
    number = len(_versions(answer))
    return f"versions of objects: {number}{' or more' if answer.get('IsTruncated') else ''}"


def _bucket_next(step: Step, answer: Any, _read: Read) -> list[Call]:
    versions = _versions(answer)
    return [_delete_objects(step, versions)] if versions else [_delete_bucket(step)]


def _bucket_commands(step: Step) -> list[Call]:
    one = {"Key": "<key>", "VersionId": "<version>"}
    return [_bucket_look(step), _delete_objects(step, [one]), _delete_bucket(step)]


def _versions(answer: Any) -> list[dict[str, str]]:
    found = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
    return [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]


def _delete_objects(step: Step, versions: list[dict[str, str]]) -> Call:
    arguments = {"Bucket": step.name, "Delete": {"Quiet": True, "Objects": versions}}
    return _call(step, "s3", "delete_objects", arguments, "DeleteObjectVersion")


def _delete_bucket(step: Step) -> Call:
    return _call(step, "s3", "delete_bucket", {"Bucket": step.name}, "DeleteBucket")


# --- Vaults, and what is in them ------------------------------------------------------------------
def _vault_look(step: Step) -> Call:
    return _call(
        step, "backup", "list_backup_vaults", {}, "ListBackupVaults", pages="BackupVaultList"
    )


def _vault(step: Step, answer: Any) -> Any:
    # AWS Backup denies a vault that is not there, so that the list is asked.
    named = (v for v in answer["BackupVaultList"] if v["BackupVaultName"] == step.name)
    return next(named, None)


def _vault_found(step: Step, answer: Any) -> str | None:
    vault = _vault(step, answer)
    if vault is None:
        return None
    locked = ", locked" if vault.get("Locked") else ""
    return f"recovery points: {vault.get('NumberOfRecoveryPoints', 0)}{locked}"


def _vault_next(step: Step, _answer: Any, _read: Read) -> list[Call]:
    return _vault_commands(step)


def _vault_commands(step: Step) -> list[Call]:
    arguments = {"BackupVaultName": step.name}
    return [_call(step, "backup", "delete_backup_vault", arguments, "DeleteBackupVault")]


def _points_found(step: Step, answer: Any) -> str | None:
    vault = _vault(step, answer)
    return _vault_found(step, answer) if vault and vault.get("NumberOfRecoveryPoints") else None


def _points_next(step: Step, _answer: Any, read: Read) -> list[Call]:
    points = read(_points(step))["RecoveryPoints"]
    return [
        _delete_point(step, point["RecoveryPointArn"])
        for point in points
        if point.get("Status") != "DELETING"
    ]


def _points_commands(step: Step) -> list[Call]:
    return [_points(step), _delete_point(step, "<arn of a recovery point>")]


def _points(step: Step) -> Call:
    return _call(
        step,
        "backup",
        "list_recovery_points_by_backup_vault",
        {"BackupVaultName": step.name},
        "ListRecoveryPointsByBackupVault",
        pages="RecoveryPoints",
    )


def _delete_point(step: Step, arn: str) -> Call:
    arguments = {"BackupVaultName": step.name, "RecoveryPointArn": arn}
    return _call(step, "backup", "delete_recovery_point", arguments, "DeleteRecoveryPoint")


WAYS: dict[Kind, Way] = {
    "stack": Way(_stack_look, _stack_found, _stack_next, _stack_commands),
    "table": Way(_table_look, _table_found, _table_next, _table_commands),
    "bucket": Way(_bucket_look, _bucket_found, _bucket_next, _bucket_commands),
    "vault": Way(_vault_look, _vault_found, _vault_next, _vault_commands),
    "recovery points": Way(_vault_look, _points_found, _points_next, _points_commands),
}


def _call(
    step: Step,
    service: str,
    operation: str,
    arguments: dict[str, Any],
    action: str,
    *,
    region: str | None = None,
    pages: str | None = None,
) -> Call:
    thing = f"{step.kind} {step.name}"
    reads = operation.startswith(("describe", "list"))
    return Call(
        f"{step.kind}#{step.name}",
        region or step.region,
        service,
        operation,
        arguments,
        f"{service}:{action}",
        thing,
        f"what is left of the {thing}" if reads else f"delete the {thing}",
        pages=pages,
    )
