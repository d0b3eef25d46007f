"""A call of a hook: every way it can end is reported, and none is raised."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from pilotlight.hooks.call import call, try_permission
from pilotlight.hooks.hook import LONGEST, Hook

from tests.unit.functions.fakes import aws_error

READY = Hook("ready", "shop:live", 3)
PAUSE = Hook("before_claim", "shop:live", 3)


class Answers:
    """What Lambda answers: a body, or an error."""

    def __init__(self, body: str = "null", error: Exception | None = None, **more: str) -> None:
        self.body, self.error, self.more = body, error, more
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> Any:
        self.calls.append(request)
        if self.error:
            raise self.error
        return {"Payload": io.BytesIO(self.body.encode()), **self.more}


def called(hook: Hook, client: Any) -> dict[str, Any]:
    return call(client, hook, {"phase": hook.phase})


def test_a_good_answer_is_kept_and_nothing_is_told() -> None:
    client = Answers('{"ready": true}')
    result = called(READY, client)
    assert (result["called"], result["ok"], result["answer"]) == (True, True, '{"ready": true}')
    assert "note" not in result
    (request,) = client.calls
    assert (request["FunctionName"], request["Payload"]) == ("shop:live", b'{"phase": "ready"}')


FAILURES: dict[str, tuple[Any, str]] = {
    "hangs": (Answers(error=ReadTimeoutError(endpoint_url="x")), "no answer within 3 s"),
    "is not reached": (
        Answers(error=EndpointConnectionError(endpoint_url="x")),
        "EndpointConnectionError",
    ),
    "is throttled": (Answers(error=aws_error("TooManyRequestsException")), "TooManyRequests"),
    "raises": (
        Answers('{"errorType": "KeyError", "errorMessage": "id"}', FunctionError="Unhandled"),
        "InvocationFailed: KeyError: id",
    ),
    "answers no JSON": (Answers("<html>"), "JSONDecodeError"),
}


@pytest.mark.parametrize(("client", "error"), FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("hook", [READY, PAUSE], ids=lambda h: h.phase)
def test_a_hook_that_fails_is_reported_with_a_line_for_people(
    hook: Hook, client: Any, error: str
) -> None:
    result = called(hook, client)
    assert (result["called"], result["ok"]) == (True, False)
    assert error in result["error"]
    assert result["note"] == f"Hook {hook.phase}, shop:live, failed: {result['error']}"


def test_an_answer_that_is_not_ready_is_shown() -> None:
    result = called(READY, Answers('{"ready": false, "why": "no provider"}'))
    assert result["error"] == 'it answered {"ready": false, "why": "no provider"}'


def test_a_record_keeps_the_beginning_of_a_long_answer() -> None:
    result = called(PAUSE, Answers(f'"{"x" * 100_000}"'))
    assert len(result["answer"]) == LONGEST


# --- whether it could be called -------------------------------------------------------------------
REMEDIES = {
    "ResourceNotFoundException": "Deploy shop:live to the Secondary's Region, or remove the hook.",
    "AccessDeniedException": "AppNames must cover shop:live, and its own policy must not refuse",
}


def tried(hook: Hook, client: Any) -> dict[str, Any]:
    return try_permission(client, hook)


def test_a_hook_that_is_there_is_not_run_to_see_that() -> None:
    client = Answers("")
    assert tried(PAUSE, client) == {"called": False, "ok": True, "error": ""}
    assert client.calls == [{"FunctionName": "shop:live", "InvocationType": "DryRun"}]


@pytest.mark.parametrize("code", REMEDIES)
@pytest.mark.parametrize("asked", [called, tried])
def test_a_hook_that_is_not_there_or_refuses_is_told_with_the_remedy(asked: Any, code: str) -> None:
    result = asked(PAUSE, Answers(error=aws_error(code)))
    assert result["ok"] is False
    assert code in result["error"]
    assert REMEDIES[code] in result["error"]


def test_lambda_that_is_not_reached_is_told() -> None:
    result = tried(PAUSE, Answers(error=EndpointConnectionError(endpoint_url="x")))
    assert (result["ok"], "EndpointConnectionError" in result["error"]) == (False, True)
