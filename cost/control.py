"""How often the control table is asked in an idle month, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost import beats, schedules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.whole import Computed

KEEPER, SENTINEL, LOOKS = "HeartbeatFunction", "SentinelFunction", "SentinelLooks"


@dataclass(frozen=True)
class Use:
    """Calls of one kind in a month, and what they cost."""

    who: str
    calls: str
    number: float
    usd: float


def uses(computed: Computed) -> list[Use]:
    """Return who calls it. A strong read is one read unit, a write is billed in two Regions."""
    deployment = computed.month.deployment
    read = deployment.prices["dynamodb_read"]
    write = deployment.prices["dynamodb_write"]

    def reads(who: str, number: float, units: float = 1.0) -> Use:
        kind = "strong reads" if units == 1 else "reads of the own copy"
        return Use(who, kind, number, read.amount(number * units))

    pulse = beats.numbers(deployment)["ControlTable"]
    looks = _started(computed, SENTINEL) * deployment.usage.function(SENTINEL).messages[LOOKS]
    asked = {
        path: sum(f.number for f in computed.month.flows if f.route.path == path)
        for path in ("/switch/on", "/switch/off", "/health")
    }
    return [
        Use("the pulse of the active Region", "writes", pulse, 2 * write.amount(pulse)),
        reads("the switch: on", asked["/switch/on"]),
        reads("the switch: off", asked["/switch/off"], 0.5),
        reads("`/health`", asked["/health"], 0.5),
        reads("the keeper of each Region", _started(computed, KEEPER)),
        reads("the keeper in each look of the sentinel", looks),
        reads("the pulse in each look of the sentinel", looks),
        reads("the fence: nobody writes in an idle month", 0),
    ]


def busiest_fence(computed: Computed) -> Use:
    """Return what the fence of one environment reads that takes writes all month."""
    deployment = computed.month.deployment
    number = deployment.usage.month_seconds / deployment.usage.assumed("fence_refresh_seconds")
    usd = deployment.prices["dynamodb_read"].amount(number)
    return Use("the fence of one environment", "strong reads", number, usd)


def _started(computed: Computed, function: str) -> float:
    deployment = computed.month.deployment
    starts: Iterable[schedules.Start] = schedules.read(
        deployment.stacks, deployment.usage.month_seconds
    )
    return sum(s.per_month for s in starts if s.target == function)
