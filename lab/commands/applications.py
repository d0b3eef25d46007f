"""Other people's SAM applications in a lab that is up."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from lab import application, process
from lab.commands.running import region_code
from lab.control import Control
from lab.progress import Progress, console


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--region", default="primary", help="Where: primary, secondary, or a Region's code.")
@click.option("--stack", help="The stack's name; the folder's, if not given.")
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the stack. May be repeated.",
)
def deploy(folder: Path, region: str, stack: str | None, parameters: tuple[str, ...]) -> None:
    """Build the SAM application in FOLDER and deploy it to one Region of the lab that is up.

    Its samconfig.toml is not read.
    """
    config = process.answering()
    code, name = region_code(config, region), stack or folder.resolve().name
    progress = Progress()
    built = application.build(folder, progress)
    application.deploy(config, progress, built, code, name, parameters)
    outputs = application.outputs(Control(config).client("cloudformation", code), name)
    for key, value in outputs.items():
        console.print(f"  {key}  {escape(value)}", highlight=False, soft_wrap=True)
    hosts = {v.split("/")[2] for v in outputs.values() if v.startswith("https://")}
    for host in sorted(hosts):
        console.print(
            f"\n  curl --cacert {escape(str(config.ca_file))} --connect-to "
            f"{host}:443:127.0.0.1:{config.entries[code]} https://{host}/…",
            highlight=False,
            soft_wrap=True,
        )
