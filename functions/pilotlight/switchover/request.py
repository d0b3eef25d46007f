"""What may start the switchover machine: a person's request. No alarm ever does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pilotlight.failover.request import InvalidExecutionInput

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "A planned move by hand",
    "type": "object",
    "required": ["mode", "reason"],
    "additionalProperties": False,
    "properties": {
        "mode": {"enum": ["switchover", "failback"]},
        "reason": {"type": "string", "minLength": 1, "maxLength": 500},
    },
}
EXAMPLE = '{"mode": "failback", "reason": "the Primary is healthy again"}'


@dataclass(frozen=True)
class MoveRequest:
    """What the machine is to do, and between which Regions."""

    disposition: Literal["accept"]
    mode: Literal["switchover", "failback"]
    reason: str
    trigger: Literal["manual"]
    source: str
    target: str


def read_move(
    request: Any,
    *,
    validate: Callable[[Any, dict[str, Any]], str | None],
    primary: str,
    secondary: str,
) -> MoveRequest:
    """Read the input of an execution of the switchover machine.

    Raises
    ------
    InvalidExecutionInput
        With what is wrong, where, and what to write instead.
    """
    if isinstance(request, dict) and ("detail-type" in request or "detail" in request):
        raise InvalidExecutionInput(
            "The input is an event. A planned move is started by a person and by no alarm. "
            "Correct the rule that sent it."
        )
    wrong = validate(request, REQUEST_SCHEMA)
    if wrong:
        raise InvalidExecutionInput(
            f"The execution's input is not valid: {wrong}. "
            f"Write for instance {EXAMPLE}, with mode switchover or failback."
        )
    source, target = primary, secondary
    if request["mode"] == "failback":
        source, target = secondary, primary
    return MoveRequest("accept", request["mode"], request["reason"], "manual", source, target)
