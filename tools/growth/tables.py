"""The figures as tables: the same in the terminal and in docs/growth.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilot_light_client.journal import SHARDS
from pilotlight.journal.keeping_up import SPARE_SECONDS
from pilotlight.journal.proof import SECONDS

from tools.growth.assumed import ASSUMED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.growth.costs import Month
    from tools.growth.epochs import Pass
    from tools.growth.ledgers import Reading
    from tools.growth.moves import Limits, Move
    from tools.growth.warming import Warming

# Write units a second of one partition.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
PARTITION_UNITS = 1000
# A transaction costs two units for each KB.
ENTRY_UNITS = 2


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    figures: bool = True

    def markdown(self) -> str:
        """Write it as Markdown, figures to the right."""
        rule = ["---", *["--:" if self.figures else "---"] * (len(self.head) - 1)]
        lines = [self.head, rule, *self.rows]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{self.title}\n\n{body}"

    def text(self) -> str:
        """Write it for a terminal."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.head))]
        texts = [
            "  ".join(
                cell.rjust(width) if n else cell.ljust(width)
                for n, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join((self.title, "", *texts))


def moves(found: Sequence[Move], limits: Limits) -> Table:
    """Return what a planned move needs in its drain."""
    rows = [
        (
            f"{m.writes_per_second:,}",
            f"{m.entries:,}",
            f"{m.rows:,}",
            f"{m.units:,.0f}",
            f"{m.requests:,}",
            f"{m.calls} of {limits.proofs}",
            _seconds(m.worked),
            _seconds(m.waited),
            _seconds(m.seconds),
            f"{limits.drain_seconds:g} s",
            "within" if m.within(limits) else "**not within**",
        )
        for m in found
    ]
    head = (
        *("writes/s", "entries compared", "rows read", "read units", "requests", "calls"),
        *("work (measured)", "waiting (assumed)", "drain", "its window", ""),
    )
    return Table("The proof of a planned move, in the drain:", head, rows)


def catching_up(found: Sequence[Move], limits: Limits) -> Table:
    """Return what comparing a minute's entries needs, which the schedule does each minute."""
    granted = limits.keep_up_seconds - SPARE_SECONDS - SECONDS
    rows = [
        (
            f"{m.writes_per_second:,}",
            f"{m.caught_up_entries:,}",
            f"{m.catching_up[0]}",
            _seconds(m.catching_up[1]),
            "keeps up" if m.catching_up[1] <= granted else "**falls behind**",
            f"{_partition_units(m.writes_per_second):,.0f}",
            "within"
            if _partition_units(m.writes_per_second) <= PARTITION_UNITS
            else "**throttled, until DynamoDB splits it**",
        )
        for m in found
    ]
    head = (
        *("writes/s", "entries compared", "calls", "seconds", "the schedule"),
        *("write units/s in each partition of the journal", f"of {PARTITION_UNITS:,}"),
    )
    return Table("Before the drain, while users write, from a minute behind:", head, rows)


def _partition_units(writes_per_second: int) -> float:
    return ENTRY_UNITS * writes_per_second / SHARDS


def ledgers(found: Sequence[Reading]) -> Table:
    """Return what each reading of a ledger reads."""
    rows = [
        (
            r.name,
            f"{r.entries:,}",
            f"{r.still_open:,}",
            f"{r.answer:,}",
            f"{r.rows:,}",
            f"{r.requests:,}",
            _seconds(r.seconds),
            "within" if r.within_twice else "**more**",
        )
        for r in found
    ]
    head = (
        *("reading", "entries", "open", "rows of the answer", "rows read", "requests"),
        *("work and waiting", "twice the answer"),
    )
    return Table("The ledger:", head, rows)


def warming(found: Sequence[Warming]) -> Table:
    """Return what warming functions takes."""
    rows = [
        (
            f"{w.functions:,}",
            f"{w.requested:,}",
            f"{w.environments:,}",
            f"{w.batches}",
            f"{w.waves}",
            f"{w.invocations:,}",
            _seconds(w.seconds),
        )
        for w in found
    ]
    head = (
        *("functions", "environments asked for", "proven", "batches at once", "waves"),
        *("invocations", "slowest batch"),
    )
    return Table("Warming cold functions:", head, rows)


def epochs(found: Sequence[tuple[Pass, Pass]]) -> Table:
    """Return what reconciling takes."""
    rows = [
        (
            f"{first.epochs:,}",
            f"{first.compared:,}",
            f"{first.rows:,}",
            f"{first.requests:,}",
            _seconds(first.seconds),
            f"{first.calls}",
            f"{again.requests:,}",
            _seconds(again.seconds),
        )
        for first, again in found
    ]
    head = (
        *("epochs", "entries compared", "rows read", "requests", "seconds", "calls"),
        *("requests in the drain", "seconds in the drain"),
    )
    return Table("Reconciling before a failback, and once more within its drain:", head, rows)


def months(found: Sequence[Month]) -> Table:
    """Return what a month costs by writes a second."""
    rows = [
        (
            f"{m.writes_per_second:,}",
            _dollars(m.own),
            _dollars(m.adds),
            "" if m.ratio is None else f"{m.ratio:.1f}",
            _dollars(m.transaction),
            _dollars(m.comparison),
            _dollars(m.storage),
            f"{m.journal_gb:,.0f} GB",
        )
        for m in found
    ]
    head = (
        *("writes/s", "traffic alone", "Pilot Light adds", "ratio"),
        *(
            "of it transaction and journal",
            "comparison and stream",
            "the journal kept, and its expiry",
        ),
        "the journal has",
    )
    return Table("A month at level 2, in both Regions (modelled):", head, rows)


def by_functions(found: Sequence[tuple[int, float, float]]) -> Table:
    """Return what functions to warm cost."""
    rows = [(f"{n:,}", _dollars(month), f"${failover:.4f}") for n, month, failover in found]
    head = ("functions to warm", "idle month", "one failover")
    return Table("By functions (modelled):", head, rows)


def assumed() -> Table:
    """Return what is assumed."""
    rows = [(a.name, a.figure, a.why) for a in ASSUMED]
    return Table("Assumed:", ("what", "figure", "why"), rows, figures=False)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount < 100 else f"${amount:,.0f}"
