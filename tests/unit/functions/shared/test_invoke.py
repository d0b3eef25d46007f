"""Invoking a function by its alias."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pilotlight.shared.invoke import InvocationFailed, api_event, invoke

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import FakeLambda

app = load_handler("app")
APP = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-app:live"


class Answering:
    """A client that gives one answer."""

    def __init__(self, body: bytes, **more: Any) -> None:
        self._answer = {"Payload": io.BytesIO(body), **more}

    def invoke(self, **_: Any) -> dict[str, Any]:
        return self._answer


def test_it_returns_what_the_function_answered() -> None:
    client = FakeLambda({APP: lambda event: {"got": event}})
    assert invoke(client, APP, {"a": 1}) == {"got": {"a": 1}}


@pytest.mark.parametrize("body", [b"", b"null"])
def test_a_function_that_answered_nothing_is_nothing(body: bytes) -> None:
    assert invoke(Answering(body), APP, {}) is None


def test_a_function_that_raised_is_a_failure_that_says_why() -> None:
    def broken(_event: Any) -> Any:
        raise RuntimeError("no disk")

    with pytest.raises(InvocationFailed, match="RuntimeError: no disk"):
        invoke(FakeLambda({APP: broken}), APP, {})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"errorMessage": "Task timed out after 3.00 seconds"}', "Task timed out"),
        (b'{"errorType": "Runtime.ExitError"}', "Runtime.ExitError"),
        (b"null", "Unhandled"),
        (b"", "Unhandled"),
        (b'"broken"', "Unhandled"),
    ],
)
def test_a_function_that_died_without_a_word_is_a_failure_too(body: bytes, said: str) -> None:
    with pytest.raises(InvocationFailed, match=said):
        invoke(Answering(body, FunctionError="Unhandled"), APP, {})


def test_the_event_of_a_request_is_one_that_the_app_understands() -> None:
    answer = app.lambda_handler(api_event("/"), context("app"))
    assert answer["statusCode"] == 200
    assert api_event("/health")["requestContext"]["http"]["method"] == "GET"
