"""`lab`: a laptop AWS with two Regions, and the drill in it.

Exit codes: 0 all went well, 1 the drill's verdict is fail, 2 usage or environment, 130 interrupted.
"""

from __future__ import annotations

import json
import signal
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from lab import deployment, process
from lab.config import ROOT, LabConfig, LabError, from_samconfig
from lab.control import Control
from lab.engine.losses import STYLES
from lab.engine.named_outages import NAMED
from lab.progress import Progress, console

if TYPE_CHECKING:
    from collections.abc import Callable

PORT = click.IntRange(1024, 65500)
# These outages have a place of their own, whatever Region is named.
PLACED = ("us-east-1", "partition")
# \b keeps click from joining the lines.
OUTAGES = "\b\nMODE is what is lost:\n" + "\n".join(
    textwrap.fill(known.what, 96, initial_indent=f"  {name:<11}", subsequent_indent=" " * 13)
    for name, known in NAMED.items()
)
SPEED = click.option(
    "--speed",
    type=click.FloatRange(0.5, 20),
    default=10.0,
    show_default=True,
    help="How much faster AWS's own intervals run; the code under test never does.",
)
LAG = click.option(
    "--replication-lag",
    type=click.FloatRange(0, 60),
    default=0.5,
    show_default=True,
    help="Seconds that a write needs to the other Region, at most.",
)
STYLE = click.option(
    "--style",
    type=click.Choice(STYLES),
    help="How what is lost refuses. Not every outage has every style.",
)


