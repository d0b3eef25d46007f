"""The speed of AWS's own intervals.

The factor divides what AWS decides: health-check intervals, alarm periods, the metric's minute,
schedules, and the TTLs that clients of the lab honour. It never touches the code under test: Waits,
timeouts, sleeps.
"""

from __future__ import annotations


class Clock:
    """Turns AWS's seconds into the lab's."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def real(self, aws_seconds: float) -> float:
        """Return how long an interval of AWS lasts here."""
        return aws_seconds / self.speed
