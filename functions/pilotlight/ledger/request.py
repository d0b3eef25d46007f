"""What the ledger can be asked for."""

from __future__ import annotations

from typing import Any

from pilotlight.shared.validation import violation

ULID = {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"}
IDS = {"type": "array", "items": ULID, "minItems": 1, "maxItems": 100}
BY = {"type": "string", "minLength": 1, "maxLength": 200}


class BadRequest(Exception):
    """The payload asks for nothing that there is."""


def _schema(optional: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    given = {"action": {"type": "string"}, **properties}
    optional = {"execution": {"type": "string"}} | (optional or {})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": list(given),
        "additionalProperties": False,
        "properties": {**given, **optional},
    }


# Accepting may be wholesale. Replaying overwrites what users see, so each is named.
ACTIONS: dict[str, dict[str, Any]] = {
    "list": _schema(),
    # Anew: from the first epoch on, whatever was compared before.
    "reconcile": _schema({"anew": {"type": "boolean"}}),
    "accept": _schema(write_ids={"anyOf": [IDS, {"enum": ["all"]}]}, by=BY),
    "replay": _schema(write_ids=IDS, by=BY),
}


def checked(payload: Any) -> str:
    """Return the action that a payload asks for.

    Raises
    ------
    BadRequest
        There is no such action, or it needs other things than the payload gives.
    """
    action = payload.get("action") if isinstance(payload, dict) else None
    if not isinstance(action, str) or action not in ACTIONS:
        raise BadRequest(f"There is no action {action!r}. Send one of {', '.join(ACTIONS)}.")
    wrong = violation(payload, ACTIONS[action])
    if wrong:
        raise BadRequest(f"{action}: {wrong}.")
    return action
