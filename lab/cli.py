"""`lab`: a laptop AWS with two Regions, and the drill in it.

Exit codes: 0 all went well, 1 the drill's verdict is fail, 2 usage or environment, 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

import click

from lab import process
from lab.commands import applications, drills, running
from lab.config import LabError
from lab.progress import console


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pilot-light-lab", prog_name="lab")
def cli() -> None:
    """Run a laptop AWS with two Regions, and the drill in it. All of it binds to loopback."""


for command in (
    drills.drill,
    drills.moves,
    drills.take_over,
    drills.conform,
    running.up,
    applications.deploy,
    running.outage,
    running.heal,
    running.status,
    running.environment,
    running.down,
):
    cli.add_command(command)


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def main(command: click.Command = cli, name: str = "lab") -> None:
    """Run a command. An error that a person can fix becomes one clear line and exit code 2."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # What `nohup` has set to be ignored stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupted)
    try:
        command.main(prog_name=name, standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except (KeyboardInterrupt, click.Abort):
        up = "The lab is still up; `lab down` ends it."
        console.print(f"\nInterrupted. {up if process.RUN.exists() else 'No lab is left.'}")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except LabError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
