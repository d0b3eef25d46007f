"""What an error means, and how it is said."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from cli.asking.call import get_item
from cli.asking.problem import sentences, translated

READ = get_item("us-east-2", "recoveries", "lock", "the lock")


def answer(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetItem")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answer("AccessDeniedException"), "denied"),
        (answer("AccessDenied"), "denied"),
        (answer("ResourceNotFoundException"), "missing"),
        (answer("NoSuchBucket"), "missing"),
        (answer("StateMachineDoesNotExist"), "missing"),
        (answer("ExpiredTokenException"), "refused"),
        (answer("UnrecognizedClientException"), "refused"),
        (NoCredentialsError(), "refused"),
        (answer("InternalServerError"), "failed"),
        (answer("ThrottlingException", "slow down"), "failed"),
        (EndpointConnectionError(endpoint_url="https://x"), "silent"),
        (ConnectTimeoutError(endpoint_url="https://x"), "silent"),
        (ReadTimeoutError(endpoint_url="https://x"), "silent"),
        (ParamValidationError(report="-"), "failed"),
        (KeyError("x"), "failed"),
    ],
    ids=str,
)
def test_each_error_has_a_meaning(error: Exception, kind: str) -> None:
    assert translated(READ, error).kind == kind


def test_a_denied_call_is_told_as_which_permission_on_what_for_what() -> None:
    assert str(translated(READ, answer("AccessDeniedException"))) == (
        "us-east-2: permission dynamodb:GetItem on table/recoveries is missing, to read the lock."
    )


def test_one_cause_is_said_once_with_everything_that_it_is_the_cause_for() -> None:
    other = get_item("us-east-2", "recoveries", "sentinel", "the sentinel")
    denied = answer("AccessDeniedException")
    said = sentences([translated(call, denied) for call in (READ, other, READ)])
    assert said == [
        "us-east-2: permission dynamodb:GetItem on table/recoveries is missing, "
        "to read the lock; the sentinel."
    ]
