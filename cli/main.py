"""`pilot-light`: the commands of an operator. They ask AWS, by the credentials of the shell."""

from __future__ import annotations

import click

from cli import __version__
from cli.lazy import LazyGroup

EPILOG = """\b
Shell completion, for bash (also zsh_source, fish_source):
  eval "$(_PILOT_LIGHT_COMPLETE=bash_source pilot-light)"

Exit codes: 0 well, 1 attention, 2 usage, samconfig.toml or nothing deployed, 3 users are not
served, 4 unknown. See docs/operator.md.
"""
COMMANDS = {
    "check": (
        "cli.check.command:check",
        "Check what a deployment needs, before anything is created.",
    ),
    "contract": (
        "cli.contract:contract",
        "Check the contract of the application in FOLDER, and print its parameters.",
    ),
    "history": ("cli.history:history", "Show the recoveries on record, the newest first."),
    "ledger": ("cli.ledger.command:ledger", "Read the writes that a disaster left behind."),
    "logs": ("cli.logs:logs", "Show what all functions logged for one execution, by time."),
    "report": ("cli.report:report", "Fetch the report of one execution, and print its path."),
    "status": (
        "cli.status.command:status",
        "Show who serves, and what needs attention, on one screen.",
    ),
}


@click.group(
    cls=LazyGroup,
    places=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="pilot-light")
def main() -> None:
    """Operate a deployment of Pilot Light."""
