"""`python -m tools.cost`, which `make cost` runs.

Exit codes: 0 it was computed, 2 the input was wrong or a table has no entry for it.
"""

from __future__ import annotations

import click

from tools.cost import bill, facts, page
from tools.reader import ROOT

DOCUMENT = ROOT / "docs" / "cost.md"


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value for a parameter of the template, or a number for a name of "
    "quantities.toml, such as Dashboard=on, SentinelIntervalSeconds=5 or user_requests=1e6.",
)
@click.option("--write-doc", is_flag=True, help="Write docs/cost.md. Takes no --set.")
def cli(*, settings: tuple[str, ...], write_doc: bool) -> None:
    """Compute the idle month and one failover from template.yaml, line by line.

    Prices stand in tools/cost/prices.toml with their sources, use in quantities.toml beside it.
    Nothing is measured, and no AWS account is asked.
    """
    if write_doc and settings:
        raise facts.CostError("--write-doc describes the defaults; leave --set out.")
    tables = facts.Tables.load()
    given = {name: value for name, _, value in (text.partition("=") for text in settings)}
    costs = bill.compute(*tables.given(given))
    if write_doc:
        DOCUMENT.write_text(page.markdown(costs, tables), encoding="utf-8")
        click.echo(f"Wrote {DOCUMENT.relative_to(ROOT)}.")
    else:
        click.echo(page.text(costs))


if __name__ == "__main__":
    cli(prog_name="python -m tools.cost")
