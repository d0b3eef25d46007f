"""EventBridge: rules may have a bus in another Region as their target.

The event arrives unchanged, its `region` stays the source's.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from lab.engine.aws import Aws


def install(aws: Aws) -> None:
    """Deliver to buses of other Regions."""
    eventbridge = aws.eventbridge

    @wrap(eventbridge, "_dispatch_to_event_bus")
    def dispatch(
        same_region: Any, spec: Any, event: Any, rule: Any, path: Any, payload: Any = None
    ) -> Any:
        if spec.region == aws.region():
            return same_region(spec, event, rule, path, payload)
        forwarded = {**event, "EventBusName": spec.resource.split("/", 1)[1]}
        forwarded.pop("_DispatchPath", None)
        if payload is not None:
            forwarded["Detail"] = payload
        return aws.within(spec.region, eventbridge._dispatch_event, forwarded)
