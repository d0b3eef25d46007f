"""What a deployment consists of, in the order in which it is deleted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from cli.deployment import Deployment

Kind = Literal["recovery points", "stack", "table", "bucket", "vault"]
Option = Literal["--stacks", "--data"]
# The Monitor's Region: health-check metrics exist only there.
MONITOR_REGION = "us-east-1"
OF_STACK = {
    "Secondary": "the public name, functions, machines, topics, alarms, logs, DNS records, "
    "health checks",
    "Primary": "functions, the emergency machine, topics, alarms, logs, DNS records, health checks",
    "Monitor": "the alarms on the public name and on the Primary, and their topic",
}
OF_VAULT, OF_BUCKET = "backups of tables and bucket", "objects and reports, with all versions"
OF_TABLE = {
    "control-quorum": "which Region is active",
    "journal": "the journal of every write, and heartbeats",
    "app-items": "the items of the example",
    "recoveries": "the records of recoveries and rehearsals",
    "ledger": "the entries of the ledger, and who resolved them",
    "last-resort": "the records of last resorts",
}


@dataclass(frozen=True)
class Step:
    """One thing to delete.

    `deletes` is what is gone for good then. A global table has `replica`, the other Region, and a
    strong one its `witness`.
    """

    option: Option
    kind: Kind
    name: str
    region: str
    deletes: str
    replica: str | None = None
    witness: str | None = None

    @property
    def what(self) -> str:
        """The thing, as a person finds it."""
        if self.kind == "recovery points":
            return f"recovery points in the vault {self.name} in {self.region}"
        more = [self.replica] if self.replica else []
        more += [f"the witness in {self.witness}"] if self.witness else []
        return f"{self.kind} {self.name} in {' and '.join([self.region, *more])}"


def steps(deployment: Deployment, account: str) -> list[Step]:
    """Return all steps in their order.

    Recovery points come first: AWS Backup deletes them with the role of the Primary's stack
    (https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteRecoveryPoint.html). The
    Secondary's stack comes before the Primary's, whose deletion is an outage to it.

    Raises
    ------
    ConfigError
        samconfig.toml does not name the stacks of both Regions.
    """
    primary, secondary = deployment.primary, deployment.secondary
    vault = deployment.name("backups")
    pair = (primary, secondary)
    return [
        *(
            Step("--data", "recovery points", vault, r, "backups of tables and bucket")
            for r in pair
        ),
        *_stacks(deployment),
        *_tables(deployment),
        *(
            Step("--data", "bucket", deployment.bucket(account, region), region, OF_BUCKET)
            for region in pair
        ),
        *(Step("--data", "vault", vault, region, "the vault itself") for region in pair),
    ]


def stays(deployment: Deployment, records: str) -> list[str]:
    """Return what no step deletes. `records` are the names of the certificates' records."""
    mine = deployment.parameters.get("ExampleApp") != "true"
    application = ["your application: its stacks, and its tables with their replicas"]
    return [
        *(application if mine else []),
        f"the hosted zone {deployment.parameters['HostedZoneId']}, and in it the validation "
        f"records of certificates, which others may use: {records}",
        "for 35 days the system backups that DynamoDB makes of deleted tables, without charge",
        "for 7 days the keys that the stacks schedule for deletion",
        "SAM's own bucket, stack aws-sam-cli-managed-default in each Region",
    ]


def _stacks(deployment: Deployment) -> list[Step]:
    regions = {
        "Secondary": deployment.secondary,
        "Primary": deployment.primary,
        "Monitor": MONITOR_REGION,
    }
    missing = [role for role in ("Secondary", "Primary") if role not in deployment.stacks]
    if missing:
        raise ConfigError(f"samconfig.toml names no stack with Role={missing[0]}.")
    return [
        Step("--stacks", "stack", deployment.stacks[role], region, OF_STACK[role])
        for role, region in regions.items()
        if role in deployment.stacks
    ]


def _tables(deployment: Deployment) -> list[Step]:
    primary, secondary = deployment.primary, deployment.secondary
    example = ["app-items"] if deployment.parameters.get("ExampleApp") == "true" else []
    replicated = ["control-quorum", "journal", *example]
    made = [(name, secondary, primary) for name in replicated]
    alone = [("recoveries", secondary), ("ledger", secondary)]
    alone += [("last-resort", secondary), ("last-resort", primary)]
    return [
        Step(
            "--data",
            "table",
            deployment.name(name),
            region,
            OF_TABLE[name],
            replica,
            deployment.witness if name == "control-quorum" else None,
        )
        for name, region, replica in [*made, *((n, r, None) for n, r in alone)]
    ]
