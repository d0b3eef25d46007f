"""The command `pilot-light check`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.check import delegation
from cli.check.aws import Aws
from cli.check.inspection import Inspection
from tools.reader import samconfig, template
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.check.result import CheckResult
    from tools.reader.samconfig import Deployment


def _address(_context: Any, _parameter: Any, text: str | None) -> tuple[str, int] | None:
    try:
        return delegation.address(text) if text else None
    except ValueError as error:
        raise click.BadParameter("name an IP address, with or without :PORT.") from error


@click.command()
@click.option(
    "--config-env",
    "envs",
    multiple=True,
    metavar="NAME",
    help="A config environment of samconfig.toml. May be repeated; by default all that deploy.",
)
@click.option(
    "--config-file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=template.SAMCONFIG,
    help="Another samconfig.toml than this checkout's.",
)
@click.option(
    "--resolver",
    metavar="ADDRESS[:PORT]",
    callback=_address,
    help="The resolver to ask for the zone. By default this machine's.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def check(
    *, envs: tuple[str, ...], file: Path, resolver: tuple[str, int] | None, as_json: bool
) -> None:
    """Check what a deployment needs, before anything is created.

    Credentials, the zone and its delegation, quotas, what the Regions offer, stacks that cannot be
    updated, names that are taken. Nothing is changed. A check that AWS refuses or does not answer
    is unknown, with the permission that it needs.

    Exit codes: 0 all is ok, 1 a check failed or is unknown, 2 samconfig.toml or the usage is wrong.
    """
    deployments = _deployments(file, envs)
    results = Inspection(deployments, Aws(deployments[0].profile), resolver).run()
    click.echo(_json(results) if as_json else _text(results))
    if any(result.state != "ok" for result in results):
        raise click.exceptions.Exit(1)


def _deployments(file: Path, envs: Sequence[str]) -> list[Deployment]:
    """Return the config environments, each accepted by the template."""
    named = envs or samconfig.environments(file)
    deployments = [template.deployment(env, file) for env in named]
    if not deployments:
        raise ConfigError(f"{file.name} has no config environment that deploys.")
    if len({deployment.profile for deployment in deployments}) > 1:
        raise ConfigError(
            f"{file.name}: the config environments name different profiles. "
            "Check them one by one, with --config-env."
        )
    return deployments


def _json(results: Sequence[CheckResult]) -> str:
    ok = all(result.state == "ok" for result in results)
    return json.dumps({"ok": ok, "checks": [asdict(result) for result in results]}, indent=2)


def _text(results: Sequence[CheckResult]) -> str:
    lines = []
    for result in results:
        name = f"{result.name} {result.where}".strip()
        lines.append(f"{result.state:<8} {name}: {result.detail}")
        if result.remedy:
            lines.append(f"{'':<8} {result.remedy}")
    counts = [f"{sum(r.state == s for r in results)} {s}" for s in ("ok", "failed", "unknown")]
    return "\n".join([*lines, f"{', '.join(counts)}."])
