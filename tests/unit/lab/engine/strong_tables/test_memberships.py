"""How a table becomes strong, what it has to look like, and what can never change."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.strong_tables.memberships import KIND, Invalid
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA
from tests.unit.lab.engine.strong_tables.world import TABLE, TEMPLATE, StrongWorld

IRELAND = "eu-west-1"


def regions(*names: str) -> list[dict[str, str]]:
    return [{"Region": name} for name in names]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> StrongWorld:
    return StrongWorld(monkeypatch)


def description(world: StrongWorld, region: str) -> Any:
    found = world.do(region, "DescribeTable")
    return found if isinstance(found, str) else found["Table"]


@pytest.mark.parametrize(("here", "there"), [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)])
def test_each_replica_tells_the_mode_the_others_and_the_witness(
    world: StrongWorld, here: str, there: str
) -> None:
    name, attributes = world.create(TEMPLATE)
    assert name == TABLE
    assert attributes["Arn"].endswith(f"table/{TABLE}")
    found = description(world, here)
    assert found["TableStatus"] == "ACTIVE"
    assert found["MultiRegionConsistency"] == "STRONG"
    assert found["Replicas"] == [{"RegionName": there, "ReplicaStatus": "ACTIVE"}]
    assert found["GlobalTableWitnesses"] == [{"RegionName": VIRGINIA, "WitnessStatus": "ACTIVE"}]
    assert "StreamSpecification" not in found


def test_the_witness_holds_no_table(world: StrongWorld) -> None:
    world.create(TEMPLATE)
    assert description(world, VIRGINIA) == "ResourceNotFoundException 400"


def test_three_replicas_need_no_witness(world: StrongWorld) -> None:
    world.create(
        {
            **TEMPLATE,
            "Replicas": regions(PRIMARY, SECONDARY, VIRGINIA),
            "GlobalTableWitnesses": [],
        }
    )
    world.write(VIRGINIA, 1)
    assert world.read(PRIMARY) == 1
    assert description(world, VIRGINIA)["GlobalTableWitnesses"] == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Replicas": regions(PRIMARY)}, "three members"),
        ({"Replicas": regions(PRIMARY, PRIMARY)}, "three members"),
        ({"GlobalTableWitnesses": []}, "two and a witness"),
        ({"GlobalTableWitnesses": regions(SECONDARY)}, "three different|three Regions"),
        ({"GlobalTableWitnesses": regions(VIRGINIA, IRELAND)}, "three members"),
        ({"Replicas": regions(PRIMARY, SECONDARY, IRELAND)}, "three members"),
        ({"Replicas": regions(SECONDARY, IRELAND)}, "has to be one of its replicas"),
        ({"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}}, "Time to Live"),
        ({"LocalSecondaryIndexes": [{"IndexName": "i"}]}, "Local secondary indexes"),
        ({"MultiRegionConsistency": "EVENTUAL"}, "Only a table with .* has a witness"),
    ],
)
def test_what_dynamodb_would_not_make_is_not_made(
    world: StrongWorld, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid, match=f"ValidationException: .*({said})"):
        world.create({**TEMPLATE, **changed})
    assert [description(world, r) for r in (PRIMARY, SECONDARY)] == [
        "ResourceNotFoundException 400"
    ] * 2


def test_a_table_of_that_name_elsewhere_is_in_the_way(world: StrongWorld) -> None:
    plain = {k: v for k, v in TEMPLATE.items() if "Global" not in k and "Multi" not in k}
    world.create({**plain, "Replicas": regions(SECONDARY)}, SECONDARY)
    with pytest.raises(Invalid, match=f"{TABLE} in {SECONDARY} already"):
        world.create(TEMPLATE)
    assert description(world, PRIMARY) == "ResourceNotFoundException 400"


def update(world: StrongWorld, **changed: Any) -> Any:
    act = world.registry[KIND]["update"]
    return world.aws.within(PRIMARY, act, TABLE, TEMPLATE, {**TEMPLATE, **changed}, "stack")


def test_a_stack_may_change_what_is_not_of_the_membership(world: StrongWorld) -> None:
    world.create(TEMPLATE)
    world.write(PRIMARY, 1)
    update(world, DeletionProtectionEnabled=True)
    assert description(world, PRIMARY)["DeletionProtectionEnabled"] is True
    assert world.read(SECONDARY) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"GlobalTableWitnesses": regions(IRELAND)},
        {"MultiRegionConsistency": "EVENTUAL", "GlobalTableWitnesses": []},
        {"TableName": "another"},
    ],
)
def test_a_stack_cannot_change_a_membership(world: StrongWorld, changed: dict[str, Any]) -> None:
    world.create(TEMPLATE)
    with pytest.raises(Invalid, match="new logical id"):
        update(world, **changed)


def test_a_stack_that_goes_takes_the_table_along_in_all_regions(world: StrongWorld) -> None:
    world.create(TEMPLATE)
    world.write(PRIMARY, 1)
    world.aws.within(PRIMARY, world.registry[KIND]["delete"], TABLE, TEMPLATE)
    for region in (PRIMARY, SECONDARY):
        assert description(world, region) == "ResourceNotFoundException 400"
    world.create(TEMPLATE)
    assert world.read(SECONDARY) is None


REPLICA = [{"Delete": {"RegionName": PRIMARY}}]
WITNESS = [{"Delete": {"RegionName": VIRGINIA}}]


def remove(world: StrongWorld, **asked: Any) -> Any:
    return world.do(SECONDARY, "UpdateTable", **asked)


def test_replica_and_witness_leave_together_and_a_table_of_one_region_keeps_the_latest(
    world: StrongWorld,
) -> None:
    world.create(TEMPLATE)
    world.write(PRIMARY, 7)
    remove(world, ReplicaUpdates=REPLICA, GlobalTableWitnessUpdates=WITNESS)
    assert description(world, PRIMARY) == "ResourceNotFoundException 400"
    left = description(world, SECONDARY)
    assert {"Replicas", "GlobalTableWitnesses", "MultiRegionConsistency"} & left.keys() == set()
    assert world.read(SECONDARY) == 7
    world.write(SECONDARY, 8)
    assert world.read(SECONDARY) == 8
    world.do(SECONDARY, "DeleteTable")
    assert description(world, SECONDARY) == "ResourceNotFoundException 400"


@pytest.mark.parametrize(
    "asked",
    [
        {"ReplicaUpdates": REPLICA},
        {"GlobalTableWitnessUpdates": WITNESS},
        {"ReplicaUpdates": [{"Create": {"RegionName": IRELAND}}]},
        {"ReplicaUpdates": REPLICA, "GlobalTableWitnessUpdates": [{"Create": {}}]},
    ],
)
def test_no_other_change_of_members_is_made(world: StrongWorld, asked: dict[str, Any]) -> None:
    world.create(TEMPLATE)
    assert remove(world, **asked) == "ValidationException 400"
    assert description(world, PRIMARY)["MultiRegionConsistency"] == "STRONG"


def test_a_protected_replica_is_not_removed(world: StrongWorld) -> None:
    world.create(TEMPLATE)
    both = {"ReplicaUpdates": REPLICA, "GlobalTableWitnessUpdates": WITNESS}
    world.do(PRIMARY, "UpdateTable", DeletionProtectionEnabled=True)
    assert remove(world, **both) == "ValidationException 400"
    world.do(PRIMARY, "UpdateTable", DeletionProtectionEnabled=False)
    assert remove(world, **both)["TableDescription"]["TableName"] == TABLE
