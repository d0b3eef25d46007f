"""Least privilege, encryption, and services that act for this account alone."""

from __future__ import annotations

import pytest

from tests.template.definitions import DEFINITIONS, FAILOVER
from tests.template.policies import statements
from tests.template.stacks import ACCOUNT, Stack, stack
from tools.reader.template import as_list

APP_STACKS = ("primary", "secondary")
# Actions for which AWS knows no resource ARNs (Service Authorization Reference).
WITHOUT_ARN = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "lambda:GetAccountSettings",
    "servicequotas:GetServiceQuota",
}


def test_no_statement_says_star_where_an_arn_exists(any_part: Stack) -> None:
    for name, statement in statements(any_part):
        if "*" in as_list(statement["Resource"]):
            assert set(as_list(statement["Action"])) <= WITHOUT_ARN, name
        for action in as_list(statement["Action"]):
            assert "*" not in action, f"{name} allows {action}"


def test_every_function_and_machine_has_a_role_of_its_own(any_stack: Stack) -> None:
    kinds = {"AWS::Lambda::Function": "Role", "AWS::StepFunctions::StateMachine": "RoleArn"}
    parts = any_stack.parts().items()
    roles = [
        f"{prefix}{p[key]}"
        for prefix, part in parts
        for kind, key in kinds.items()
        for p in part.of_type(kind).values()
    ]
    assert len(roles) == len(set(roles))


def test_services_that_act_for_others_are_bound_to_this_account(any_part: Stack) -> None:
    for name, role in any_part.of_type("AWS::IAM::Role").items():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            if statement["Principal"]["Service"] == "lambda.amazonaws.com":
                continue  # Lambda passes no source condition keys when it assumes a function's role
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == ACCOUNT, name


def test_nothing_is_stored_in_the_clear(any_part: Stack) -> None:
    for bucket in any_part.every("AWS::S3::Bucket").values():
        assert bucket["BucketEncryption"]
    for queue in any_part.of_type("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
    for topic in any_part.of_type("AWS::SNS::Topic").values():
        assert topic["KmsMasterKeyId"]


KINDS = {"Bucket": "AWS::S3::Bucket", "Queues": "AWS::SQS::Queue", "Topics": "AWS::SNS::Topic"}


@pytest.mark.parametrize(("policies_of", "kind"), KINDS.items(), ids=KINDS)
def test_each_bucket_queue_and_topic_refuses_requests_without_tls(
    any_stack: Stack, policies_of: str, kind: str
) -> None:
    refusing = set()
    for policy in any_stack.resources.values():
        properties = policy.get("Properties", {})
        if not policy["Type"].endswith("Policy") or policies_of not in properties:
            continue
        for statement in properties["PolicyDocument"]["Statement"]:
            if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
                (name,) = as_list(properties[policies_of])
                assert name.strip("<>") in str(statement["Resource"])
                refusing.add(name)
    assert refusing == {f"<{name}>" for name in any_stack.of_type(kind)}


def test_the_token_of_an_approval_is_in_no_log(secondary: Stack) -> None:
    """The machine hands it to SNS, and what it hands over is execution data."""
    logging = secondary.resources["FailoverMachine"]["Properties"]["LoggingConfiguration"]
    assert logging["IncludeExecutionData"] is False
    for definition in DEFINITIONS:
        waiting = [n for n, s in definition.states.items() if "Task.Token" in str(s)]
        assert waiting == (["AskApproval"] if definition is FAILOVER else [])


def test_the_default_endpoint_does_not_answer_beside_the_custom_domains() -> None:
    for env in APP_STACKS:
        (api,) = stack(env).every("AWS::ApiGatewayV2::Api").values()
        (server,) = api["Body"]["servers"]
        endpoint = server["x-amazon-apigateway-endpoint-configuration"]
        assert endpoint["disableExecuteApiEndpoint"] is True
