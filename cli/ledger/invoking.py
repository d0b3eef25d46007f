"""Invokes the ledger function: what it returns, and what its errors mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cli import exits
from cli.asking.call import Call
from cli.changing.sending import Unsure, send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.asking.clients import Clients
    from cli.deployment import Deployment

# The function's own time, and a little more.
SECONDS = 65.0
# As many entries one invocation takes.
BATCH = 100
# Errors of the function after which some of what was asked for is known not to be done.
_REFUSALS = ("NotReplayed", "NoSuchEntry", "BadRequest")


class NotDone(click.ClickException):
    """The function answered that it did not do all of it."""

    exit_code = exits.ATTENTION


class Invocation(Call):
    """A call of a function. The CLI reads plain JSON only if told to, and writes into a file."""

    def as_command(self, profile: str | None = None, endpoint_url: str | None = None) -> str:
        """Return it as a command of the AWS CLI, version 2."""
        command = super().as_command(profile, endpoint_url)
        return f"{command} --cli-binary-format raw-in-base64-out /dev/stdout"


def invoke_call(deployment: Deployment, payload: Mapping[str, Any], why: str) -> Call:
    """Return the call of the ledger function."""
    function = f"{deployment.name('ledger')}:live"
    return Invocation(
        "invoke",
        deployment.secondary,
        "lambda",
        "invoke",
        {"FunctionName": function, "Payload": json.dumps(payload)},
        "lambda:InvokeFunction",
        f"function:{function}",
        why,
    )


def invoke(clients: Clients, call: Call) -> dict[str, Any]:
    """Invoke the function, and return its answer.

    Raises
    ------
    NotDone, sending.NotMade
        It, or AWS, refused. The text says why.
    Unsure
        It may have been done: there is no answer, or the function failed on the way.
    """
    answer = send(clients, call, seconds=SECONDS)
    try:
        found: dict[str, Any] = json.loads(answer["Payload"].read())
    except Exception as error:
        raise Unsure(
            f"{call.region}: the answer broke off ({type(error).__name__}), to {call.why}."
        ) from error
    if "FunctionError" not in answer:
        return found
    kind, message = found.get("errorType", "an error"), found.get("errorMessage", "")
    text = f"{call.region}: {call.resource} failed, to {call.why}.\n{kind}: {message}"
    raise NotDone(text) if kind in _REFUSALS else Unsure(text)
