"""Parameters and results of service integrations, spelled as Step Functions spells them."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from functools import cache
from typing import Any

_BOTO_NAMES = {
    "sfn": "stepfunctions",
    "states": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
}


def install() -> None:
    """Take and return the Java SDK's spelling, as AWS does: Ttl where botocore has TTL."""
    import botocore.session
    from botocore import xform_name
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service,
    )

    session = botocore.session.get_session()
    model = cache(session.get_service_model)

    def operation(task: Any, service: str | None, action: str | None) -> Any:
        name = task._get_boto_service_name(service)
        wanted = task._get_boto_service_action(action)
        found = model(_BOTO_NAMES.get(name, name))
        names = (o for o in found.operation_names if xform_name(o) == wanted)
        return next((found.operation_model(o) for o in names), None)

    def incoming(
        self: Any,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        found = operation(self, boto_service_name, service_action_name)
        if found and found.input_shape:
            spelled = spell(found.input_shape, parameters, outgoing=False)
            parameters.clear()
            parameters.update(spelled)

    def outgoing(
        self: Any,
        response: Any,
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        found = operation(self, boto_service_name, service_action_name)
        if found and found.output_shape and isinstance(response, dict):
            spelled = spell(found.output_shape, response, outgoing=True)
            response.clear()
            response.update(spelled)

    state_task_service.StateTaskService._normalise_parameters = incoming
    state_task_service.StateTaskService._normalise_response = outgoing


def spell(shape: Any, value: Any, *, outgoing: bool) -> Any:
    """Rename the members of a value after its botocore shape; outgoing, make it plain JSON too."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = {m.lower(): m for m in shape.members}
        spelled = {}
        for key, part in value.items():
            member = members.get(key.lower())
            name = key if member is None else java_name(member) if outgoing else member
            spelled[name] = (
                part if member is None else spell(shape.members[member], part, outgoing=outgoing)
            )
        return spelled
    if kind == "list" and isinstance(value, list):
        return [spell(shape.member, part, outgoing=outgoing) for part in value]
    if kind == "map" and isinstance(value, dict):
        return {k: spell(shape.value, part, outgoing=outgoing) for k, part in value.items()}
    return _leaf_out(value) if outgoing else _leaf_in(kind, value)


def _leaf_in(kind: str, value: Any) -> Any:
    if kind == "blob" and not isinstance(value, bytes | bytearray):
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return text.encode()
    return value


def _leaf_out(value: Any) -> Any:
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, datetime | date) else value


def java_name(member: str) -> str:
    """Spell a botocore member as the Java SDK does: TTL is Ttl, roleArn is RoleArn."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", lambda m: m.group(1).capitalize() + m.group(2), member)
    name = re.sub(r"([A-Z]{2,})$", lambda m: m.group(1).capitalize(), name)
    return name[0].upper() + name[1:]
