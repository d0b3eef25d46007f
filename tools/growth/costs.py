"""What a month costs by writes a second and by functions, from the cost tool's tables."""

from __future__ import annotations

from dataclasses import dataclass

from tools.cost.bill import compute, total
from tools.cost.facts import Tables, Values
from tools.growth.assumed import ROW_BYTES

# As the template's mapping of the stream has it.
STREAM_BATCH = 100.0
# What each write costs besides: the deletion of its entry, its comparison, and the stream.
EXPIRY = "expiry_write_units"
COMPARISON = ("proof_ms_per_write", "proof_reads_per_write", "stream_records")


@dataclass(frozen=True)
class Month:
    """US dollars of a month: the application's traffic alone, and what Pilot Light adds."""

    writes_per_second: float
    own: float
    adds: float
    transaction: float
    comparison: float
    storage: float
    journal_gb: float

    @property
    def ratio(self) -> float | None:
        """What is added, to what the traffic costs alone."""
        return self.adds / self.own if self.own else None


def months(sizes: tuple[float, ...]) -> list[Month]:
    """Return a month at each rate. Every request is a write."""
    tables = Tables.load()
    default = Values(tables, {}).number
    seconds, kept_gb = default("month_seconds"), default("journal_gb")
    idle = total(compute(tables, {}).month)
    found = []
    for rate in sizes:
        gigabytes = rate * default("JournalDays") * 86_400 * ROW_BYTES / 1e9
        # The application alone: an item is one unit, in two Regions. Then one thing more each.
        alone = {"user_requests": rate * seconds, "user_write_share": 1.0, "user_write_units": 1.0}
        steps = [
            {**alone, **dict.fromkeys((*COMPARISON, EXPIRY), 0.0)},
            {"user_write_units": default("user_write_units")},
            {name: default(name) for name in COMPARISON}
            | {"stream_batch": min(STREAM_BATCH, max(1.0, rate))},
            {"journal_gb": kept_gb + gigabytes, EXPIRY: default(EXPIRY)},
        ]
        settings, sums = dict[str, float](), list[float]()
        for step in steps:
            settings |= step
            sums.append(total(compute(tables, settings).month))
        found.append(
            Month(
                writes_per_second=rate,
                own=sums[0] - idle,
                adds=sums[-1] - (sums[0] - idle),
                transaction=sums[1] - sums[0],
                comparison=sums[2] - sums[1],
                storage=sums[3] - sums[2],
                journal_gb=gigabytes,
            )
        )
    return found


def by_functions(sizes: tuple[int, ...]) -> list[tuple[int, float, float]]:
    """Return functions, an idle month with its rehearsals, and one failover. Both warm them."""
    tables, found = Tables.load(), []
    for functions in sizes:
        costs = compute(tables, {"warm_functions": functions})
        found.append((functions, total(costs.month), total(costs.failover)))
    return found
