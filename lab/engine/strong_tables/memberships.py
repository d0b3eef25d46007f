"""Stacks make strong tables and end them. One call removes all other members of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT
from lab.engine.patching import wrap
from lab.engine.strong_tables.calls import MEMBERS, table_name
from lab.engine.strong_tables.quorum import Members

if TYPE_CHECKING:
    from lab.engine.aws import Aws
    from lab.engine.strong_tables.tables import StrongTables

KIND = "AWS::DynamoDB::GlobalTable"
SHAPE = (
    "A table with multi-Region strong consistency has three members in three Regions: three "
    "replicas, or two and a witness."
)
NOT_SUPPORTED = "not supported with multi-Region strong consistency."
FOR_LIFE = "Consistency and members of a table with multi-Region strong consistency cannot change."
REMOVED_TOGETHER = (
    "UpdateTable removes the other replica and the witness of a table with multi-Region strong "
    "consistency together, and adds nothing."
)


class Invalid(ValueError):
    """DynamoDB would say ValidationException."""

    def __str__(self) -> str:
        return f"ValidationException: {self.args[0]}"


def install(aws: Aws, strong: StrongTables) -> None:
    """Let stacks make strong tables, and describe them as such."""
    _descriptions(aws, strong)
    _stacks(aws, strong)
    _removals(aws, strong)


def members(replicas: list[str], witnesses: list[str]) -> Members:
    """Return the requested members.

    Raises
    ------
    Invalid
        They are not three different ones, or not as many of a kind as there have to be.
    """
    every = [*replicas, *witnesses]
    fits = (len(replicas), len(witnesses)) in ((3, 0), (2, 1))
    if not fits or len(set(every)) < len(every):
        named = f"{', '.join(replicas) or 'none'}; witnesses: {', '.join(witnesses) or 'none'}"
        raise Invalid(f"{SHAPE} Replicas: {named}.")
    return Members(tuple(replicas), witnesses[0] if witnesses else None)


def check(aws: Aws, name: str | None, requested: Members) -> None:
    """Raise Invalid where a table of this Region cannot get these members."""
    here, tables = aws.region(), aws.dynamodb._tables
    if here not in requested.replicas:
        raise Invalid(f"The Region of the table, {here}, has to be one of its replicas.")
    taken = [r for r in requested.replicas if r != here and tables.get_scoped(ACCOUNT, r, name)]
    if taken:
        raise Invalid(f"There is a table {name} in {', '.join(taken)} already.")


def make(aws: Aws, strong: StrongTables, name: str, requested: Members) -> None:
    """Make a new table of this Region strong."""
    dynamodb, here = aws.dynamodb, aws.region()
    table = dynamodb._tables[name]
    for region in requested.replicas:
        if region != here:
            dynamodb._create_replica(name, table, region)
    dynamodb._set_replica_group(name, requested.replicas)
    keys = tuple(key for key in (table["pk_name"], table["sk_name"]) if key)
    strong.add(name, keys, requested)


def _descriptions(aws: Aws, strong: StrongTables) -> None:
    @wrap(aws.dynamodb, "_table_description")
    def described(describe: Any, name: str) -> dict[str, Any]:
        description: dict[str, Any] = describe(name)
        if members := strong.members_in(aws.region(), name):
            description["MultiRegionConsistency"] = "STRONG"
            witness = {"RegionName": members.witness, "WitnessStatus": "ACTIVE"}
            description["GlobalTableWitnesses"] = [witness] if members.witness else []
        return description


def _stacks(aws: Aws, strong: StrongTables) -> None:
    """Let CloudFormation make a strong table in all Regions of its replicas, and end it there."""
    registry = aws.provisioners._RESOURCE_HANDLERS
    handlers = registry[KIND]
    create_table, update_table, delete_table = (handlers[n] for n in ("create", "update", "delete"))

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        requested = _checked(properties)
        if requested is None:
            return create_table(logical_id, properties, stack)
        check(aws, properties.get("TableName"), requested)
        here = [r for r in properties["Replicas"] if r["Region"] == aws.region()]
        made = create_table(logical_id, {**properties, "Replicas": here}, stack)
        make(aws, strong, made[0], requested)
        return made

    def update(
        name: str, old: dict[str, Any], new: dict[str, Any], *more: Any, **options: Any
    ) -> Any:
        requested = _checked(new)
        if "STRONG" not in (old.get("MultiRegionConsistency"), new.get("MultiRegionConsistency")):
            return update_table(name, old, new, *more, **options)
        if requested != _checked(old) or old.get("TableName") != new.get("TableName"):
            raise Invalid(f"{FOR_LIFE} Give a new one a new logical id and a new name.")
        return update_table(name, old, new, *more, **options)

    def delete(name: str, properties: dict[str, Any], *more: Any) -> None:
        ended = strong.members_of(name)
        strong.remove(name)
        for region in ended.replicas if ended else (aws.region(),):
            aws.within(region, delete_table, name, properties, *more)

    registry[KIND] = {**handlers, "create": create, "update": update, "delete": delete}


def _removals(aws: Aws, strong: StrongTables) -> None:
    """Let UpdateTable remove replicas: of a strong table all other members, in one call.

    What remains is a table of one Region. Nothing can be added to a strong table.
    """

    def protected(name: str, region: str) -> bool:
        replica = aws.dynamodb._tables.get_scoped(ACCOUNT, region, name) or {}
        return bool(replica.get("DeletionProtectionEnabled"))

    @wrap(aws.dynamodb, "_update_table")
    def update(change: Any, data: dict[str, Any]) -> Any:
        name, asked = table_name(data.get("TableName")), MEMBERS & data.keys()
        leaving = [u["Delete"]["RegionName"] for a in asked for u in data[a] if "Delete" in u]
        present = strong.members_in(aws.region(), name) if asked else None
        refusal = None
        if present and sorted(leaving) != sorted(present.besides(aws.region())):
            refusal = REMOVED_TOGETHER
        elif any(protected(name, region) for region in leaving):
            refusal = "Deletion protection is enabled on the replica."
        if refusal:
            return aws.dynamodb.error_response_json("ValidationException", refusal, 400)
        answer = change({k: v for k, v in data.items() if k != "GlobalTableWitnessUpdates"})
        if present and answer[0] == 200:
            table = aws.dynamodb._tables[name]
            # MiniStack makes again what its indexes hold beside the items.
            table.pop(aws.dynamodb._INDEX_MEMBERS, None)
            table["items"] = strong.tables[name].latest
            strong.remove(name)
        return answer


def _checked(properties: dict[str, Any]) -> Members | None:
    """Return the members that a template asks for; None where the table is not to be strong."""
    replicas = [r["Region"] for r in properties.get("Replicas", [])]
    witnesses = [w["Region"] for w in properties.get("GlobalTableWitnesses", [])]
    if properties.get("MultiRegionConsistency") != "STRONG":
        if witnesses:
            raise Invalid("Only a table with multi-Region strong consistency has a witness.")
        return None
    ttl = (properties.get("TimeToLiveSpecification") or {}).get("Enabled")
    if str(ttl).lower() == "true":
        raise Invalid(f"Time to Live: {NOT_SUPPORTED}")
    if properties.get("LocalSecondaryIndexes"):
        raise Invalid(f"Local secondary indexes: {NOT_SUPPORTED}")
    return members(replicas, witnesses)
