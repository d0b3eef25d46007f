"""DynamoDB in memory, and moto's: what the adapters say must be what DynamoDB understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from pilotlight.ledger.table import LedgerTable
from pilotlight.shared.settings import Deployment

from tests.ledger_table import create_ledger
from tests.unit.functions.fakes import LEDGER, SECONDARY, TABLES, FakeDynamoDB

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    # Powertools warns of every request that counts nothing.
    config.addinivalue_line("filterwarnings", "ignore:No application metrics to publish")


@pytest.fixture
def fake() -> FakeDynamoDB:
    return FakeDynamoDB()


@pytest.fixture(scope="module")
def moto_client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name=SECONDARY)
        for table, names in TABLES.items():
            keys = zip(names, ("HASH", "RANGE"), strict=False)
            client.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
                KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in keys],
            )
        yield client


@pytest.fixture
def emptied(moto_client: Any) -> Any:
    """Moto's client, of empty tables."""
    for table, names in TABLES.items():
        for item in moto_client.scan(TableName=table)["Items"]:
            moto_client.delete_item(TableName=table, Key={name: item[name] for name in names})
    return moto_client


@pytest.fixture(params=["fake", "moto"])
def dynamodb(request: pytest.FixtureRequest, fake: FakeDynamoDB) -> Any:
    """A client of empty tables. A test that asks for it runs twice."""
    return fake if request.param == "fake" else request.getfixturevalue("emptied")


@pytest.fixture
def ledger(moto_client: Any) -> LedgerTable:
    """An empty one."""
    if LEDGER in moto_client.list_tables()["TableNames"]:
        moto_client.delete_table(TableName=LEDGER)
    create_ledger(moto_client, LEDGER)
    return LedgerTable(moto_client, LEDGER)


@pytest.fixture
def known() -> Deployment:
    return Deployment.from_environment()
