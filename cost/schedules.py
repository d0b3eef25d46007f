"""How often schedules start something: in functions' events, rules and EventBridge Scheduler."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost import CostError
from lab.intrinsics import referred

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.template import Stack

SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
# minutes, hours, days of the month, months, days of the week: how many values each has
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7))
STATED = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")


@dataclass(frozen=True)
class Start:
    """A schedule and what it starts."""

    stack: str
    schedule: str
    target: str
    per_month: float
    by_scheduler: bool


def _values(text: str, least: int, most: int, expression: str) -> int:
    if text in ("*", "?"):
        return most - least + 1
    count = 0
    for part in text.split(","):
        found = re.fullmatch(r"(\*|\d+|[A-Z]{3})(?:-(\d+))?(?:/(\d+))?", part)
        if not found:
            raise CostError(f"The schedule {expression!r} has a part {part!r} that is not counted.")
        first, last, step = found.groups()
        if first == "*" or (first.isdigit() and (last or step)):
            start = least if first == "*" else int(first)
            end = int(last) if last else most
            count += len(range(start, end + 1, int(step or 1)))
        elif last or step:
            raise CostError(f"The schedule {expression!r} has a part {part!r} that is not counted.")
        else:
            count += 1
    return count


def per_month(expression: str, month_seconds: float) -> float:
    """Return how often a rate or cron expression fires in a month.

    Raises
    ------
    CostError
        The expression is of another kind, or uses a form that is not counted (such as L or #).
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate and int(rate[1]):
        return month_seconds / (int(rate[1]) * SECONDS[rate[2]])
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)", expression)
    if not cron:
        raise CostError(f"The schedule {expression!r} is neither rate(…) nor a yearly cron(…).")
    counts = [
        _values(text, least, most, expression)
        for text, (least, most) in zip(cron.groups(), FIELDS, strict=True)
    ]
    minutes, hours, days, months, weekdays = counts
    fraction = (days / 31) * (months / 12) * (weekdays / 7)
    return minutes * hours * fraction * month_seconds / SECONDS["day"]


def _events(stack: Stack) -> Iterable[tuple[str, str, str, bool, object]]:
    for resource in stack.of(*STATED):
        for name, event in resource.properties.get("Events", {}).items():
            if event["Type"] in ("Schedule", "ScheduleV2"):
                given = event["Properties"]
                expression = given.get("Schedule") or given["ScheduleExpression"]
                state = given.get("State", "ENABLED") if given.get("Enabled", True) else "DISABLED"
                newer = event["Type"] == "ScheduleV2"
                yield f"{resource.name}.{name}", expression, resource.name, newer, state
    for resource in stack.of("AWS::Events::Rule"):
        given = resource.properties
        for target in given.get("Targets", []) if "ScheduleExpression" in given else []:
            expression, state = given["ScheduleExpression"], given.get("State", "ENABLED")
            yield resource.name, expression, referred(target["Arn"]), False, state
    for resource in stack.of("AWS::Scheduler::Schedule"):
        given = resource.properties
        expression, state = given["ScheduleExpression"], given.get("State", "ENABLED")
        yield resource.name, expression, referred(given["Target"]["Arn"]), True, state


def read(stacks: Iterable[Stack], month_seconds: float) -> list[Start]:
    """Return every schedule of the stacks that is enabled, with what it starts."""
    return [
        Start(stack.role, name, target, per_month(expression, month_seconds), newer)
        for stack in stacks
        for name, expression, target, newer, state in _events(stack)
        if state == "ENABLED"
    ]
