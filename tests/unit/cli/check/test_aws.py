"""What the calls ask and how their answers are read: moto's AWS, and stubs where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from cli.check.aws import QUICK, Aws, StackState
from cli.check.planned import Name

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-2"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws()


def stubbed(aws: Aws, service: str, region: str) -> Stubber:
    """Answer what moto does not serve."""
    stub = Stubber(aws.client(service, region))
    stub.activate()
    return stub


def test_every_call_is_bounded_in_time() -> None:
    assert (QUICK.connect_timeout, QUICK.read_timeout) == (3, 8)
    assert QUICK.retries == {"total_max_attempts": 2}
    assert Aws().client("sts", REGION).meta.config.read_timeout == 8


def test_the_identity_is_the_accounts(aws: Aws) -> None:
    assert aws.identity(REGION)["Account"] == "123456789012"


def test_a_hosted_zone_has_its_name_servers(aws: Aws) -> None:
    made = boto3.client("route53").create_hosted_zone(Name="a.example", CallerReference="1")
    found = aws.hosted_zone(made["HostedZone"]["Id"].rpartition("/")[2])
    assert found is not None
    assert found["HostedZone"]["Name"] == "a.example."
    assert found["DelegationSet"]["NameServers"] == made["DelegationSet"]["NameServers"]
    assert aws.hosted_zone("Z0NOBODY") is None


def test_health_checks_are_counted_against_the_accounts_limit(aws: Aws) -> None:
    answer = {"Limit": {"Type": "MAX_HEALTH_CHECKS_BY_OWNER", "Value": 200}, "Count": 7}
    stubbed(aws, "route53", "us-east-1").add_response(
        "get_account_limit", answer, {"Type": "MAX_HEALTH_CHECKS_BY_OWNER"}
    )
    assert aws.health_checks() == (7, 200)


def test_concurrency_is_the_regions(aws: Aws) -> None:
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
    stubbed(aws, "lambda", REGION).add_response("get_account_settings", {"AccountLimit": limit}, {})
    assert aws.concurrency(REGION) == limit


def test_domain_names_are_counted_over_all_pages(aws: Aws) -> None:
    stubbed(aws, "service-quotas", REGION).add_response(
        "get_service_quota",
        {"Quota": {"Value": 120.0}},
        {"ServiceCode": "apigateway", "QuotaCode": "L-A93447B8"},
    )
    pages = stubbed(aws, "apigatewayv2", REGION)
    pages.add_response(
        "get_domain_names", {"Items": [{"DomainName": "a"}], "NextToken": "more"}, {}
    )
    pages.add_response("get_domain_names", {"Items": [{"DomainName": "b"}]}, {"NextToken": "more"})
    assert aws.domain_names(REGION) == (2, 120.0)


def test_a_stack_that_does_not_exist_has_no_status(aws: Aws) -> None:
    stubbed(aws, "cloudformation", REGION).add_client_error(
        "describe_stacks", "ValidationError", "Stack with id shop does not exist"
    )
    assert aws.stack("shop", REGION) == StackState()


def test_a_stack_does_not_own_what_its_deletion_kept(aws: Aws) -> None:
    stub = stubbed(aws, "cloudformation", REGION)
    stack: dict[str, Any] = {"StackName": "shop", "CreationTime": 0, "StackStatus": "DELETE_FAILED"}
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "shop"})
    resources = [
        {
            "LogicalResourceId": status,
            "PhysicalResourceId": name,
            "ResourceType": "AWS::DynamoDB::Table",
            "LastUpdatedTimestamp": 0,
            "ResourceStatus": status,
        }
        for name, status in (
            *(("kept", "DELETE_SKIPPED"), ("gone", "DELETE_COMPLETE")),
            *(("still", "DELETE_FAILED"), ("own", "CREATE_COMPLETE")),
        )
    ]
    stub.add_response(
        "list_stack_resources", {"StackResourceSummaries": resources}, {"StackName": "shop"}
    )
    assert aws.stack("shop", REGION) == StackState("DELETE_FAILED", frozenset({"still", "own"}))


def test_a_stack_owns_what_a_stack_nested_in_it_owns(aws: Aws) -> None:
    stub = stubbed(aws, "cloudformation", REGION)
    stack: dict[str, Any] = {"StackName": "shop", "CreationTime": 0, "StackStatus": "CREATE"}
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "shop"})
    nested = f"arn:aws:cloudformation:{REGION}:123456789012:stack/shop-Example-1/2"
    kinds = {nested: "AWS::CloudFormation::Stack", "shop-items": "AWS::DynamoDB::GlobalTable"}
    for name, asked in ((nested, "shop"), ("shop-items", nested)):
        resource = {
            "LogicalResourceId": "It",
            "PhysicalResourceId": name,
            "ResourceType": kinds[name],
            "LastUpdatedTimestamp": 0,
            "ResourceStatus": "CREATE_COMPLETE",
        }
        answer = {"StackResourceSummaries": [resource]}
        stub.add_response("list_stack_resources", answer, {"StackName": asked})
    assert aws.stack("shop", REGION).owns == {nested, "shop-items"}


def test_a_stack_of_a_change_set_alone_does_not_exist_yet(aws: Aws) -> None:
    stack: dict[str, Any] = {
        "StackName": "shop",
        "CreationTime": 0,
        "StackStatus": "REVIEW_IN_PROGRESS",
    }
    stubbed(aws, "cloudformation", REGION).add_response("describe_stacks", {"Stacks": [stack]})
    assert aws.stack("shop", REGION) == StackState()


def test_a_stack_that_may_not_be_described_is_not_taken_for_none(aws: Aws) -> None:
    stubbed(aws, "cloudformation", REGION).add_client_error("describe_stacks", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.stack("shop", REGION)


def test_names_are_free_until_they_are_taken(aws: Aws) -> None:
    names = [
        Name("table", "shop-items", REGION),
        Name("bucket", "shop-bucket", REGION),
        Name("function", "shop-app", REGION),
        Name("log group", "/aws/lambda/shop", REGION),
    ]
    assert [aws.exists(name) for name in names] == [False] * 4
    boto3.client("dynamodb", REGION).create_table(
        TableName="shop-items",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    boto3.client("s3", REGION).create_bucket(
        Bucket="shop-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    logs = boto3.client("logs", REGION)
    logs.create_log_group(logGroupName="/aws/lambda/shop-app")
    assert [aws.exists(name) for name in names] == [True, True, False, False]
    logs.create_log_group(logGroupName="/aws/lambda/shop")
    assert aws.exists(names[3])
    stubbed(aws, "lambda", REGION).add_response(
        "get_function_configuration", {}, {"FunctionName": "shop-app"}
    )
    assert aws.exists(names[2])


def test_vaults_and_domain_names_are_free_until_they_are_taken(aws: Aws) -> None:
    vault, domain = Name("backup vault", "shop", REGION), Name("domain name", "a.example", REGION)
    assert not aws.exists(vault)
    boto3.client("backup", REGION).create_backup_vault(BackupVaultName="shop")
    assert aws.exists(vault)
    asked = {"DomainName": "a.example"}
    stub = stubbed(aws, "apigatewayv2", REGION)
    stub.add_client_error("get_domain_name", "NotFoundException", expected_params=asked)
    stub.add_response("get_domain_name", asked, asked)
    assert not aws.exists(domain)
    assert aws.exists(domain)


@pytest.mark.parametrize(
    ("kind", "service", "operation", "code"),
    [
        ("table", "dynamodb", "describe_table", "AccessDeniedException"),
        ("bucket", "s3", "head_bucket", "403"),
        ("function", "lambda", "get_function_configuration", "AccessDeniedException"),
        ("log group", "logs", "describe_log_groups", "AccessDeniedException"),
        ("backup vault", "backup", "list_backup_vaults", "AccessDeniedException"),
        ("domain name", "apigatewayv2", "get_domain_name", "AccessDeniedException"),
    ],
)
def test_a_name_that_may_not_be_seen_is_not_taken_for_free(
    aws: Aws, kind: str, service: str, operation: str, code: str
) -> None:
    stubbed(aws, service, REGION).add_client_error(operation, code)
    with pytest.raises(ClientError):
        aws.exists(Name(kind, "shop", REGION))
