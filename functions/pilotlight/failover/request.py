"""What may start the failover machine: a request by hand, or the alarm's event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client.timestamps import parse, text, try_parse

from pilotlight.conditions.evidence import read_json, section, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

REQUEST_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "A failover, rehearsal or drill by hand",
    "type": "object",
    "required": ["mode", "reason"],
    "additionalProperties": False,
    "properties": {
        "mode": {"enum": ["failover", "rehearsal", "drill"]},
        "reason": {"type": "string", "minLength": 1, "maxLength": 500},
        "override": {
            "description": "Conditions that the person who starts this overrides.",
            "type": "array",
            "items": {
                "enum": ["outage_confirmed", "rpo_within_objective", "cooldown_over", "hook_ready"]
            },
            "uniqueItems": True,
        },
        "scheduled": {
            "description": "Records that the schedule started a rehearsal.",
            "type": "boolean",
        },
        "outage": {
            "description": "Why the sentinel starts the machine: which outage, which attempt.",
            "type": "object",
            "required": ["first_failed_at", "attempt"],
            "additionalProperties": False,
            "properties": {
                "first_failed_at": {"type": "string", "minLength": 20},
                "attempt": {"type": "integer", "minimum": 1},
            },
        },
        "graceful": {
            "description": "Only for a failover: whether to drain and lose nothing. Default: true, "
            "unless a condition is overridden.",
            "type": "boolean",
        },
    },
    "dependencies": {"scheduled": {"properties": {"mode": {"const": "rehearsal"}}}},
    "if": {"properties": {"mode": {"const": "failover"}}},
    "else": {"properties": {"graceful": {"const": False}}},
}
# Only what a recovery needs. Anything else may be missing, or odd, and stops none.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
ALARM_EVENT_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "CloudWatch Alarm State Change, as EventBridge delivers it",
    "type": "object",
    "required": ["time", "resources", "detail"],
    "properties": {
        "time": {"type": "string"},
        "resources": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "detail": {
            "type": "object",
            "required": ["state"],
            "properties": {
                "state": {
                    "type": "object",
                    "required": ["value"],
                    "properties": {"value": {"enum": ["OK", "ALARM", "INSUFFICIENT_DATA"]}},
                },
            },
        },
    },
}
# A week: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
LONGEST_PERIOD_SECONDS = 604_800
EXAMPLE = '{"mode": "rehearsal", "reason": "quarterly check"}'


class InvalidExecutionInput(Exception):
    """The input is neither a request nor an event of an alarm that this machine listens to."""


@dataclass(frozen=True)
class Alarm:
    """The alarm event that started the run."""

    name: str
    region: str
    at: str
    event_id: str
    window_started_at: str | None = None


@dataclass(frozen=True)
class Request:
    """What the machine is to do, or why it drops the request."""

    disposition: Literal["accept", "drop", "hand_over"]
    mode: Literal["failover", "rehearsal", "drill"]
    reason: str
    trigger: Literal["alarm", "sentinel", "manual", "schedule"]
    override: list[str] = field(default_factory=list)
    alarm: Alarm | None = None
    why: str | None = None
    outage: dict[str, Any] | None = None


def read(
    request: Any,
    *,
    validate: Callable[[Any, dict[str, Any]], str | None],
    alarm_arns: Collection[str],
) -> Request:
    """Read the input of an execution.

    Parameters
    ----------
    request
        The execution's whole input: a request by hand, or an EventBridge event.
    validate
        Validates a value by a JSON Schema and returns what is wrong and where, or None.
    alarm_arns
        The alarms whose events may start a failover.

    Raises
    ------
    InvalidExecutionInput
        With what is wrong, where, and what to write instead.
    """
    if isinstance(request, dict) and ("detail-type" in request or "detail" in request):
        return _from_alarm(request, validate, alarm_arns)
    wrong = validate(request, REQUEST_SCHEMA)
    if wrong:
        raise InvalidExecutionInput(
            f"The execution's input is not valid: {wrong}. "
            f"Write for instance {EXAMPLE}, with mode failover, rehearsal or drill."
        )
    override = request.get("override", [])
    graceful = request.get("graceful", request["mode"] == "failover" and not override)
    if graceful and override:
        raise InvalidExecutionInput(
            "An override is for a loss, and a graceful failover has none. "
            'Write "graceful": false, or leave override out.'
        )
    return Request(
        "hand_over" if graceful else "accept",
        request["mode"],
        request["reason"],
        "sentinel" if "outage" in request else "schedule" if request.get("scheduled") else "manual",
        override,
        outage=request.get("outage"),
    )


def _from_alarm(
    event: Mapping[str, Any],
    validate: Callable[[Any, dict[str, Any]], str | None],
    alarm_arns: Collection[str],
) -> Request:
    wrong = validate(event, ALARM_EVENT_SCHEMA)
    if wrong:
        raise InvalidExecutionInput(
            f"The event is not a CloudWatch Alarm State Change: {wrong}. "
            f"To start by hand, write for instance {EXAMPLE}."
        )
    arn, detail = event["resources"][0], event["detail"]
    if arn not in alarm_arns:
        raise InvalidExecutionInput(
            f"The event is from another alarm, {arn}. This machine listens to "
            f"{', '.join(sorted(alarm_arns))}. Correct the rule that sent it."
        )
    state = detail["state"]
    if state["value"] != "ALARM":
        raise InvalidExecutionInput(
            f"The event's detail.state.value is {state['value']}, "
            "and only ALARM starts a failover. Correct the rule that sent it."
        )
    try:
        sent_at = parse(event["time"])
    except ValueError as error:
        raise InvalidExecutionInput(
            f"The event's time {event['time']!r} is not a time such as 2026-01-31T12:00:00Z: "
            f"{error}."
        ) from error
    name = _text(detail, "alarmName") or arn.rsplit(":", 1)[-1]
    reason = _text(state, "reason") or f"Alarm {name} went to ALARM."
    alarm = Alarm(
        name=name,
        region=_text(event, "region") or "unknown",
        at=event["time"],
        event_id=_text(event, "id") or "unknown",
        window_started_at=window_start(event, sent_at),
    )
    why = None
    if state.get("actionsSuppressedBy"):
        why = f"The alarm's actions are suppressed by {str(state['actionsSuppressedBy'])[:100]}."
    return Request("drop" if why else "accept", "failover", reason[:500], "alarm", [], alarm, why)


def _text(section: Mapping[str, Any], name: str) -> str:
    """Return a string, empty for anything else."""
    value = section.get(name)
    return value if isinstance(value, str) else ""


def window_start(event: Mapping[str, Any], sent_at: datetime) -> str | None:
    """Return the start of the window that an alarm judged, or None if its event has none.

    Before it, nothing is known to have failed. `state.reasonData` is JSON in a string and gives
    `startDate`; an event without it still gives the period of its metric, which is then taken from
    the event's own time.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    detail = section(event, "detail")
    reason = read_json(section(detail, "state").get("reasonData"), {})
    start = try_parse(reason.get("startDate"))
    metrics = sections(section(detail, "configuration"), "metrics")
    periods = [section(metric, "metricStat").get("period") for metric in metrics]
    seconds = max((p for p in periods if type(p) is int), default=0)
    if start is None and 0 < seconds <= LONGEST_PERIOD_SECONDS:
        start = sent_at - timedelta(seconds=seconds)
    return text(start.astimezone(UTC)) if start and start <= sent_at else None
