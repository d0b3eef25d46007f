"""What other settings would save, one by one and together."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cost.checks import Check
    from cost.whole import Computed

GOAL = 25.0
BACKUP_DAYS = "7"
LOSSLESS: dict[str, tuple[str, str]] = {
    "check-traces": (
        "No traces of health checks",
        "an X-Ray sampling rule with rate and reservoir 0 for `/health` and `/switch/*`; "
        "users' requests stay traced",
    ),
    "method-metrics": (
        "No metrics by method",
        "`MetricsEnabled` off; the metrics of each API as a whole stay, and are free",
    ),
    "platform-logs": (
        "No log lines of Lambda's own",
        "log format JSON and system log level WARN; durations stay as metrics",
    ),
}
# What these save is paid for otherwise: each says how.
GIVEN_UP: dict[str, tuple[str, str]] = {
    "dashboard": ("No dashboard", "what it shows is asked by hand; nothing of it is on the path"),
    "second-check": (
        "One check in us-east-1 in place of two",
        "the alarm that starts a failover would stand on the check of the public name; a control "
        "table that is silent would start one too, which then holds",
    ),
    "monitor-key": (
        "The Monitor's topic without a key of its own",
        "alarms publish to it unencrypted at rest; their texts hold no data of users",
    ),
}
HEARTBEATS = "30"


@dataclass(frozen=True)
class Option:
    """Another way to set things, what it means, and what the idle month then costs."""

    name: str
    means: str
    total: float

    @property
    def reaches_goal(self) -> bool:
        """Whether the month stays within the goal."""
        return self.total <= GOAL


def single(computed: Computed) -> list[Option]:
    """Return the options that save something, each taken alone."""
    found = [
        Option(title, means, computed.instead(without={name}).total)
        for name, (title, means) in LOSSLESS.items()
    ]
    for check in _fast(computed):
        means = f"sees a change up to {20 * check.threshold} s later"
        slower = computed.instead(intervals={check.name: 30}).total
        found.append(Option(f"{check.name} every 30 s", means, slower))
    means = "every fast check as slow as the others"
    found.append(Option("All checks every 30 s", means, computed.instead(checks="slow").total))
    means = (
        f"`BackupRetentionDays={BACKUP_DAYS}`; point-in-time recovery still reaches back 35 days"
    )
    fewer = computed.instead(parameters={"BackupRetentionDays": BACKUP_DAYS}).total
    found.append(Option("Fewer backups", means, fewer))
    means = f"`HeartbeatSeconds={HEARTBEATS}`; the estimate of the RPO is 10 s coarser"
    rarer = computed.instead(parameters={"HeartbeatSeconds": HEARTBEATS}).total
    found.append(Option("Rarer heartbeats", means, rarer))
    found += [
        Option(title, means, computed.instead(without={name}).total)
        for name, (title, means) in GIVEN_UP.items()
    ]
    means = "where no other workload of the account uses them"
    free = computed.instead(free_allowances=True).total
    found.append(Option("The always-free allowances", means, free))
    return [option for option in found if computed.total - option.total >= 0.005]


def together(computed: Computed) -> list[Option]:
    """Return combinations, from the one that gives up nothing in time to the cheapest."""
    lossless: dict[str, Any] = {"without": set(LOSSLESS)}
    base = "neither traces of health checks, metrics by method, nor Lambda's own log lines"
    cheap = {
        "without": lossless["without"] | {"second-check", "monitor-key"},
        "parameters": {"HeartbeatSeconds": HEARTBEATS},
    }
    changes: list[tuple[str, dict[str, Any]]] = [
        (
            "rarer heartbeats, one check in us-east-1, and its topic without a key of its own",
            cheap,
        ),
        (
            "all checks every 30 s, and the always-free allowances",
            {"checks": "slow", "free_allowances": True},
        ),
    ]
    if computed.total - computed.instead(**lossless).total >= 0.005:
        changes = [(base, {}), *((f"A, and {means}", change) for means, change in changes)]
    return [
        Option(letter, means, computed.instead(**{**lossless, **change}).total)
        for letter, (means, change) in zip(ascii_uppercase, changes, strict=False)
    ]


def _fast(computed: Computed) -> list[Check]:
    return [c for c in computed.month.checks if c.interval == 10 and c.checkers]
