"""The control table: a quorum of three Regions, and who may say what in it."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_light_client.settings import Settings

from tests.template.policies import every_statement, statements
from tests.template.stacks import CONFIG_ENVS, Stack, config, intrinsics, source, stack
from tools.reader.template import as_list

LEADING = "dynamodb:LeadingKeys"
ALLOWED = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
CONTROL_PLANE = {"dynamodb:DescribeTable"}
# What serves users: the example application.
EXAMPLE = "ExampleAppRole"
MACHINES = {"FailoverRole", "SwitchoverRole", "EmergencyRole"}
LIMITED = {"HeartbeatRole", "SentinelRole", "JanitorRole"}
# What a keeper and a janitor may change: neither who is active nor the epoch.
MAY_CHANGE = {"pk", "revision", "state", "move", "drain_until", "changed_at", "changed_by"}
every_stack = pytest.mark.parametrize("env", CONFIG_ENVS)


def is_control(resource: Any) -> bool:
    return str(resource).startswith("<DataControlTable") or "-control" in str(resource)


def grants(found: Stack) -> list[tuple[str, str, dict[str, Any]]]:
    """Role, action and condition of each grant on the control table."""
    return [
        (role, action, statement.get("Condition", {}))
        for role, statement in every_statement(found)
        if any(is_control(r) for r in as_list(statement["Resource"]))
        for action in as_list(statement["Action"])
    ]


def keys(condition: dict[str, Any]) -> set[str]:
    found = condition.get("ForAllValues:StringEquals", {}).get(LEADING)
    return set(found or ())


def holders(action: str, key: str) -> set[str]:
    """The roles of all stacks that may do something to an item."""
    return {
        role
        for env in CONFIG_ENVS
        for role, granted, condition in grants(stack(env))
        if granted == action and key in keys(condition)
    }


# --- the table ------------------------------------------------------------------------------------


def test_the_control_table_is_strong_and_its_third_member_is_a_witness(secondary: Stack) -> None:
    table = secondary.every("AWS::DynamoDB::GlobalTable")["DataControlTable"]
    assert table["MultiRegionConsistency"] == "STRONG"
    replicas = {r["Region"] for r in table["Replicas"]}
    assert replicas == {secondary.region, stack("primary").region}
    (witness,) = table["GlobalTableWitnesses"]
    assert witness["Region"] not in replicas


def test_the_control_table_promises_no_backup_stream_or_expiry(secondary: Stack) -> None:
    """It cannot be restored as a strong table, and strong tables know no TTL."""
    table = secondary.every("AWS::DynamoDB::GlobalTable")["DataControlTable"]
    said = str(table)
    for word in ("PointInTimeRecovery", "StreamSpecification", "TimeToLive", "SecondaryIndexes"):
        assert word not in said


def test_the_control_table_has_another_name_than_the_one_that_was_not_strong(
    secondary: Stack,
) -> None:
    """Only an empty table becomes strong, so that the old one can never be taken for it."""
    table = secondary.every("AWS::DynamoDB::GlobalTable")["DataControlTable"]
    assert table["TableName"] == "pilot-light-control-quorum"
    assert Settings("pilot-light", "us-east-2").control_table == table["TableName"]


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({}, None),
        ({"WitnessRegion": "us-west-2"}, "It is PrimaryRegion"),
        ({"WitnessRegion": "us-east-2"}, "It is SecondaryRegion"),
        ({"SecondaryRegion": "us-west-2"}, "PrimaryRegion and SecondaryRegion must differ"),
        ({"SecondaryRegion": "us-east-1"}, "It is SecondaryRegion"),
    ],
    ids=["as given", "witness = primary", "witness = secondary", "pair", "default witness"],
)
def test_three_different_regions_are_asked_for(given: dict[str, str], refused: str | None) -> None:
    region, parameters = config("primary")
    known = intrinsics(region, {**parameters, **given})
    rule = source()["Rules"]["ThreeRegions"]
    assert "RuleCondition" not in rule, "it holds for every stack"
    failed = [a["AssertDescription"] for a in rule["Assertions"] if not known.holds(a["Assert"])]
    assert bool(failed) is bool(refused)
    assert all(refused in text for text in failed if refused)


# --- who may do what ------------------------------------------------------------------------------


@every_stack
def test_nothing_but_reads_puts_and_updates_of_one_item_is_granted_on_it(env: str) -> None:
    """No transaction, no scan, no deletion: a strong table refuses the first, nobody needs them."""
    for role, action, condition in grants(stack(env)):
        if action in CONTROL_PLANE:
            assert role == "ScheduledReadinessRole", "it looks, and is off the path"
            continue
        assert action in ALLOWED, f"{role} may {action}"
        assert keys(condition), f"{role} may {action} on every item"
        assert keys(condition) <= {"control", "pulse"}, role


def test_only_machines_keepers_and_the_janitor_change_the_control_item() -> None:
    assert holders("dynamodb:UpdateItem", "control") == MACHINES | LIMITED
    assert holders("dynamodb:PutItem", "control") == {"SeedRole"}
    assert holders("dynamodb:PutItem", "pulse") == set()


@every_stack
def test_only_the_machines_may_say_who_is_active_and_in_which_epoch(env: str) -> None:
    for role, action, condition in grants(stack(env)):
        if action != "dynamodb:UpdateItem" or "control" not in keys(condition):
            continue
        if role in MACHINES:
            assert keys(condition) == {"control"}
            continue
        assert role in LIMITED
        assert keys(condition) == {"control"}, "a limit of attributes holds for all of its keys"
        changed = set(condition["ForAllValues:StringEquals"]["dynamodb:Attributes"])
        assert changed == MAY_CHANGE
        assert not {"active_region", "epoch", "cooldown_until"} & changed
        # Without it an update could read back what it may not name.
        assert condition["StringEqualsIfExists"] == {"dynamodb:ReturnValues": "NONE"}


def test_a_keeper_and_the_janitor_may_change_all_that_their_transitions_write() -> None:
    from pilotlight.control.transitions import CONDITION, DATA, TRANSITIONS

    theirs = [
        TRANSITIONS[name]
        for name, row in DATA["transitions"].items()
        if {"keeper", "janitor"} & set(row["by"])
    ]
    assert [t.name for t in theirs] == ["serve", "undrain"]
    needed = {"pk", CONDITION.split(" ")[0]}
    for transition in theirs:
        text = transition.update_expression.replace("#", "").removeprefix("SET ")
        sets, _, removes = text.partition(" REMOVE ")
        needed |= {part.split(" = ")[0] for part in sets.split(", ")}
        needed |= set(removes.split(", ")) - {""}
    assert needed == MAY_CHANGE


def test_the_seed_puts_the_control_item_and_nothing_else(secondary: Stack) -> None:
    of_seed = [(a, keys(c)) for role, a, c in grants(secondary) if role == "SeedRole"]
    assert sorted(of_seed) == [
        ("dynamodb:GetItem", {"control"}),
        ("dynamodb:PutItem", {"control"}),
    ]
    mark = [
        (action, statement["Condition"])
        for role, statement in statements(secondary)
        if role == "SeedRole" and statement["Resource"] == "<DataRecoveriesTable.Arn>"
        for action in as_list(statement["Action"])
    ]
    assert mark == [
        ("dynamodb:GetItem", {"ForAllValues:StringLike": {LEADING: ["seeded", "recovery#*"]}}),
        ("dynamodb:UpdateItem", {"ForAllValues:StringEquals": {LEADING: ["seeded"]}}),
    ], "a record is no seed's"


@pytest.mark.parametrize("env", ["primary", "secondary"])
def test_what_serves_users_only_reads_who_is_active(env: str) -> None:
    written = {
        (role, action, *keys(condition))
        for role, action, condition in grants(stack(env))
        if role in (EXAMPLE, "SwitchRole") and action != "dynamodb:GetItem"
    }
    assert written == {(EXAMPLE, "dynamodb:UpdateItem", "pulse")}, "a sign of life, no claim"
    read = {r for r, a, c in grants(stack(env)) if a == "dynamodb:GetItem" and "control" in keys(c)}
    assert EXAMPLE in read
    assert ("SwitchRole" in read) is (env == "secondary")


def test_the_primary_claims_by_the_emergency_machine_alone() -> None:
    """Nothing there that runs by itself can make it active."""
    unlimited = {
        role
        for role, action, condition in grants(stack("primary"))
        if action in ("dynamodb:UpdateItem", "dynamodb:PutItem")
        and "control" in keys(condition)
        and "dynamodb:Attributes" not in condition["ForAllValues:StringEquals"]
    }
    assert unlimited == {"EmergencyRole"}


def test_the_monitor_has_no_say_and_no_look(monitor: Stack) -> None:
    assert grants(monitor) == []


def test_no_role_of_one_region_reaches_the_control_table_of_the_other() -> None:
    """The call goes to the own endpoint; DynamoDB itself reaches one more member."""
    for env in CONFIG_ENVS:
        found = stack(env)
        for _, statement in every_statement(found):
            for resource in (r for r in as_list(statement["Resource"]) if is_control(r)):
                assert resource.startswith("<DataControlTable") or f":{found.region}:" in resource


def test_the_pulse_is_written_where_users_are_served_and_read_where_it_is_judged() -> None:
    assert holders("dynamodb:UpdateItem", "pulse") == {EXAMPLE, "HeartbeatRole"}
    assert holders("dynamodb:GetItem", "pulse") == {
        EXAMPLE,
        "SentinelRole",
        "ConfirmRole",
    }


# --- the last resort ------------------------------------------------------------------------------


def of_last_resort(env: str) -> dict[str, set[tuple[str, ...]]]:
    found: dict[str, set[tuple[str, ...]]] = {}
    for role, statement in every_statement(stack(env)):
        resource = str(statement["Resource"])
        if "LastResortTable" not in resource and "-last-resort" not in resource:
            continue
        (condition,) = statement["Condition"].values()
        for action in as_list(statement["Action"]):
            found.setdefault(action, set()).add((role, *condition[LEADING]))
    return found


@pytest.mark.parametrize("env", ["primary", "secondary"])
def test_only_the_emergency_machine_grants_a_last_resort_and_nobody_deletes_its_record(
    env: str,
) -> None:
    found = of_last_resort(env)
    assert set(found) == {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"}
    put = {("EmergencyRole", "last-resort", "granted#*")}
    assert found["dynamodb:PutItem"] == put
    ends, reads = {(EXAMPLE, "last-resort"), ("HeartbeatRole", "last-resort")}, set()
    if env == "secondary":
        ends |= {("SentinelRole", "last-resort"), ("LedgerRole", "last-resort")}
        reads = {("SwitchRole", "last-resort")}
    assert found["dynamodb:DeleteItem"] == ends
    assert found["dynamodb:GetItem"] == ends | reads


@every_stack
def test_each_serving_region_has_a_last_resort_table_of_its_own(env: str) -> None:
    tables = stack(env).every("AWS::DynamoDB::Table")
    names = {name: table["TableName"] for name, table in tables.items()}
    serves = env != "monitor"
    assert ("DataLastResortTable" in names) is serves
    if serves:
        assert names["DataLastResortTable"] == "pilot-light-last-resort"
        pitr = tables["DataLastResortTable"]["PointInTimeRecoverySpecification"]
        assert pitr["PointInTimeRecoveryEnabled"] is True, "grants stay on record"
