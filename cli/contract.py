"""The command `pilot-light contract`: an application's contract as parameters of a deployment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from tools.reader import contract as contracts, samconfig, template
from tools.reader.samconfig import as_argument


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--config-env",
    "env",
    metavar="NAME",
    help="Print all parameters of this config environment of samconfig.toml, the contract's too.",
)
@click.option(
    "--config-file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=template.SAMCONFIG,
    help="Another samconfig.toml than this checkout's.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def contract(*, folder: Path, env: str | None, file: Path, as_json: bool) -> None:
    """Check the contract of the application in FOLDER, and print its parameters.

    With --config-env, the API's id or the target's name is read from the application's stack in
    that Region, and what is printed is for `sam deploy --config-env NAME --parameter-overrides`.

    Exit codes: 0 the contract is valid, 1 the stack could not be read, 2 it is invalid.
    """
    found = contracts.read(folder)
    contracts.check_names(found, "pilot-light")
    # Where users are led to is only known by a stack.
    parameters = {k: v for k, v in found.parameters("").items() if k != found.entry}
    if env:
        deployment = samconfig.read(file, env)
        contracts.check_names(found, deployment.parameters.get("AppName", "pilot-light"))
        own = (
            {}
            if deployment.parameters.get("Role") == "Monitor"
            else found.parameters(_entry(found, deployment.region, deployment.profile))
        )
        own = own or {"ExampleApp": "false", "HealthPath": found.health}
        parameters = {**deployment.parameters, **own}
        template.check(deployment.region, parameters, f"{file.name}, environment {env}")
    click.echo(json.dumps(parameters, indent=2) if as_json else _arguments(parameters))


def _arguments(parameters: dict[str, str]) -> str:
    return " ".join(as_argument(name, value) for name, value in parameters.items())


def _entry(found: contracts.Contract, region: str, profile: str | None) -> str:
    """Return the application's API or target in a Region, by its stack."""
    try:
        session: Any = boto3.Session(profile_name=profile)
        client = session.client("cloudformation", region_name=region)
        return contracts.entry(found, client)
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(
            f"The stack {found.stack} in {region} could not be read: {error}. "
            "Deploy the application there first."
        ) from error
