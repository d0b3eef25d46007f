"""The actions of the ledger function, and their payloads."""

from __future__ import annotations

from typing import Any

from pilotlight.shared.validation import violation

ULID = {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"}
IDS = {"type": "array", "items": ULID, "minItems": 1, "maxItems": 100}
BY = {"type": "string", "minLength": 1, "maxLength": 200}


class BadRequest(Exception):
    """The payload names no action, or does not match its schema."""


def _schema(optional: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    required = {"action": {"type": "string"}, **properties}
    optional = {"execution": {"type": "string"}} | (optional or {})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": {**required, **optional},
    }


# A person may accept all entries at once. Replaying overwrites what users see, so name each entry.
ACTIONS: dict[str, dict[str, Any]] = {
    # It goes on after a write id, which the page before gives as `next`.
    "list": _schema({"after": ULID}),
    # `from_start` compares from the first epoch on, also what was compared before. `seconds` is
    # after how many a piece ends, complete or not; without it, shortly before the function's end.
    "reconcile": _schema(
        {
            "from_start": {"type": "boolean"},
            "seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": 45},
        }
    ),
    # After a promotion, before the other Region answers again: what is in the journal and lacks its
    # item goes into the ledger.
    "note_missing": _schema(),
    "accept": _schema(write_ids={"anyOf": [IDS, {"enum": ["all"]}]}, by=BY),
    "replay": _schema(write_ids=IDS, by=BY),
}


def checked(payload: Any) -> str:
    """Return the action of a payload.

    Raises
    ------
    BadRequest
        There is no such action, or the payload does not match its schema.
    """
    action = payload.get("action") if isinstance(payload, dict) else None
    if not isinstance(action, str) or action not in ACTIONS:
        raise BadRequest(f"There is no action {action!r}. Send one of {', '.join(ACTIONS)}.")
    wrong = violation(payload, ACTIONS[action])
    if wrong:
        raise BadRequest(f"{action}: {wrong}.")
    return action
