"""What a removal deletes in the made-up pair: stacks, tables, buckets, vaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.unit.cli.made_up_pair import Pair

REGIONS = ("us-west-2", "us-east-2")
STACKS = {
    ("us-east-2", "pilot-light-secondary"): "UPDATE_COMPLETE",
    ("us-west-2", "pilot-light-primary"): "CREATE_COMPLETE",
    ("us-east-1", "pilot-light-monitor"): "CREATE_COMPLETE",
}
WITNESSED = "pilot-light-control-quorum"
POINTS = ["arn:point-1", "arn:point-2"]


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@dataclass
class Account:
    """What there is. A deletion of a stack takes two looks."""

    stacks: dict[tuple[str, str], str] = field(default_factory=lambda: dict(STACKS))
    vaults: dict[str, list[str]] = field(
        default_factory=lambda: {region: list(POINTS) for region in REGIONS}
    )
    versions: dict[str, int] = field(default_factory=dict)
    protected: set[tuple[str, str]] = field(default_factory=set)
    witness: bool = True
    # Names of stacks that cannot be deleted.
    stuck: set[str] = field(default_factory=set)


class Removing:
    """The operations of a removal, of a client."""

    pair: Pair
    region: str

    def _done(self, operation: str, name: str) -> dict[str, Any]:
        self.pair.changes.append((operation, {"region": self.region, "name": name}))
        return {}

    def _list_resource_record_sets(self, HostedZoneId: str) -> Any:
        value = {"ResourceRecords": [{"Value": "_1.acm-validations.aws."}]}
        records = [{"Name": "_0.pilotlight.example.", **value}, {"Name": "app.pilotlight.example."}]
        return {"ResourceRecordSets": records}

    def _describe_stacks(self, StackName: str) -> Any:
        stacks = self.pair.account.stacks
        status = stacks.get((self.region, StackName))
        if status is None:
            raise refusal("ValidationError", f"Stack with id {StackName} does not exist")
        if status == "DELETE_IN_PROGRESS":
            del stacks[self.region, StackName]
            if StackName in self.pair.account.stuck:
                stacks[self.region, StackName] = "DELETE_FAILED"
        return {"Stacks": [{"StackStatus": status, "StackStatusReason": "why"}]}

    def _delete_stack(self, StackName: str) -> Any:
        self.pair.account.stacks[self.region, StackName] = "DELETE_IN_PROGRESS"
        return self._done("delete_stack", StackName)

    def _describe_table(self, TableName: str) -> Any:
        rows = self._rows(TableName)
        others = [r for r in REGIONS if r != self.region and (r, TableName) in self.pair.tables]
        table = {
            "TableStatus": "ACTIVE",
            "ItemCount": len(rows),
            "DeletionProtectionEnabled": (self.region, TableName) in self.pair.account.protected,
            "Replicas": [{"RegionName": r} for r in others if not TableName.endswith("-resort")],
        }
        if TableName == WITNESSED and self.pair.account.witness:
            witness = {"RegionName": "us-east-1", "WitnessStatus": "ACTIVE"}
            table |= {"MultiRegionConsistency": "STRONG", "GlobalTableWitnesses": [witness]}
        return {"Table": table}

    def _update_table(self, TableName: str, **changes: Any) -> Any:
        if "DeletionProtectionEnabled" in changes:
            self.pair.account.protected.discard((self.region, TableName))
            return self._done("unprotect", TableName)
        (replica,) = changes["ReplicaUpdates"]
        where = replica["Delete"]["RegionName"]
        if (where, TableName) in self.pair.account.protected:
            raise refusal("ValidationException", "deletion protection")
        del self.pair.tables[where, TableName]
        assert ("GlobalTableWitnessUpdates" in changes) == (TableName == WITNESSED)
        if TableName == WITNESSED:
            self.pair.account.witness = False
        return self._done("delete_replica", TableName)

    def _delete_table(self, TableName: str) -> Any:
        assert (self.region, TableName) not in self.pair.account.protected
        others = {r for r, t in self.pair.tables if t == TableName} - {self.region}
        assert not others or TableName.endswith("-resort")
        del self.pair.tables[self.region, TableName]
        return self._done("delete_table", TableName)

    def _list_object_versions(self, Bucket: str) -> Any:
        if Bucket not in self.pair.account.versions:
            raise refusal("NoSuchBucket")
        left = self.pair.account.versions[Bucket]
        found = [{"Key": f"k{n}", "VersionId": "1"} for n in range(min(left, 2))]
        return {"Versions": found[:1], "DeleteMarkers": found[1:], "IsTruncated": left > 2}

    def _delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> Any:
        self.pair.account.versions[Bucket] -= len(Delete["Objects"])
        return self._done("delete_objects", Bucket)

    def _delete_bucket(self, Bucket: str) -> Any:
        assert self.pair.account.versions.pop(Bucket) == 0
        return self._done("delete_bucket", Bucket)

    def _list_backup_vaults(self) -> Any:
        points = self.pair.account.vaults.get(self.region)
        vault = {"BackupVaultName": "pilot-light-backups", "NumberOfRecoveryPoints": 0}
        if points is None:
            return {"BackupVaultList": []}
        return {"BackupVaultList": [{**vault, "NumberOfRecoveryPoints": len(points)}]}

    def _list_recovery_points_by_backup_vault(self, BackupVaultName: str) -> Any:
        points = self.pair.account.vaults[self.region]
        return {"RecoveryPoints": [{"RecoveryPointArn": arn} for arn in points]}

    def _delete_recovery_point(self, BackupVaultName: str, RecoveryPointArn: str) -> Any:
        self.pair.account.vaults[self.region].remove(RecoveryPointArn)
        return self._done("delete_recovery_point", RecoveryPointArn)

    def _delete_backup_vault(self, BackupVaultName: str) -> Any:
        assert self.pair.account.vaults.pop(self.region) == []
        return self._done("delete_backup_vault", BackupVaultName)
