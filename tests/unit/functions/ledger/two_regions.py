"""The tables of both Regions by moto, which replicates nothing: a test does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from pilot_light_client.journal import plan, transaction

from tests.unit.functions.fakes import ITEMS, JOURNAL, PRIMARY, SECONDARY, TABLES
from tests.unit.functions.journal.made_up import ref

if TYPE_CHECKING:
    from pilot_light_client.journal import Item


class TwoRegions:
    """Both Regions' DynamoDB. Write in one, and let arrive in the other what the test wants."""

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}
        for region in (PRIMARY, SECONDARY):
            self.clients[region] = boto3.client("dynamodb", region_name=region)
            for table, names in TABLES.items():
                keys = zip(names, ("HASH", "RANGE"), strict=False)
                self.clients[region].create_table(
                    TableName=table,
                    BillingMode="PAY_PER_REQUEST",
                    AttributeDefinitions=[
                        {"AttributeName": n, "AttributeType": "S"} for n in names
                    ],
                    KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in keys],
                )

    def client(self, region: str, _service: str = "dynamodb") -> Any:
        return self.clients[region]

    def write(self, region: str, epoch: int, item_id: str, write_id: str) -> Item:
        """Write an item as the app does."""
        client, item = self.clients[region], ref(item_id)
        over = client.get_item(TableName=ITEMS, Key=item.attributes).get("Item")
        write = plan(
            item,
            {"text": {"S": "green"}},
            over,
            region=region,
            epoch=epoch,
            write_id=write_id,
            at="2027-01-15T08:00:00.000Z",
        )
        client.transact_write_items(TransactItems=transaction(write, JOURNAL, over))
        return write.new

    def replicate(self, source: str, target: str, prefix: str = "") -> None:
        """Let arrive what lies under a prefix."""
        for table in (ITEMS, JOURNAL):
            for row in self.clients[source].scan(TableName=table)["Items"]:
                if row["pk"]["S"].startswith(prefix):
                    self.clients[target].put_item(TableName=table, Item=row)