def ports(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for the ports of a lab."""
    for name, default, what in (
        ("--entry-port", 8441, "First TLS port of the Regions' entries, one for each Region."),
        ("--door-port", 8080, "Port for a browser; it leads where DNS says."),
        ("--page-port", 8081, "Port of the page that shows the state of it all."),
        ("--dns-port", 5354, "Port of the DNS server."),
        ("--api-port", 4566, "Port of the AWS APIs."),
    ):
        command = click.option(
            name, type=PORT, default=default, show_default=True, help=f"{what} On 127.0.0.1."
        )(command)
    return command


def described(**options: Any) -> LabConfig:
    """Return the lab that samconfig.toml and the options describe."""
    config = from_samconfig(ROOT / "samconfig.toml", process.RUN).with_options(**options)
    entries = sorted(config.entries.values())
    others = [config.door_port, config.page_port, config.dns_port, config.api_port]
    if len({*entries, *others}) < len([*entries, *others]):
        raise LabError(
            f"Two of the lab's ports are the same: --entry-port takes {entries[0]} to "
            f"{entries[-1]}, and the others are {', '.join(map(str, others))}."
        )
    return config


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pilot-light-lab", prog_name="lab")
def cli() -> None:
    """Run a laptop AWS with two Regions, and the drill in it. All of it binds to 127.0.0.1."""


@cli.command()
@click.option("--detach", is_flag=True, help="Return once it is up; `lab down` ends it.")
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the Secondary's stack, such as Approval=hold. May be repeated.",
)
@ports
def up(*, detach: bool, parameters: tuple[str, ...], **options: int) -> None:
    """Start the lab, deploy the application to it, and stay up."""
    config, progress = described(**options), Progress()
    with progress.step("Engine"):
        engine = process.start(config, owned=not detach)
    try:
        deployment.build(progress)
        deployment.deploy(config, progress, *parameters)
        console.print(welcome(config), highlight=False, soft_wrap=True)
        if detach:
            return
        console.print("\n[dim]Ctrl-C ends it.[/]")
        if engine.process.wait():
            raise process.EngineFailed("The lab's engine has died. See .lab/last/engine.log.")
        console.print("The lab was ended.")
    except BaseException as error:
        engine.stop(error)
        raise


def welcome(config: LabConfig) -> str:
    """Say what is where, and what to try next."""
    control = Control(config)
    describe = control.client("cloudformation", config.secondary_region).describe_stacks
    commands = {k: v for k, v in deployment.outputs(config, describe).items() if "Command" in k}
    door, name, port = config.door_port, config.public_name, config.entries[config.primary_region]
    lines = [
        "",
        "[bold]The lab is up.[/]",
        "",
        f"  What happens, in a browser      http://127.0.0.1:{config.page_port}/",
        f"  The application, in a browser   http://127.0.0.1:{door}/",
        f"  … over TLS, as its users do     curl --cacert {escape(str(config.ca_file))} "
        f"--connect-to {name}:443:127.0.0.1:{port} https://{name}/health",
        f"  DNS                             dig @127.0.0.1 -p {config.dns_port} {name}",
        f"  AWS                             {config.endpoint}",
        "",
        "For the AWS CLI and boto3:",
        "",
        f"  export AWS_ENDPOINT_URL={config.endpoint} AWS_ACCESS_KEY_ID=test "
        "AWS_SECRET_ACCESS_KEY=test",
        *(f"  {escape(' '.join(command.split()))}" for command in commands.values()),
        "",
        "To lose the Primary, and to bring it back:",
        "",
        "  .venv/bin/lab outage",
        "  .venv/bin/lab status",
        "  .venv/bin/lab heal",
    ]
    return "\n".join(lines)


@cli.command(epilog=OUTAGES)
@SPEED
@LAG
@click.option(
    "--reports",
    type=click.Path(file_okay=False),
    default=str(ROOT / "reports"),
    help="Where the reports go.",
)
@click.option(
    "--outage",
    type=click.Choice(list(NAMED)),
    default="region",
    show_default=True,
    metavar="MODE",
    help="What is lost.",
)
@STYLE
@click.option("--keep", is_flag=True, help="Leave the lab up afterwards, to look around.")
@ports
def drill(
    *,
    speed: float,
    replication_lag: float,
    reports: str,
    outage: str,
    style: str | None,
    keep: bool,
    **options: int,
) -> None:
    """Begin an outage under load, watch what comes of it, check it, and write a report.

    The exit code is the verdict: whether what had to happen, happened.
    """
    from lab.drill.command import run_drill

    config = described(speed=speed, replication_lag=replication_lag, **options)
    sys.exit(0 if run_drill(config, reports, outage=outage, style=style, keep=keep) else 1)


@cli.command()
@click.option(
    "--count", type=click.IntRange(1, 200), default=10, show_default=True, help="How many."
)
@click.option(
    "--users", type=click.IntRange(1, 8), default=3, show_default=True, help="Side by side."
)
@SPEED
@LAG
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "reports" / "moves",
    help="Where moves.json goes.",
)
@ports
def moves(
    *,
    count: int,
    users: int,
    speed: float,
    replication_lag: float,
    reports: Path,
    **options: int,
) -> None:
    """Move to the Secondary and back, as planned, under load, and measure what writers notice.

    The exit code says whether every move moved and no acknowledged write was lost.
    """
    from lab.drill.moves import run_moves

    config = described(speed=speed, replication_lag=replication_lag, **options)
    sys.exit(0 if run_moves(config, reports, count=count, users=users).well else 1)


@cli.command()
@SPEED
@LAG
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "reports" / "break-glass",
    help="Where break-glass.json goes.",
)
@ports
def break_glass(*, speed: float, replication_lag: float, reports: Path, **options: int) -> None:
    """Lose the Secondary while it is active, break the glass, bring it back, and reconcile.

    The exit code says whether all of it went as the runbook says and no acknowledged write is lost.
    """
    from lab.drill.break_glass_command import run_break_glass

    config = described(speed=speed, replication_lag=replication_lag, **options)
    sys.exit(0 if run_break_glass(config, reports) else 1)


@cli.command()
@click.option(
    "--outages", type=click.IntRange(1, 500), default=20, show_default=True, help="How many."
)
@click.option(
    "--users", type=click.IntRange(1, 20), default=5, show_default=True, help="Of each design."
)
@click.option(
    "--seed", type=int, help="Draws the phases; another one each time where none is given."
)
@SPEED
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "reports" / "bench",
    help="Where the reports go.",
)
@click.option("--write-doc", is_flag=True, help="Put the figures into docs/benchmark.md.")
@click.option(
    "--from",
    "known",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Run nothing: show a bench.json again, and write its documents.",
)
@ports
def bench(
    *,
    outages: int,
    users: int,
    seed: int | None,
    speed: float,
    reports: Path,
    write_doc: bool,
    known: Path | None,
    **options: int,
) -> None:
    """Compare designs: the same outages against record sets that stand side by side.

    The exit code says whether it could be measured; the goals are judged in the report.
    """
    from lab.bench.command import again, run_bench
    from lab.bench.document import fill

    if known:
        found = again(known)
    else:
        config = described(speed=speed, **options)
        found = run_bench(config, reports, outages=outages, users=users, seed=seed)
    if write_doc:
        fill(found)


@cli.command(epilog=OUTAGES)
@click.argument("mode", type=click.Choice(list(NAMED)), default="region")
@click.option("--region", default="primary", help="Where: primary, secondary, or a Region's code.")
@STYLE
def outage(mode: str, region: str, style: str | None) -> None:
    """Begin an outage in the lab that is up: MODE (default: region), besides others."""
    config = process.deployed()
    code = region_code(config, region)
    Control(config).act("outage", mode=mode, region=code, style=style)
    where = "" if mode in PLACED else f" in {code}"
    console.print(f"The outage {mode} began{where}. `lab heal` ends it.")


@cli.command()
def heal() -> None:
    """End every outage of the lab that is up."""
    ended = process.deployed()
    names = Control(ended).state()["outages"]
    Control(ended).act("heal")
    console.print(f"Ended: {', '.join(names)}." if names else "No outage was begun.")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """Show who is active, where DNS leads, what is lost, and the health checks."""
    config = process.deployed()
    control = Control(config)
    state = control.state()
    found = {
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
        click.echo(json.dumps(found, indent=2))
        return
    regions = [f"{r} ({loss['mode']})" for r, loss in state["lost"].items()]
    lost = ", ".join(state["outages"] or regions)
    active = f"{found['active_region']} (epoch {found['epoch']}, {found['state']})"
    unknown = "unknown: the control item is missing, or no Region answers that holds it"
    click.echo(f"Active Region   {active if found['active_region'] else unknown}")
    click.echo(f"DNS leads to    {found['public_name_leads_to'] or 'nowhere'}")
    click.echo(f"Lost            {lost or 'nothing'}")
    for name, verdict in found["health_checks"].items():
        click.echo(f"Health check    {name}: {verdict}")


@cli.command()
def down() -> None:
    """End the lab and clear what it left."""
    click.echo("The lab is down." if process.stop_any() else "No lab was up.")


def region_code(config: LabConfig, region: str) -> str:
    """Return the code of a Region that was named by its role or code."""
    roles = {"primary": config.primary_region, "secondary": config.secondary_region}
    code = roles.get(region, region)
    if code not in config.regions:
        known = ", ".join(["primary", "secondary", *config.regions])
        raise LabError(f"There is no Region {region!r} in this lab. Name one of: {known}.")
    return code


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run a command, and turn what a person can mend into one clear line and exit code 2."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # What `nohup` has set to be ignored stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupted)
    try:
        cli.main(prog_name="lab", standalone_mode=False)
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
