"""Route 53's health checkers: probes, thresholds, the 18 % rule, inverted and calculated checks.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CHECKERS_PER_REGION = 2
DEFAULT_REGIONS = 8
HEALTHY_SHARE = 0.18


@dataclass
class Checker:
    """One checker: its own phase and its own opinion."""

    healthy: bool
    next_at: float
    good_in_a_row: int = 0
    bad_in_a_row: int = 0
    busy: bool = False

    def observe(self, *, good: bool, threshold: int) -> None:
        """Take in one probe. The threshold works in both directions."""
        self.good_in_a_row = self.good_in_a_row + 1 if good else 0
        self.bad_in_a_row = 0 if good else self.bad_in_a_row + 1
        if self.good_in_a_row >= threshold:
            self.healthy = True
        if self.bad_in_a_row >= threshold:
            self.healthy = False


@dataclass
class HealthCheck:
    """The state of one health check."""

    checkers: list[Checker] = field(default_factory=list)
    healthy: bool = True
    bad_since_metric: bool = False
    metric_minute: float = 0.0

    @property
    def checkers_healthy(self) -> int:
        """How many checkers find the endpoint healthy."""
        return sum(c.healthy for c in self.checkers)


def new(config: Mapping[str, Any], now: float, interval: float) -> HealthCheck:
    """Make a check as AWS does: it starts healthy, an inverted one unhealthy."""
    if config["Type"] == "CALCULATED":
        return HealthCheck()
    count = CHECKERS_PER_REGION * len(config.get("Regions") or range(DEFAULT_REGIONS))
    checkers = [Checker(healthy=True, next_at=now + interval * i / count) for i in range(count)]
    return HealthCheck(checkers, healthy=not config.get("Inverted"))


def evaluate(
    config: Mapping[str, Any], check: HealthCheck, is_healthy: Callable[[str], bool]
) -> bool:
    """Return what Route 53 makes of the checkers, or of the children, now."""
    if config["Type"] == "CALCULATED":
        good = sum(is_healthy(child) for child in config.get("ChildHealthChecks", []))
        healthy = good >= int(config.get("HealthThreshold", 1))
    else:
        healthy = check.checkers_healthy > HEALTHY_SHARE * len(check.checkers)
    return not healthy if config.get("Inverted") else healthy
