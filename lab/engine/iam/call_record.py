"""The record of API calls: what CloudTrail would show, with the caller's role and Region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.engine.outages.outage import GLOBAL_SERVICES
from lab.engine.patching import wrap

if TYPE_CHECKING:
    from lab.engine.aws import Aws
    from lab.engine.journal import Journal
    from lab.engine.outages.outage import Outage


def install(aws: Aws, outage: Outage, record: Journal) -> None:
    """Record who calls as CloudTrail does: the role, where MiniStack has the session's key.

    Calls of the account's root, a person, are left out.
    """

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
                "region": region,
                "service": event["service"],
                "operation": event["request_params"].get("Action", event["event_name"]),
                "role": session["Arn"].split(":assumed-role/")[-1].split("/")[0],
                "from": outage.home.get(key, ""),
            }
        )


def install_refusals(evaluator: Any, record: Journal) -> None:
    """Record what MiniStack's IAM refuses: the role, the action, and the resource."""

    @wrap(evaluator, "enforce")
    def record_refusal(
        enforce: Any, key: str, action: str, service: str, *args: Any, **details: Any
    ) -> Any:
        result = enforce(key, action, service, *args, **details)
        if isinstance(result, evaluator.EvalResult):
            role = result.principal_arn.split("/")[1:2]
            resource = details.get("resource_arn", "*")
            record.add({"role": "".join(role), "action": action, "resource": resource})
        return result
