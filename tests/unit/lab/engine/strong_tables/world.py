"""MiniStack's real DynamoDB in three Regions, with strong tables in front of it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT
from lab.engine import stack_resources
from lab.engine.aws import Aws
from lab.engine.clock import Clock
from lab.engine.outages.named_outages import begin
from lab.engine.outages.outage import Outage
from lab.engine.replication import Replication
from lab.engine.strong_tables import memberships, quorum, tables as strong_tables
from lab.engine.strong_tables.tables import StrongTables
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, VIRGINIA, Anything

if TYPE_CHECKING:
    from collections.abc import Coroutine

    import pytest

TABLE = "quorum"
KEY = {"pk": {"S": "control"}}
TEMPLATE = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "MultiRegionConsistency": "STRONG",
    "Replicas": [{"Region": PRIMARY}, {"Region": SECONDARY}],
    "GlobalTableWitnesses": [{"Region": VIRGINIA}],
}
PATCHED = (
    "handle_request",
    "_replicate_write",
    "_table_description",
    "_update_table",
    "_delete_table",
    "_update_ttl",
)


class StrongWorld:
    """A lab's DynamoDB. Its round trips take hundredths of a second, and its clock is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, lag: float = 0.0) -> None:
        from ministack.core import responses
        from ministack.services import dynamodb
        from ministack.services.cloudformation import provisioners

        for name in PATCHED:
            monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
        dynamodb.reset()
        monkeypatch.setattr(quorum, "ROUND_TRIP", 0.02)
        monkeypatch.setattr(quorum, "time", Anything(monotonic=lambda: self.now))
        monkeypatch.setattr(strong_tables, "HANG_SECONDS", 0.3)
        self.now = 1000.0
        self.dynamodb = dynamodb
        self.registry = dict(provisioners._RESOURCE_HANDLERS)
        modules = {
            "dynamodb": dynamodb,
            "responses": responses,
            "provisioners": Anything(_RESOURCE_HANDLERS=self.registry),
        }
        aws = Aws(CONFIG, Clock(), modules)
        self.aws, self.outage = aws, Outage()
        self.replication = Replication(lag, self.outage)
        self.strong = StrongTables(aws, self.outage, self.replication)
        self.strong.run = lambda: None  # type: ignore[method-assign]
        stack_resources._global_tables(aws)
        strong_tables.install(aws, self.strong)
        memberships.install(aws, self.strong)

    def made(self) -> StrongWorld:
        self.create(TEMPLATE)
        return self

    def create(self, template: dict[str, Any], region: str = PRIMARY) -> Any:
        create = self.registry["AWS::DynamoDB::GlobalTable"]["create"]
        return self.aws.within(region, create, "ControlTable", template, "stack")

    async def call(self, region: str, operation: str, **data: Any) -> Any:
        """Make a request; return what it answers, or the name of the error with its code."""
        self.aws.responses._request_account_id.set(ACCOUNT)
        self.aws.responses._request_region.set(region)
        data = {"TableName": TABLE} | data if "TableName" not in data else data
        if operation.startswith("Transact"):
            data.pop("TableName")
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
        body = json.dumps(data).encode()
        status, _, answer = await self.dynamodb.handle_request("POST", "/", headers, body, {})
        found = json.loads(answer)
        return found if status == 200 else f"{found['__type'].rpartition('#')[2]} {status}"

    def do(self, region: str, operation: str, **data: Any) -> Any:
        return self.run(self.call(region, operation, **data))

    def run(self, *calls: Coroutine[Any, Any, Any]) -> Any:
        """Run calls side by side, each in a context of its own."""

        async def together() -> list[Any]:
            return await asyncio.gather(*calls)

        found = asyncio.run(together())
        return found if len(found) > 1 else found[0]

    async def put(self, region: str, value: int, **more: Any) -> Any:
        return await self.call(region, "PutItem", Item={**KEY, "n": {"N": str(value)}}, **more)

    async def get(self, region: str, *, strong: bool = True) -> Any:
        """Return the value that a Region tells, None where it tells none, or an error."""
        found = await self.call(region, "GetItem", Key=KEY, ConsistentRead=strong)
        if isinstance(found, str):
            return found
        return int(found["Item"]["n"]["N"]) if "Item" in found else None

    def write(self, region: str, value: int, **more: Any) -> Any:
        return self.run(self.put(region, value, **more))

    def read(self, region: str, *, strong: bool = True) -> Any:
        return self.run(self.get(region, strong=strong))

    def begin(self, name: str, **given: Any) -> None:
        begin(self.outage, name, pair=(PRIMARY, SECONDARY), **{"region": PRIMARY, **given})
        self.look()

    def heal(self) -> None:
        self.outage.heal()
        self.look()

    def look(self) -> None:
        """Have it noticed what is cut and lost, as the lab does all the time."""
        self.strong.deliver_due(0.0)

    def deliver(self) -> None:
        self.strong.deliver_due(float("inf"))
