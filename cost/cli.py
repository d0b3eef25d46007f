"""`python -m cost`, which `make cost` runs.

Exit codes: 0 it was computed, 2 the input was wrong or the tables lack something.
"""

from __future__ import annotations

import json
import sys
from typing import get_args

import click

from cost import ROOT, CostError
from cost.document import markdown
from cost.settings import Checks, Settings, Without
from cost.tables import as_json, page
from cost.whole import compute

DOCUMENT = ROOT / "docs" / "cost.md"
NOT_NEGATIVE = click.FloatRange(min=0)


def pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """Split NAME=VALUE texts of an option."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise CostError(f"{option} {text!r}: write NAME=VALUE.")
        found[name] = value
    return found


def numbers(texts: tuple[str, ...], option: str) -> dict[str, float]:
    """Split NAME=NUMBER texts of an option."""
    found = {}
    for name, value in pairs(texts, option).items():
        try:
            found[name] = float(value)
        except ValueError:
            raise CostError(f"{option} {name}={value}: {value!r} is no number.") from None
        if not 0 <= found[name] < float("inf"):
            raise CostError(f"{option} {name}={value}: it must be a number of at least 0.")
    return found


def intervals(texts: tuple[str, ...]) -> dict[str, int]:
    """Split CHECK=SECONDS texts; Route 53 knows 10 and 30."""
    found = numbers(texts, "--interval")
    for name, seconds in found.items():
        if seconds not in (10, 30):
            raise CostError(f"--interval {name}={seconds:g}: Route 53 knows 10 and 30 seconds.")
    return {name: int(seconds) for name, seconds in found.items()}


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--checks",
    type=click.Choice(get_args(Checks)),
    default="as-deployed",
    show_default=True,
    help="Interval of all health checks that ask an endpoint: fast is 10 s, slow 30 s.",
)
@click.option(
    "--interval",
    "each",
    multiple=True,
    metavar="CHECK=SECONDS",
    help="Interval of one health check, by its logical id: 10 or 30.",
)
@click.option("--items-gb", type=NOT_NEGATIVE, help="GB of items in one Region.")
@click.option("--objects-gb", type=NOT_NEGATIVE, help="GB of objects in one Region.")
@click.option("--user-requests", type=NOT_NEGATIVE, help="Requests of your users in a month.")
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(get_args(Without)),
    help="Leave out X-Ray traces of health checks, API metrics by method, the log lines that "
    "Lambda itself writes, the dashboard, the alarm's own check, or the Monitor's own key.",
)
@click.option(
    "--parameter",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value for a parameter of the template, such as BackupRetentionDays=7.",
)
@click.option(
    "--assume",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value for an assumption of cost/usage.toml, such as checkers_per_region=1.",
)
@click.option("--free-allowances", is_flag=True, help="Take off what an account gets for ever.")
@click.option("--json", "json_output", is_flag=True, help="Print JSON.")
@click.option("--write-doc", is_flag=True, help="Write docs/cost.md. Takes no other option.")
def cli(
    *,
    checks: Checks,
    each: tuple[str, ...],
    items_gb: float | None,
    objects_gb: float | None,
    user_requests: float | None,
    without: tuple[Without, ...],
    parameter: tuple[str, ...],
    assume: tuple[str, ...],
    free_allowances: bool,
    json_output: bool,
    write_doc: bool,
) -> None:
    """Compute the idle month and one failover from template.yaml, line by line.

    Prices stand in cost/prices.toml with their sources, assumed use in cost/usage.toml. Nothing
    is measured, and no AWS account is asked.
    """
    named = {"items_gb": items_gb, "objects_gb": objects_gb, "user_requests": user_requests}
    given = {name: value for name, value in named.items() if value is not None}
    settings = Settings(
        checks=checks,
        intervals=intervals(each),
        without=frozenset(without),
        parameters=pairs(parameter, "--parameter"),
        assumptions={**numbers(assume, "--assume"), **given},
        free_allowances=free_allowances,
    )
    if write_doc and (settings != Settings() or json_output):
        raise CostError("--write-doc describes the defaults; leave the other options out.")
    computed = compute(settings)
    if write_doc:
        DOCUMENT.write_text(markdown(computed), encoding="utf-8")
        click.echo(f"Wrote {DOCUMENT.relative_to(ROOT)}.")
    elif json_output:
        click.echo(json.dumps(as_json(computed), indent=2))
    else:
        click.echo(page(computed))


def main() -> None:
    """Run it, and turn what a person can mend into one clear line and exit code 2."""
    try:
        cli.main(prog_name="python -m cost", standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except CostError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
