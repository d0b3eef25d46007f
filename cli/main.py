"""`pilot-light`: the commands of an operator. They ask AWS, by the credentials of the shell."""

from __future__ import annotations

import click

from cli.check.command import check
from cli.contract import contract


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pilot-light-lab", prog_name="pilot-light")
def main() -> None:
    """Operate a deployment of Pilot Light."""


main.add_command(check)
main.add_command(contract)
