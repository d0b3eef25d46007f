"""The record of API calls: what CloudTrail would show, with the caller's role and Region."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from lab.engine.outages.outage import GLOBAL_SERVICES
from lab.engine.patching import wrap

if TYPE_CHECKING:
    from lab.engine.aws import Aws
    from lab.engine.outages.outage import Outage

MOST = 100_000


class CallRecord:
    """All calls that roles made, in order. Those of the account's root, a person, are left out."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=MOST)
        self._refused: deque[dict[str, Any]] = deque(maxlen=MOST)

    def add(self, call: dict[str, Any]) -> None:
        """Record one call."""
        self._calls.append(call)

    def since(self, since: float = 0) -> list[dict[str, Any]]:
        """Return the calls from a moment on."""
        return [call for call in list(self._calls) if call["at"] >= since]

    def refuse(self, refusal: dict[str, Any]) -> None:
        """Record a call that a role's policies did not allow."""
        self._refused.append(refusal)

    def refused_since(self, since: float = 0) -> list[dict[str, Any]]:
        """Return the refusals from a moment on."""
        return [refusal for refusal in list(self._refused) if refusal["at"] >= since]


def install(aws: Aws, outage: Outage, record: CallRecord) -> None:
    """Record who calls as CloudTrail does: the role, where MiniStack has the session's key."""

    @wrap(aws.cloudtrail, "record_event")
    def record_call(record_event: Any, **event: Any) -> None:
        record_event(**event)
        key = event["access_key_id"]
        session = aws.sts._sessions.get(key)
        if session is None:
            return
        region = "us-east-1" if event["service"] in GLOBAL_SERVICES else event["region"]
        record.add(
            {
                "at": time.time(),
                "region": region,
                "service": event["service"],
                "operation": event["request_params"].get("Action", event["event_name"]),
                "role": session["Arn"].split(":assumed-role/")[-1].split("/")[0],
                "from": outage.home.get(key, ""),
            }
        )


def install_refusals(evaluator: Any, record: CallRecord) -> None:
    """Record what MiniStack's IAM refuses: the role, the action, and the resource."""

    @wrap(evaluator, "enforce")
    def record_refusal(
        enforce: Any, key: str, action: str, service: str, *args: Any, **details: Any
    ) -> Any:
        result = enforce(key, action, service, *args, **details)
        if isinstance(result, evaluator.EvalResult):
            role = result.principal_arn.split("/")[1:2]
            refusal = {"at": time.time(), "role": "".join(role), "action": action}
            record.refuse({**refusal, "resource": details.get("resource_arn", "*")})
        return result
