"""Tables, buckets and backups: owned once, kept, replicated, and touched by no deployment."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.template.policies import statements
from tests.template.stacks import ACCOUNT, Stack, config, source, stack
from tools.reader.template import as_list


def test_global_tables_are_owned_by_the_secondary_and_stand_in_each_region(
    secondary: Stack,
) -> None:
    assert not stack("primary").every("AWS::DynamoDB::GlobalTable")
    tables = secondary.every("AWS::DynamoDB::GlobalTable")
    assert set(tables) == {"DataJournalTable", "DataControlTable", "ExampleItemsTable"}
    for name, table in tables.items():
        regions = [r["Region"] for r in table["Replicas"]]
        assert sorted(regions) == sorted([secondary.region, stack("primary").region]), name


@pytest.mark.parametrize(
    ("env", "protected"), [("secondary-first", False), ("primary", False), ("secondary", True)]
)
def test_tables_are_protected_once_their_first_deployment_can_no_longer_fail(
    env: str, protected: bool
) -> None:
    """CloudFormation cannot roll back the creation of a table that is protected."""
    found = stack(env)
    tables = list(found.every("AWS::DynamoDB::Table").values())
    for table in found.every("AWS::DynamoDB::GlobalTable").values():
        tables += table["Replicas"]
    assert tables
    assert {t["DeletionProtectionEnabled"] for t in tables} == {protected}


@pytest.mark.parametrize("name", ["DataJournalTable", "ExampleItemsTable"])
def test_journal_and_items_can_be_restored_to_any_second(secondary: Stack, name: str) -> None:
    """The control table can not: see test_control."""
    table = secondary.every("AWS::DynamoDB::GlobalTable")[name]
    for replica in table["Replicas"]:
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_journal_s_stream_tells_what_was_written_and_no_more(secondary: Stack) -> None:
    """An entry never changes, so that there is no old image of one."""
    table = secondary.every("AWS::DynamoDB::GlobalTable")["DataJournalTable"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"


def test_the_backup_takes_the_application_s_tables_and_none_of_the_product_s(
    primary: Stack, secondary: Stack
) -> None:
    (selection,) = primary.every("AWS::Backup::BackupSelection").values()
    pattern, bucket = selection["BackupSelection"]["Resources"]
    assert bucket == "<Bucket.Arn>"
    kinds = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
    tables = [t["TableName"] for kind in kinds for t in secondary.every(kind).values()]
    arn = f"arn:aws:dynamodb:{primary.region}:{ACCOUNT}:table/"
    assert [t for t in tables if fnmatchcase(arn + t, pattern)] == ["pilot-light-app-items"]


def test_what_holds_data_is_retained_unless_the_deployment_that_creates_it_fails(
    any_part: Stack,
) -> None:
    """`Retain` would leave the fixed names behind, and the next try would find them taken."""
    kinds = (
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::S3::Bucket",
        "AWS::Backup::BackupVault",
    )
    for name, resource in any_part.resources.items():
        if resource["Type"] in kinds:
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_buckets_replicate_to_each_other_once_both_exist() -> None:
    def names(env: str) -> tuple[str, dict[str, Any] | None]:
        (bucket,) = stack(env).every("AWS::S3::Bucket").values()
        assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
        return bucket["BucketName"], bucket.get("ReplicationConfiguration")

    (primary, out), (secondary, back) = names("primary"), names("secondary")
    assert names("secondary-first") == (secondary, None)
    assert out is not None
    assert back is not None
    assert out["Rules"][0]["Destination"]["Bucket"] == f"arn:aws:s3:::{secondary}"
    assert back["Rules"][0]["Destination"]["Bucket"] == f"arn:aws:s3:::{primary}"


def test_a_later_deployment_of_a_stack_sets_all_that_an_earlier_one_set() -> None:
    """`sam deploy` keeps a stack's value of each parameter that it is not given."""
    (first_region, first), (region, later) = config("secondary-first"), config("secondary")
    assert first_region == region
    assert set(first) == set(later)
    assert (first["PeerBucketExists"], later["PeerBucketExists"]) == ("false", "true")


def test_the_backup_leaves_the_region(primary: Stack, secondary: Stack) -> None:
    (plan,) = primary.every("AWS::Backup::BackupPlan").values()
    (vault,) = secondary.every("AWS::Backup::BackupVault").values()
    (copy,) = plan["BackupPlan"]["BackupPlanRule"][0]["CopyActions"]
    name = vault["BackupVaultName"]
    assert (
        copy["DestinationBackupVaultArn"]
        == f"arn:aws:backup:{secondary.region}:{ACCOUNT}:backup-vault:{name}"
    )


@pytest.mark.parametrize(
    ("mode", "lock"),
    [
        ("none", None),
        ("governance", {"MinRetentionDays": "30"}),
        ("compliance", {"MinRetentionDays": "30", "ChangeableForDays": 3}),
    ],
)
def test_the_vault_is_locked_only_if_a_person_asks_for_it(
    secondary: Stack, mode: str, lock: dict[str, Any] | None
) -> None:
    given = {**secondary.parameters, "BackupVaultLock": mode, "BackupRetentionDays": "30"}
    data = Stack(source(), secondary.region, given).data
    (vault,) = data.of_type("AWS::Backup::BackupVault").values()
    assert vault.get("LockConfiguration") == lock
    assert source()["Parameters"]["BackupVaultLock"]["Default"] == "none"


def test_readiness_writes_its_own_canary_and_nothing_else(any_stack: Stack) -> None:
    readiness = [
        s
        for n, s in statements(any_stack)
        if n == "ReadinessRole" and "dynamodb:PutItem" in as_list(s["Action"])
    ]
    for statement in readiness:
        keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
        assert keys == [f"canary#{any_stack.region}"]
        assert "ControlTable" not in str(statement["Resource"]), "a quorum takes no canaries"
