"""`python -m tools.growth`, which `make growth` runs.

Exit codes: 0 it was measured, 1 a limit of the product was not kept, 2 usage.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

import click

from tools.growth import costs, epochs, ledgers, moves, tables, warming
from tools.reader import ROOT
from tools.reader.marks import fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.growth.tables import Table

DOCUMENT = ROOT / "docs" / "growth.md"
WRITES = (10, 100, 500, 1000, 2000)
# Entries of a ledger, and how many of them are open.
LEDGERS = ((100, 10), (1000, 10), (20_000, 10), (20_000, 20_000))
FUNCTIONS = (1, 10, 100, 1000)
EPOCHS = (1, 10, 100)
MONTHS = (0, 1, 10, 100, 1000)
# What is measured is a process's own CPU.
PROCESSES = min(2, os.cpu_count() or 1)


def of_moves(most: float) -> tuple[list[Table], bool]:
    """Move at each rate: the longest first, two side by side."""
    limits, found = moves.Limits.read(), list[moves.Move]()
    with ProcessPoolExecutor(PROCESSES) as pool:
        rates = sorted((n for n in WRITES if n <= most), reverse=True)
        for done in as_completed([pool.submit(moves.move, rate, limits) for rate in rates]):
            found.append(done.result())
            click.echo(f"  {found[-1].writes_per_second:,} writes/s: done", err=True)
    found.sort(key=lambda m: m.writes_per_second)
    kept = all(m.within(limits) for m in found)
    return [tables.moves(found, limits), tables.catching_up(found, limits)], kept


def of_ledgers(most: float) -> tuple[list[Table], bool]:
    """Read each ledger."""
    sizes = [size for size in LEDGERS if size[0] <= most]
    found = [r for size in sizes for r in ledgers.readings(*size)]
    return [tables.ledgers(found)], all(r.within_twice for r in found)


def of_warming(most: float) -> tuple[list[Table], bool]:
    """Warm functions."""
    found = [warming.warmed(n) for n in FUNCTIONS if n <= most]
    return [tables.warming(found)], all(w.environments == w.requested for w in found)


def of_epochs(most: float) -> tuple[list[Table], bool]:
    """Reconcile."""
    return [tables.epochs([epochs.passes(n) for n in EPOCHS if n <= most])], True


def of_costs(most: float) -> tuple[list[Table], bool]:
    """Compute the costs."""
    by_functions = costs.by_functions(tuple(n for n in FUNCTIONS if n <= most))
    by_writes = costs.months(tuple(n for n in MONTHS if n <= most))
    return [tables.months(by_writes), tables.by_functions(by_functions)], True


PARTS: dict[str, Callable[[float], tuple[list[Table], bool]]] = {
    "moves": of_moves,
    "ledger": of_ledgers,
    "warming": of_warming,
    "epochs": of_epochs,
    "cost": of_costs,
}


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--only", multiple=True, type=click.Choice(list(PARTS)), help="Only this part; repeatable."
)
@click.option(
    "--most",
    type=click.IntRange(1),
    default=max(n for n, _ in LEDGERS),
    show_default=True,
    help="Leave out every size above this one.",
)
@click.option("--write-doc", is_flag=True, help="Put the tables into docs/growth.md.")
@click.pass_context
def cli(context: click.Context, *, only: tuple[str, ...], most: int, write_doc: bool) -> None:
    """Measure how time and rows read grow with writes a second, entries, functions and epochs.

    The product's code runs; DynamoDB and Lambda are tables and functions in memory that count.
    Work is measured on this machine, waiting is assumed; the tables tell them apart.
    """
    given = click.core.ParameterSource.COMMANDLINE
    if write_doc and (only or context.get_parameter_source("most") is given):
        raise click.UsageError("--write-doc describes everything; leave --only and --most out.")
    begun, load = time.monotonic(), os.getloadavg()[0]
    found: list[Table] = []
    kept = True
    for name, part in PARTS.items():
        if only and name not in only:
            continue
        click.echo(name, err=True)
        of_part, within = part(most)
        found, kept = found + of_part, kept and within
    took = (
        f"Run on {time.strftime('%Y-%m-%d')} in {time.monotonic() - begun:.0f} s; "
        f"{os.cpu_count()} cores, load {load:.1f} before it began."
    )
    if write_doc:
        parts = [took, *(t.markdown() for t in (*found, tables.assumed()))]
        fill(DOCUMENT, "growth", "\n\n".join(parts))
        click.echo(f"Wrote {DOCUMENT.relative_to(ROOT)}.")
    else:
        click.echo("\n\n".join([*(t.text() for t in found), took]))
    context.exit(0 if kept else 1)


if __name__ == "__main__":
    cli(prog_name="python -m tools.growth")
