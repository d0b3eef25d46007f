"""A lab that stays up: start it, look at it, begin and end outages, end it."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from lab import deployment, ignored, process
from lab.commands.options import APP, OUTAGES, PARAMETER, STYLE, described, ports
from lab.config import LabConfig, LabError
from lab.control import Control
from lab.drill.application import protected
from lab.engine.outages.named_outages import NAMED
from lab.progress import Progress, console
from tools.reader import contract as contracts

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.option("--detach", is_flag=True, help="Return once it is up; `lab down` ends it.")
@click.option("--empty", is_flag=True, help="Deploy nothing: an account with a zone, for your own.")
@PARAMETER
@APP
@ports
def up(
    *, detach: bool, empty: bool, parameters: tuple[str, ...], app: Path | None, **options: int
) -> None:
    """Start the lab, deploy the application to it, and stay up."""
    if empty and (app or parameters):
        raise click.UsageError("--empty deploys nothing: leave out --app and --parameter.")
    config, progress = described(**options), Progress()
    contract = contracts.read(app) if app else None
    if contract:
        contracts.check_names(contract, config.app_name)
    with progress.step("Engine" if empty else "Engine. Beside its start, sam build"):
        meanwhile = (lambda: None) if empty else deployment.build
        engine = process.start(config, owned=not detach, meanwhile=meanwhile)
    try:
        if empty:
            process.mark_deployed()
        elif app and contract:
            protected.deploy(config, progress, app, contract, parameters)
        else:
            deployment.deploy(config, progress, *parameters)
            ignored.report(progress)
        Control(config).act("cold_starts", on=True)
        said = for_aws() if empty else welcome(config)
        console.print(said, highlight=False, soft_wrap=True)
        if detach:
            return
        console.print("\n[dim]Ctrl-C ends it.[/]")
        if engine.process.wait():
            raise LabError("The lab's engine has died. See .lab/last/engine.log.")
        console.print("The lab was ended.")
    except BaseException as error:
        engine.stop(error)
        raise


def welcome(config: LabConfig) -> str:
    """Return what is where, and what to try next."""
    name, port = config.public_name, config.entries[config.primary_region]
    lines = [
        "",
        "[bold]The lab is up.[/]",
        "",
        f"  What happens, in a browser      http://127.0.0.1:{config.page_port}/",
        f"  The application, in a browser   http://127.0.0.1:{config.browser_port}/",
        f"  … over TLS, as its users do     curl --cacert {escape(str(config.ca_file))} "
        f"--connect-to {name}:443:127.0.0.1:{port} https://{name}/health",
        f"  DNS                             dig @127.0.0.1 -p {config.dns_port} {name}",
        f"  AWS                             {config.endpoint}",
        for_aws(),
        "",
        "An operator's commands, once the shell has this:",
        "",
        "  .venv/bin/pilot-light status",
        "  .venv/bin/pilot-light rehearse",
        "  .venv/bin/pilot-light switchover",
        "  .venv/bin/pilot-light failback",
        "",
        "To lose the Primary, a minute from now (the sentinel must have found it healthy once):",
        "",
        "  .venv/bin/lab outage",
        "  .venv/bin/pilot-light status --watch",
        "  .venv/bin/pilot-light watch",
        "  .venv/bin/lab heal",
    ]
    return "\n".join(lines)


def for_aws() -> str:
    """Return how the AWS CLI, SAM, boto3 and pilot-light reach the lab."""
    return (
        "\nFor the AWS CLI, SAM, boto3 and pilot-light, in a shell:\n\n"
        '  eval "$(.venv/bin/lab environment)"'
    )


@click.command()
def environment() -> None:
    """Print what a shell needs for the AWS CLI, SAM and pilot-light to reach the lab."""
    for name, value in variables(process.deployed()).items():
        click.echo(f"export {name}={shlex.quote(value)}")


def variables(config: LabConfig) -> dict[str, str]:
    """Return the variables of the AWS CLI, SAM and pilot-light."""
    ports = config.entries
    places = (f"{a}=127.0.0.1:{ports[r]}" for r, a in config.addresses.items() if r in ports)
    return {
        "AWS_ENDPOINT_URL": config.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PILOT_LIGHT_RESOLVER": f"127.0.0.1:{config.dns_port}",
        "PILOT_LIGHT_CONNECT_TO": " ".join(places),
        "SSL_CERT_FILE": str(config.ca_file),
    }


@click.command(epilog=OUTAGES)
@click.argument("mode", type=click.Choice(list(NAMED)), default="region")
@click.option("--region", default="primary", help="Where: primary, secondary, or a Region's code.")
@STYLE
def outage(mode: str, region: str, style: str | None) -> None:
    """Begin the outage MODE in the lab that is up.

    The default is region. Outages that are under way elsewhere go on.
    """
    config = process.deployed()
    code = region_code(config, region)
    lab = Control(config)
    lab.mark_as_drill()
    lab.act("outage", mode=mode, region=code, style=style)
    named = NAMED[mode]
    where = f" in {code}" if named.follows_region else ""
    end = f"It ends by itself in {named.stalls:g} s." if named.stalls else "`lab heal` ends it."
    console.print(f"The outage {mode} began{where}. {end}")


@click.command()
def heal() -> None:
    """End every outage of the lab that is up."""
    ended = process.deployed()
    names = Control(ended).state()["outages"]
    Control(ended).act("heal")
    console.print(f"Ended: {', '.join(names)}." if names else "No outage was begun.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """Show the active Region, DNS, what is lost, the checks."""
    config = process.deployed()
    control = Control(config)
    state = control.state()
    facts = {
        **control.who_is_active(state["lost"]),
        "public_name_leads_to": control.leads_to(),
        "lost": state["lost"],
        "outages": state["outages"],
        "health_checks": {
            c["name"]: "healthy" if c["healthy"] else "unhealthy" for c in control.act("health")
        },
        "replication": control.act("replication")["links"],
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    regions = [f"{r} ({loss['mode']})" for r, loss in state["lost"].items()]
    lost = ", ".join(state["outages"] or regions)
    active = (
        f"{facts['active_region']} ({facts['state']}, epoch {facts['epoch']}, "
        f"revision {facts['revision']})"
    )
    unknown = "unknown: the control item is missing, or no Region answers that holds it"
    click.echo(f"Active Region   {active if facts['active_region'] else unknown}")
    click.echo(f"DNS leads to    {facts['public_name_leads_to'] or 'nowhere'}")
    click.echo(f"Lost            {lost or 'nothing'}")
    for name, verdict in facts["health_checks"].items():
        click.echo(f"Health check    {name}: {verdict}")


@click.command()
def down() -> None:
    """End the lab and clear what it left."""
    click.echo("The lab is down." if process.stop_any() else "No lab was up.")


def region_code(config: LabConfig, region: str) -> str:
    """Return the code of a Region that was named by its role or code."""
    roles = {"primary": config.primary_region, "secondary": config.secondary_region}
    code = roles.get(region, region)
    if code not in config.regions:
        names = ", ".join(["primary", "secondary", *config.regions])
        raise LabError(f"There is no Region {region!r} in this lab. Name one of: {names}.")
    return code
