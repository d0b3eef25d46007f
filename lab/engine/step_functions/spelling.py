"""Parameters and results of service integrations, spelled as Step Functions spells them."""

from __future__ import annotations

from functools import cache
from typing import Any

from lab.engine.patching import wrap


def install() -> None:
    """Take and return the Java SDK's spelling, as AWS does: Ttl where botocore has TTL.

    moto has what it takes, and calls nothing of it.
    """
    import botocore.session
    from botocore import xform_name
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service,
    )

    task_class = state_task_service.StateTaskService
    task_class._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES |= {
        "eventbridge": "events",
        "cloudwatchlogs": "logs",
    }
    model = cache(botocore.session.get_session().get_service_model)

    def operation(task: Any, service: str | None, action: str | None) -> Any:
        found = model(task._get_boto_service_name(service))
        wanted = task._get_boto_service_action(action)
        names = (name for name in found.operation_names if xform_name(name) == wanted)
        return next((found.operation_model(name) for name in names), None)

    @wrap(task_class, "_normalise_parameters")
    def to_botocore(
        _: Any,
        self: Any,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        called = operation(self, boto_service_name, service_action_name)
        if called and called.input_shape:
            self._to_boto_request(parameters, called.input_shape)

    @wrap(task_class, "_normalise_response")
    def from_botocore(
        _: Any,
        self: Any,
        response: Any,
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        called = operation(self, boto_service_name, service_action_name)
        if called and called.output_shape:
            self._from_boto_response(response, called.output_shape)
