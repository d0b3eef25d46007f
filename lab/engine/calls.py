"""The record of API calls: what CloudTrail would show, with the caller's role and Region."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from lab.engine.outage import GLOBAL_SERVICES

if TYPE_CHECKING:
    from lab.engine.aws import Aws
    from lab.engine.outage import Outage

MOST = 100_000


class CallRecord:
    """All calls that roles made, in order. Those of the account's root, a person, are left out."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=MOST)

    def add(self, call: dict[str, Any]) -> None:
        """Record one call."""
        self._calls.append(call)

    def since(self, at: float) -> list[dict[str, Any]]:
        """Return the calls from a moment on."""
        return [c for c in list(self._calls) if c["at"] >= at]


def install(aws: Aws, outage: Outage, record: CallRecord) -> None:
    """Record who calls as CloudTrail does: the role, where MiniStack has the session's key."""
    original = aws.cloudtrail.record_event

    def recorded(**given: Any) -> None:
        original(**given)
        key = given["access_key_id"]
        session = aws.sts._sessions.get(key)
        if session is None:
            return
        region = "us-east-1" if given["service"] in GLOBAL_SERVICES else given["region"]
        record.add(
            {
                "at": time.time(),
                "region": region,
                "service": given["service"],
                "operation": given["request_params"].get("Action", given["event_name"]),
                "role": session["Arn"].split(":assumed-role/")[-1].split("/")[0],
                "from": outage.home.get(key, ""),
            }
        )

    aws.cloudtrail.record_event = recorded
