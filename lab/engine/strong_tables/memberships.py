"""How a strong table comes to be: by CloudFormation or UpdateTable. Its members are for life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT
from lab.engine.strong_tables.calls import table_name
from lab.engine.strong_tables.quorum import Members

if TYPE_CHECKING:
    from lab.engine.aws import Aws
    from lab.engine.strong_tables.tables import StrongTables

KIND = "AWS::DynamoDB::GlobalTable"
MEMBERSHIP = {"ReplicaUpdates", "GlobalTableWitnessUpdates", "MultiRegionConsistency"}
SHAPE = (
    "A table with multi-Region strong consistency has three members in three Regions: three "
    "replicas, or two and a witness."
)
FOR_LIFE = "Consistency and members of a table with multi-Region strong consistency cannot change."


class Invalid(ValueError):
    """DynamoDB would say ValidationException."""

    def __str__(self) -> str:
        return f"ValidationException: {self.args[0]}"


def install(aws: Aws, strong: StrongTables) -> None:
    """Let tables become strong, and tell that they are."""
    memberships = Memberships(aws, strong)
    _descriptions(aws, strong)
    _calls(aws, strong, memberships)
    _stacks(aws, strong, memberships)


def members(replicas: list[str], witnesses: list[str]) -> Members:
    """Return the members that were asked for.

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


class Memberships:
    """Makes strong tables of tables that are a Region's own, and ends them."""

    def __init__(self, aws: Aws, strong: StrongTables) -> None:
        self._aws = aws
        self._strong = strong

    def check(self, name: str, wanted: Members) -> None:
        """Raise Invalid where a table of this Region cannot get these members."""
        here, tables = self._aws.region(), self._aws.dynamodb._tables
        if here not in wanted.replicas:
            raise Invalid(f"The Region of the table, {here}, has to be one of its replicas.")
        taken = [r for r in wanted.replicas if r != here and tables.get_scoped(ACCOUNT, r, name)]
        if taken:
            raise Invalid(f"There is a table {name} in {', '.join(taken)} already.")

    def make(self, name: str, wanted: Members) -> None:
        """Make a table of this Region strong.

        Raises
        ------
        Invalid
            It holds items, or has what a strong table cannot have.
        """
        self.check(name, wanted)
        dynamodb, here = self._aws.dynamodb, self._aws.region()
        table = dynamodb._tables[name]
        ttl = (dynamodb._ttl_settings.get(name) or {}).get("TimeToLiveStatus") == "ENABLED"
        _refuse_extras(ttl=ttl, indexes=table.get("LocalSecondaryIndexes"))
        if any(table["items"].values()) or dynamodb._replica_group(table):
            raise Invalid("Only an empty table that is not global yet can become strong.")
        for region in wanted.replicas:
            if region != here:
                dynamodb._create_replica(name, table, region)
        dynamodb._set_replica_group(name, wanted.replicas)
        keys = tuple(key for key in (table["pk_name"], table["sk_name"]) if key)
        self._strong.add(name, keys, wanted)


def _refuse_extras(*, ttl: bool, indexes: Any) -> None:
    for there, what in ((ttl, "Time to Live"), (indexes, "Local secondary indexes")):
        if there:
            raise Invalid(f"{what}: not supported with multi-Region strong consistency.")


def _descriptions(aws: Aws, strong: StrongTables) -> None:
    describe = aws.dynamodb._table_description

    def described(name: str) -> dict[str, Any]:
        found: dict[str, Any] = describe(name)
        known = strong.members_of(name)
        if known and aws.region() in known.replicas:
            found["MultiRegionConsistency"] = "STRONG"
            witness = {"RegionName": known.witness, "WitnessStatus": "ACTIVE"}
            found["GlobalTableWitnesses"] = [witness] if known.witness else []
        return found

    aws.dynamodb._table_description = described


