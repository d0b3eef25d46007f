"""What every command of an operator takes, as one decorator."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import deployment as deployments

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.asking.call import Call
    from cli.asking.clients import Clients
    from cli.deployment import Deployment

# For all calls to one Region together.
REGION_SECONDS = 3.0
_OPTIONS = (
    click.option(
        "--config-env",
        "env",
        metavar="NAME",
        help="A config environment of samconfig.toml. Only needed if it names several pairs.",
    ),
    click.option(
        "--config-file",
        "file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Another samconfig.toml than that of this folder, or of the checkout.",
    ),
    click.option("--profile", metavar="NAME", help="A profile of the AWS configuration."),
    click.option(
        "--endpoint-url",
        metavar="URL",
        envvar="AWS_ENDPOINT_URL",
        help="Where all of AWS is, as in the lab. Also AWS_ENDPOINT_URL.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Write one JSON document."),
    click.option(
        "--explain", is_flag=True, help="Print the aws commands that this would run, and run none."
    ),
)


@dataclass(frozen=True)
class Asked:
    """What the options of a command line say."""

    deployment: Deployment
    profile: str | None
    endpoint_url: str | None
    as_json: bool
    explain: bool

    def clients(self) -> Clients:
        """Return what makes clients of AWS. It loads the SDK."""
        from cli.asking.clients import Clients

        return Clients(self.profile, self.endpoint_url)

    def print_calls(self, calls: list[Call]) -> None:
        """Print the aws commands of calls, each once and each with its reason."""
        seen: set[str] = set()
        for call in calls:
            command = call.as_command(self.profile, self.endpoint_url)
            if command not in seen:
                click.echo(f"# {call.why} ({call.permission})\n{command}")
            seen.add(command)


def operator_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options for all, and pass them as one argument, `asked`."""

    @functools.wraps(command)
    def wrapped(
        *,
        env: str | None,
        file: Path | None,
        profile: str | None,
        endpoint_url: str | None,
        as_json: bool,
        explain: bool,
        **own: Any,
    ) -> None:
        found = deployments.find(file, env)
        asked = Asked(found, profile or found.profile, endpoint_url, as_json, explain)
        command(asked=asked, **own)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def print_json(document: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, indent=2, default=str))
