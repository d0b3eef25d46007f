"""Tables, buckets and backups: owned once, kept, replicated, and touched by no deployment."""

from __future__ import annotations

from typing import Any

from lab.audit.template import as_list
from tests.template.policies import statements
from tests.template.stacks import ACCOUNT, Stack, config, stack


def test_global_tables_are_owned_by_the_secondary_and_protected_in_each_region(
    secondary: Stack,
) -> None:
    assert not stack("primary").of_type("AWS::DynamoDB::GlobalTable")
    tables = secondary.of_type("AWS::DynamoDB::GlobalTable")
    assert len(tables) == 2
    for name, table in tables.items():
        regions = [r["Region"] for r in table["Replicas"]]
        assert sorted(regions) == sorted([secondary.region, stack("primary").region]), name
        for replica in table["Replicas"]:
            assert replica["DeletionProtectionEnabled"] is True, name
            pitr = replica["PointInTimeRecoverySpecification"]
            assert pitr["PointInTimeRecoveryEnabled"] is True, name
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_what_holds_data_is_retained(any_stack: Stack) -> None:
    kinds = (
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::S3::Bucket",
        "AWS::Backup::BackupVault",
    )
    for name, resource in any_stack.resources.items():
        if resource["Type"] in kinds:
            assert resource["DeletionPolicy"] == "Retain", name
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_buckets_replicate_to_each_other_once_both_exist() -> None:
    def names(env: str) -> tuple[str, dict[str, Any] | None]:
        (bucket,) = stack(env).of_type("AWS::S3::Bucket").values()
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
    (plan,) = primary.of_type("AWS::Backup::BackupPlan").values()
    (vault,) = secondary.of_type("AWS::Backup::BackupVault").values()
    (copy,) = plan["BackupPlan"]["BackupPlanRule"][0]["CopyActions"]
    name = vault["BackupVaultName"]
    assert (
        copy["DestinationBackupVaultArn"]
        == f"arn:aws:backup:{secondary.region}:{ACCOUNT}:backup-vault:{name}"
    )


def test_no_deployment_can_change_who_is_active(any_stack: Stack) -> None:
    for name, statement in statements(any_stack):
        touches = any(
            "Control" in str(r) or "-control" in str(r) for r in as_list(statement["Resource"])
        )
        writes = {"dynamodb:PutItem", "dynamodb:UpdateItem"} & set(as_list(statement["Action"]))
        if touches and writes:
            assert name in {
                "SeedRole",
                "FailoverRole",
                "SwitchoverRole",
                "ReadinessRole",
                "EchoRole",
                "BreakGlassRole",
                "JanitorRole",
            }
            if name == "EchoRole":
                keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
                assert keys == [f"echo#{stack('primary').region}"], "an echo is no promotion"
            if name == "JanitorRole":
                attributes = statement["Condition"]["ForAllValues:StringEquals"]
                changed = set(attributes["dynamodb:Attributes"])
                assert not {"active_region", "epoch", "break_glass"} & changed, "it undoes drains"
    # The seed only ever puts under a condition, and readiness only its own canary.
    readiness = [
        s
        for n, s in statements(any_stack)
        if n == "ReadinessRole" and "dynamodb:PutItem" in as_list(s["Action"])
    ]
    for statement in readiness:
        keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
        assert keys == [f"canary#{any_stack.region}"]