def _calls(aws: Aws, strong: StrongTables, memberships: Memberships) -> None:
    """Make a table strong by UpdateTable, and refuse what AWS refuses on strong ones."""
    dynamodb = aws.dynamodb
    update, delete, set_ttl = dynamodb._update_table, dynamodb._delete_table, dynamodb._update_ttl

    def refused(said: str) -> Any:
        return dynamodb.error_response_json("ValidationException", said, 400)

    def is_strong(data: dict[str, Any]) -> bool:
        known = strong.members_of(table_name(data.get("TableName")))
        return known is not None and aws.region() in known.replicas

    def updated(data: dict[str, Any]) -> Any:
        name = table_name(data.get("TableName"))
        if is_strong(data):
            return refused(FOR_LIFE) if MEMBERSHIP & data.keys() else update(data)
        if data.get("MultiRegionConsistency") != "STRONG" or name not in dynamodb._tables:
            return update(data)
        try:
            replicas = [aws.region(), *_created(data, "ReplicaUpdates")]
            wanted = members(replicas, _created(data, "GlobalTableWitnessUpdates"))
            memberships.make(name, wanted)
        except Invalid as error:
            return refused(error.args[0])
        return dynamodb.json_response({"TableDescription": dynamodb._table_description(name)})

    def deleted(data: dict[str, Any]) -> Any:
        return refused(FOR_LIFE) if is_strong(data) else delete(data)

    def ttl_set(data: dict[str, Any]) -> Any:
        if is_strong(data):
            return refused("Time to Live: not supported with multi-Region strong consistency.")
        return set_ttl(data)

    dynamodb._update_table, dynamodb._delete_table = updated, deleted
    dynamodb._update_ttl = ttl_set


def _created(data: dict[str, Any], updates: str) -> list[str]:
    """Return the Regions of the members that UpdateTable is to create."""
    return [u["Create"]["RegionName"] for u in data.get(updates) or [] if "Create" in u]


def _stacks(aws: Aws, strong: StrongTables, memberships: Memberships) -> None:
    """Let CloudFormation make a strong table in all Regions of its replicas, and end it there."""
    registry = aws.provisioners._RESOURCE_HANDLERS
    known = registry[KIND]
    create_table, update_table, delete_table = (known[n] for n in ("create", "update", "delete"))

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        wanted = _checked(properties)
        if wanted is None:
            return create_table(logical_id, properties, stack)
        if name := properties.get("TableName"):
            memberships.check(name, wanted)
        here = [r for r in properties["Replicas"] if r["Region"] == aws.region()]
        made = create_table(logical_id, {**properties, "Replicas": here}, stack)
        memberships.make(made[0], wanted)
        return made

    def update(
        name: str, old: dict[str, Any], new: dict[str, Any], *more: Any, **given: Any
    ) -> Any:
        wanted = _checked(new)
        if "STRONG" not in (old.get("MultiRegionConsistency"), new.get("MultiRegionConsistency")):
            return update_table(name, old, new, *more, **given)
        if wanted != _checked(old) or old.get("TableName") != new.get("TableName"):
            raise Invalid(f"{FOR_LIFE} Give a new one a new logical id and a new name.")
        return update_table(name, old, new, *more, **given)

    def delete(name: str, properties: dict[str, Any], *more: Any) -> None:
        ended = strong.members_of(name)
        strong.remove(name)
        for region in ended.replicas if ended else (aws.region(),):
            aws.within(region, delete_table, name, properties, *more)

    registry[KIND] = {**known, "create": create, "update": update, "delete": delete}


def _checked(properties: dict[str, Any]) -> Members | None:
    """Return the members that a template asks for; None where the table is not to be strong."""
    replicas = [r["Region"] for r in properties.get("Replicas", [])]
    witnesses = [w["Region"] for w in properties.get("GlobalTableWitnesses", [])]
    if properties.get("MultiRegionConsistency") != "STRONG":
        if witnesses:
            raise Invalid("Only a table with multi-Region strong consistency has a witness.")
        return None
    ttl = (properties.get("TimeToLiveSpecification") or {}).get("Enabled")
    on = str(ttl).lower() == "true"
    _refuse_extras(ttl=on, indexes=properties.get("LocalSecondaryIndexes"))
    return members(replicas, witnesses)
