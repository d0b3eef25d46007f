"""Options that several commands have."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lab import process
from lab.config import ROOT, LabConfig, LabError, from_samconfig
from lab.engine.outages.losses import STYLES
from lab.engine.outages.named_outages import NAMED

if TYPE_CHECKING:
    from collections.abc import Callable

PORT = click.IntRange(1024, 65500)
# \b keeps click from joining the lines.
OUTAGES = "\b\nMODE is what is lost:\n" + "\n".join(
    textwrap.fill(known.what, 96, initial_indent=f"  {name:<13}", subsequent_indent=" " * 15)
    for name, known in NAMED.items()
)
LAG = click.option(
    "--replication-lag",
    type=click.FloatRange(0, 60),
    default=0.5,
    show_default=True,
    help="Seconds that a write needs to the other Region, at most.",
)
PARAMETER = click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of both stacks of the pair, such as Approval=hold. May be repeated.",
)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
APP = click.option(
    "--app",
    type=FOLDER,
    metavar="DIR",
    help="The folder of a SAM application with its contract, instead of the example.",
)
APP_REQUIRED = click.option(
    "--app", type=FOLDER, metavar="DIR", required=True, help="The folder of the application."
)
STYLE = click.option(
    "--style",
    type=click.Choice(STYLES),
    help="How what is lost refuses. Not every outage has every style.",
)


def speed(default: float) -> Callable[..., Any]:
    """Return the option for a lab's speed."""
    return click.option(
        "--speed",
        type=click.FloatRange(0.5, 20),
        default=default,
        show_default=True,
        help="How much faster AWS's own intervals run; the code under test never does.",
    )


SPEED = speed(10.0)


def reports_in(folder: str) -> Callable[..., Any]:
    """Return the option for where a command writes its report: by default below reports/."""
    return click.option(
        "--reports",
        type=click.Path(file_okay=False, path_type=Path),
        default=ROOT / "reports" / folder,
        help="Folder for the report.",
    )


def ports(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for the ports of a lab. Variables give them too, such as LAB_API_PORT."""
    for name, default, what in (
        ("--entry-port", 8441, "First TLS port of the Regions' entries, one for each Region."),
        ("--browser-port", 8080, "Port for a browser; it leads where DNS says."),
        ("--page-port", 8081, "Port of the page that shows the state of it all."),
        ("--dns-port", 5354, "Port of the DNS server."),
        ("--api-port", 4566, "Port of the AWS APIs."),
    ):
        command = click.option(
            name,
            type=PORT,
            default=default,
            show_default=True,
            envvar=f"LAB_{name.strip('-').replace('-', '_').upper()}",
            help=f"{what} On 127.0.0.1.",
        )(command)
    return command


def described(**options: Any) -> LabConfig:
    """Return the lab that samconfig.toml and the options describe."""
    config = from_samconfig(ROOT / "samconfig.toml", process.RUN).with_options(**options)
    entries = sorted(config.entries.values())
    others = [config.browser_port, config.page_port, config.dns_port, config.api_port]
    if len({*entries, *others}) < len([*entries, *others]):
        raise LabError(
            f"Two of the lab's ports are the same: --entry-port takes {entries[0]} to "
            f"{entries[-1]}, and the others are {', '.join(map(str, others))}."
        )
    return config
