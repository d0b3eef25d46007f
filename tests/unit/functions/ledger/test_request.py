"""The payloads that the ledger function takes."""

from __future__ import annotations

from typing import Any

import pytest
from pilotlight.ledger.request import BadRequest, checked

ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ACCEPT: dict[str, Any] = {"action": "accept", "write_ids": "all", "by": "A"}


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "list", "execution": "run"},
        {"action": "list", "after": ID},
        {"action": "reconcile", "from_start": True},
        {"action": "note_missing", "execution": "run"},
        ACCEPT,
        {**ACCEPT, "by": "A" * 200, "write_ids": [ID] * 100},
        {**ACCEPT, "action": "replay", "write_ids": [ID]},
    ],
)
def test_an_action_is_taken(payload: dict[str, Any]) -> None:
    assert checked(payload) == payload["action"]


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (None, "no action None"),
        ({"action": "forget"}, "no action 'forget'"),
        ({"action": ["list"]}, "no action"),
        ({"action": "list", "verbose": True}, "list: "),
        ({"action": "list", "after": "tea"}, "list: "),
        ({"action": "accept", "by": "Ada"}, "accept: .*write_ids"),
        ({**ACCEPT, "by": ""}, "accept: "),
        ({**ACCEPT, "by": "A" * 201}, "accept: "),
        ({**ACCEPT, "write_ids": []}, "accept: "),
        ({**ACCEPT, "write_ids": [ID] * 101}, "accept: "),
        ({**ACCEPT, "write_ids": [ID[:-1]]}, "accept: "),
        ({**ACCEPT, "action": "replay"}, "replay: "),
        ({"action": "replay", "write_ids": [ID]}, "replay: .*by"),
    ],
)
def test_any_other_payload_is_refused_and_the_error_says_why(payload: Any, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        checked(payload)
