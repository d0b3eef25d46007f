"""What `status` asks each Region of the pair: one list of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client import heartbeat
from pilot_light_client.control_item import CONTROL_KEY
from pilotlight.ledger.entry import SHARDS, SHARDS_PREFIX
from pilotlight.recoveries import schema
from pilotlight.reporting import past_recoveries

from cli.asking.call import Call, batch_get, get_item, identity

if TYPE_CHECKING:
    from cli.asking.together import Answers
    from cli.deployment import Deployment

# The second list follows from these.
NEEDS = ("identity", "control")
# State machines of the Secondary, and of each Region.
MACHINES, EVERYWHERE = ("failover", "switchover"), ("emergency",)
UNKNOWN_ACCOUNT = "<account>"
_OF_RECOVERIES = {
    schema.LOCK: "whether a run holds the lock",
    schema.SENTINEL: "what the sentinel observed, and whether the automation is paused",
    schema.READINESS: "the scheduled verdict on the Secondary",
    schema.REHEARSAL: "how the last rehearsal ended",
}


def first(deployment: Deployment, region: str) -> list[Call]:
    """Return the calls to a Region that follow from nothing."""
    control = deployment.name("control-quorum")
    calls = [
        identity(region),
        get_item(region, control, CONTROL_KEY, "which Region is active", name="control"),
        get_item(region, control, "pulse", "the pulse of the active Region"),
        get_item(region, deployment.name("last-resort"), "last-resort", "the last resort"),
        Call(
            "control_table",
            region,
            "dynamodb",
            "describe_table",
            {"TableName": control},
            "dynamodb:DescribeTable",
            f"table/{control}",
            "the members of the control table, the witness among them",
        ),
        _heartbeats(deployment, region),
    ]
    return calls + (_of_secondary(deployment) if region == deployment.secondary else [])


def following(deployment: Deployment, region: str, answers: Answers) -> list[Call]:
    """Return the calls that follow from the account, and from the epoch."""
    calls = []
    if account := answers.values.get("identity"):
        names = EVERYWHERE + (MACHINES if region == deployment.secondary else ())
        calls += [running(deployment, region, name, account) for name in names]
    control = schema.plain(answers.values.get("control", {}).get("Item", {}))
    if region == deployment.secondary and (epochs := past_recoveries.epochs(control)):
        calls.append(recoveries(deployment, list(map(str, epochs))))
    return calls


def explained(deployment: Deployment, region: str) -> list[Call]:
    """Return all calls to a Region, with words for what only answers tell."""
    account = {"Account": UNKNOWN_ACCOUNT, "Arn": "arn:aws:sts::"}
    names = EVERYWHERE + (MACHINES if region == deployment.secondary else ())
    calls = [running(deployment, region, name, account) for name in names]
    if region == deployment.secondary:
        calls.append(recoveries(deployment, ["<epoch>"]))
    return first(deployment, region) + calls


def recoveries(deployment: Deployment, epochs: list[str]) -> Call:
    """Return the read of the records of some epochs."""
    keys = [schema.key(schema.RECOVERY, epoch) for epoch in epochs]
    table = deployment.name("recoveries")
    why = "the records of the latest recoveries"
    return batch_get(deployment.secondary, table, keys, why, name="recoveries")


def _of_secondary(deployment: Deployment) -> list[Call]:
    region, table = deployment.secondary, deployment.name("recoveries")
    items = [get_item(region, table, key, why) for key, why in _OF_RECOVERIES.items()]
    return items + [open_entries(deployment, shard) for shard in range(SHARDS)]


def open_entries(deployment: Deployment, shard: int) -> Call:
    """Return the read of a shard of the ledger's open entries: keys, and of which kind they are."""
    table = deployment.name("ledger")
    return Call(
        f"ledger#{shard}",
        deployment.secondary,
        "dynamodb",
        "query",
        {
            "TableName": table,
            "IndexName": "open_id",
            "KeyConditionExpression": "pk = :shard",
            "ExpressionAttributeValues": {":shard": {"S": f"{SHARDS_PREFIX}{shard}"}},
            "ConsistentRead": True,
        },
        "dynamodb:Query",
        f"table/{table}/index/open_id",
        "the ledger's open entries",
        pages="Items",
    )


def _heartbeats(deployment: Deployment, region: str) -> Call:
    """Return the read of the other Region's heartbeats in this Region's replica."""
    (other,) = set(deployment.regions) - {region}
    keys = [heartbeat.key(other, number) for number in range(heartbeat.KEYS)]
    why = f"the replication from {other}"
    return batch_get(region, deployment.name("journal"), keys, why, name="heartbeats")


def running(deployment: Deployment, region: str, machine: str, account: dict[str, Any]) -> Call:
    """Return the listing of what runs of a machine."""
    arn = deployment.machine(
        machine, account["Account"], region, partition=account["Arn"].split(":")[1]
    )
    return Call(
        f"running#{machine}",
        region,
        "stepfunctions",
        "list_executions",
        {"stateMachineArn": arn, "statusFilter": "RUNNING", "maxResults": 20},
        "states:ListExecutions",
        f"stateMachine:{deployment.name(machine)}",
        f"the running executions of {machine}",
    )
