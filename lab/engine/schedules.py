"""Schedules at the lab's speed, swept often enough that a minute is a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.engine.aws import Aws


def install(aws: Aws) -> None:
    """Sweep twice a second: every 10 s, as MiniStack does, a minute lasts up to 70 s."""
    seconds_of = aws.eventbridge._parse_rate_seconds

    def scaled(expression: str) -> float | None:
        seconds = seconds_of(expression)
        return seconds and aws.clock.real(seconds)

    aws.eventbridge._parse_rate_seconds = scaled
    aws.scheduler._SCHEDULE_TICK_INTERVAL = 0.5
    aws.eventbridge._SCHEDULER_TICK_INTERVAL = 0.5
