"""Sends one change to AWS. Each may be sent twice with the same result, and is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import exits
from cli.asking.problem import translated

if TYPE_CHECKING:
    from cli.asking.call import Call
    from cli.asking.clients import Clients
    from cli.asking.problem import Problem

ATTEMPTS = 3


class NotMade(click.ClickException):
    """A change that AWS refused: nothing was changed."""

    exit_code = exits.ATTENTION


class Unsure(click.ClickException):
    """A change that was not answered: it may have been made."""

    exit_code = exits.UNKNOWN


class Refused(Exception):
    """AWS refused a change with a code that a command knows."""


def send(
    clients: Clients, call: Call, *, seconds: float | None = None, known: tuple[str, ...] = ()
) -> Any:
    """Make a change, and return the answer.

    Parameters
    ----------
    call
        Its `why` completes "to …".
    seconds
        How long to wait for each answer, if longer than for a read.
    known
        Codes of AWS that the caller knows what to do about.

    Raises
    ------
    Refused
        AWS answered one of these codes.
    NotMade, Unsure
        The change was refused, or not answered. The text says why, and what to do.
    """
    problem: Problem | None = None
    for _ in range(ATTEMPTS):
        try:
            client = clients.client(call.service, call.region, seconds)
            return getattr(client, call.operation)(**call.arguments)
        except Exception as error:
            code = (getattr(error, "response", None) or {}).get("Error", {}).get("Code")
            if code in known:
                raise Refused(code) from error
            problem = translated(call, error)
            if problem.kind != "silent":
                break
    assert problem is not None
    text = f"{call.region}: {problem.short}, to {call.why}."
    if problem.kind == "silent":
        raise Unsure(f"{text}\nIt may have been done all the same: look with pilot-light status.")
    raise NotMade(f"{text}\nNothing was changed.")
