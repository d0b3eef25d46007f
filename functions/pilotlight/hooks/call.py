"""Calls a hook once, for as long as it may take. It reports every failure, and raises none."""

from __future__ import annotations

import json
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from pilotlight.hooks.hook import LONGEST, is_ok, remedy
from pilotlight.shared.invoke import InvocationFailed, invoke

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from pilotlight.hooks.hook import Hook


def try_permission(client: LambdaClient, hook: Hook) -> dict[str, Any]:
    """Try whether a hook could be called, and return `ok`, and the `error`. It does not run.

    A dry run shows that function and alias are there and that this role may invoke them.
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    error = ""
    try:
        client.invoke(FunctionName=hook.function, InvocationType="DryRun")
    except ClientError as failure:
        error = _in_words(hook, failure)
    except BotoCoreError as failure:
        error = f"{type(failure).__name__}: {failure}"[:LONGEST]
    return {"called": False, "ok": not error, "error": error}


def _in_words(hook: Hook, failure: ClientError) -> str:
    """Return Lambda's error, in short where there is a remedy: findings and records are cut."""
    code = failure.response["Error"]["Code"]
    known = remedy(hook, code)
    return f"{code}. {known}" if known else f"{type(failure).__name__}: {failure}"[:LONGEST]


@cache
def client_of(seconds: int) -> LambdaClient:
    """Return a client that waits so long for an answer. A second try would double the wait."""
    config = Config(
        connect_timeout=1,
        read_timeout=seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return boto3.client("lambda", config=config)


def call(client: LambdaClient, hook: Hook, payload: dict[str, Any]) -> dict[str, Any]:
    """Call a hook and return what came of it: `ok`, `seconds`, and its `answer` or the `error`.

    `note` is there if the hook failed: one line for people.
    """
    started, answer, error = time.monotonic(), None, ""
    try:
        answer = invoke(client, hook.function, payload)
    except ReadTimeoutError:
        error = f"no answer within {hook.timeout} s"
    except ClientError as failure:
        error = _in_words(hook, failure)
    except (BotoCoreError, InvocationFailed, ValueError) as failure:
        error = f"{type(failure).__name__}: {failure}"[:LONGEST]
    result = {
        "called": True,
        "function": hook.function,
        "seconds": round(time.monotonic() - started, 3),
    }
    if not error:
        text = json.dumps(answer)[:LONGEST]
        if is_ok(hook, answer):
            return result | {"ok": True, "answer": text}
        error = f"it answered {text}"
    note = f"Hook {hook.phase}, {hook.function}, failed: {error}"
    return result | {"ok": False, "error": error, "note": note}
