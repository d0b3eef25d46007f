"""Schedules at the lab's speed, swept often enough that a minute is a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from lab.engine.aws import Aws


def install(aws: Aws) -> None:
    """Sweep twice a second: every 10 s, as MiniStack does, a minute lasts up to 70 s.

    A rate without a start date begins at once, where MiniStack lets its first interval pass.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
    """
    seconds_of = aws.eventbridge._parse_rate_seconds
    aws.scheduler._SCHEDULE_TICK_INTERVAL = 0.5
    aws.eventbridge._SCHEDULER_TICK_INTERVAL = 0.5

    @wrap(aws.eventbridge, "_parse_rate_seconds")
    def scaled(rate_seconds: Any, expression: str) -> float | None:
        seconds = rate_seconds(expression)
        return seconds and aws.clock.real(seconds)

    scheduler = aws.scheduler

    @wrap(scheduler, "_create_schedule")
    def fire_at_once(create: Any, name: str, body: dict[str, Any]) -> Any:
        before = set(scheduler._schedules._data)
        answer = create(name, body)
        for schedule in set(scheduler._schedules._data) - before:
            if seconds_of(body["ScheduleExpression"]) and not body.get("StartDate"):
                scheduler._schedule_last_fired[schedule] = 0.0
        return answer
