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
    "approve": (
        "cli.automation.answering:approve",
        "Approve the promotion that waits for a person.",
    ),
    "drill": (
        "cli.automation.sentinel:drill",
        "Say that outages until then are injected: what starts is recorded as a drill.",
    ),
    "pause": (
        "cli.automation.sentinel:pause",
        "Pause the automation for a while, a day at most.",
    ),
    "reject": ("cli.automation.answering:reject", "Reject the promotion that waits for a person."),
    "resume": ("cli.automation.sentinel:resume", "Let the automation start runs again."),
    "stop": ("cli.automation.stopping:stop", "Stop a run: EXECUTION, or the one that runs."),
    "check": (
        "cli.check.command:check",
        "Check what a deployment needs, before anything is created.",
    ),
    "failback": ("cli.moving.commands:failback", "Move back to the Primary."),
    "failover": (
        "cli.moving.commands:failover",
        "Take over in the Secondary after a loss of the Primary.",
    ),
    "rehearse": (
        "cli.moving.commands:rehearse",
        "Rehearse a failover: everything but the claim.",
    ),
    "switchover": (
        "cli.moving.commands:switchover",
        "Move to the Secondary while both Regions are healthy.",
    ),
    "contract": (
        "cli.contract:contract",
        "Check the contract of the application in FOLDER, and print its parameters.",
    ),
    "history": ("cli.history:history", "Show the recoveries on record, the newest first."),
    "last-resort": (
        "cli.emergency.command:last_resort",
        "Let REGION write while the control table answers nobody.",
    ),
    "ledger": ("cli.ledger.command:ledger", "Review the writes that a disaster left behind."),
    "logs": ("cli.logs:logs", "Show what all functions logged for one execution, by time."),
    "remove": (
        "cli.removal.command:remove",
        "Show what stays and what goes, in order.",
    ),
    "report": ("cli.report:report", "Fetch the report of one execution, and print its path."),
    "take-over": (
        "cli.emergency.command:take_over",
        "Make the Primary active after a loss of the active Secondary.",
    ),
    "status": (
        "cli.status.command:status",
        "Show who serves, and what needs attention, on one screen.",
    ),
    "watch": (
        "cli.watch.command:watch",
        "Show a run live: its states, its conditions, and what it waits for.",
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
