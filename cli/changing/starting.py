"""Starts an execution of a state machine, at most once, whatever is lost on the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.changing.sending import Refused, send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.asking.call import Call
    from cli.asking.clients import Clients
    from cli.deployment import Deployment

UNKNOWN = {"Account": "<account>", "Arn": "arn:aws:sts::"}
ENDED = "ExecutionAlreadyExists"


def execution_name(mode: str) -> str:
    """Return a name for a run that starts now. AWS starts one run of a name."""
    return f"{mode}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"[:-3] + "Z"


def start_call(
    deployment: Deployment,
    identity: Mapping[str, Any],
    machine: str,
    region: str,
    request: Mapping[str, Any],
    name: str,
) -> Call:
    """Return the call that starts a machine."""
    from cli.asking.call import Call

    partition = identity["Arn"].split(":")[1]
    arn = deployment.machine(machine, identity["Account"], region, partition=partition)
    return Call(
        "start",
        region,
        "stepfunctions",
        "start_execution",
        {"stateMachineArn": arn, "name": name, "input": json.dumps(request)},
        "states:StartExecution",
        f"stateMachine:{deployment.name(machine)}",
        f"start a {request.get('mode') or request.get('action')}",
    )


def start(clients: Clients, call: Call) -> str:
    """Start it, and return the ARN of the execution.

    Raises
    ------
    NotMade, Unsure
        See `send`.
    """
    try:
        return str(send(clients, call, known=(ENDED,))["executionArn"])
    except Refused:
        # An answer was lost, and the run has ended since.
        arn = call.arguments["stateMachineArn"].replace(":stateMachine:", ":execution:")
        return f"{arn}:{call.arguments['name']}"
