"""The command `pilot-light status`."""

from __future__ import annotations

import shlex
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from cli.options import REGION_SECONDS, Asked, operator_options, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.asking.clients import Clients
    from cli.deployment import Deployment
    from cli.probes import Network
    from cli.status.readings import Readings

REFRESH_SECONDS = 5.0
DNS_PORT = 53


def probing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `resolver` and `connect_to`, for own probes."""
    made = click.option(
        "--connect-to",
        "connect_to",
        multiple=True,
        metavar="NAME=ADDRESS:PORT",
        envvar="PILOT_LIGHT_CONNECT_TO",
        help="Where own probes connect to for a name or an address, as in the lab. "
        "May be repeated.",
    )(command)
    return click.option(
        "--resolver",
        metavar="ADDRESS[:PORT]",
        envvar="PILOT_LIGHT_RESOLVER",
        help="The DNS server that own probes ask. By default this machine's.",
    )(made)


@click.command()
@click.option("--watch", is_flag=True, help="Ask again every 5 s, until Ctrl-C.")
@probing_options
@operator_options
def status(*, asked: Asked, watch: bool, resolver: str | None, connect_to: tuple[str, ...]) -> None:
    """Show who serves, and what needs attention, on one screen.

    Both Regions are asked side by side, for 3 s at most. What does not answer is named.

    Exit codes: 0 healthy, 1 attention, 2 usage or nothing deployed, 3 users are not served,
    4 something is unknown.
    """
    if asked.explain:
        explain(asked)
        return
    if watch and (asked.as_json or not _is_terminal()):
        raise click.UsageError("--watch needs a terminal, and no --json.")
    network = network_of(resolver, connect_to)
    clients = asked.clients()
    document = _shown(asked, clients, network, clear=watch)
    try:
        while watch:
            time.sleep(REFRESH_SECONDS)
            document = _shown(asked, clients, network, clear=True)
    except KeyboardInterrupt:
        pass
    raise click.exceptions.Exit(document["exit_code"])


def network_of(resolver: str | None, connect_to: tuple[str, ...]) -> Network:
    """Return how own probes reach names and addresses."""
    from cli import probes

    return probes.Network(
        probes.address(resolver, DNS_PORT) if resolver else None, probes.connections(connect_to)
    )


def readings(
    asked: Asked, clients: Clients, resolver: str | None, connect_to: tuple[str, ...]
) -> Readings:
    """Read everything once.

    Raises
    ------
    click.ClickException
        Nothing is deployed by these names.
    """
    found = read(clients, asked.deployment, network_of(resolver, connect_to))
    _refuse_what_is_not_deployed(found, asked.deployment)
    return found


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _shown(asked: Asked, clients: Clients, network: Network, *, clear: bool) -> dict[str, Any]:
    """Read, judge and show once."""
    from datetime import UTC, datetime

    from cli.status import facts

    readings = read(clients, asked.deployment, network)
    _refuse_what_is_not_deployed(readings, asked.deployment)
    document = facts.document(readings, asked.deployment, datetime.now(UTC))
    if asked.as_json:
        print_json(document)
        return document
    from cli.screens import console
    from cli.status.screen import screen

    out = console()
    if clear:
        out.clear()
    out.print(screen(document))
    return document


def read(clients: Clients, deployment: Deployment, network: Network) -> Readings:
    """Ask both Regions, probe the names and read the beacon, all side by side."""
    from concurrent.futures import wait

    from cli import probes
    from cli.asking.together import Deadline, ask_regions, start
    from cli.status import reads
    from cli.status.readings import Readings

    deadline = Deadline(REGION_SECONDS)
    regional = [deployment.region_name(region) for region in deployment.regions]
    path = deployment.parameters["HealthPath"]
    probed = {
        name: start(lambda n=name: probes.probe(network, n, path, deployment.regions))  # type: ignore[misc]
        for name in (deployment.public_name, *regional)
    }
    zone = deployment.parameters["ZoneName"]
    beacon = start(lambda: probes.beacon(network, f"beacon.{zone}"))
    answers = ask_regions(
        clients,
        {region: reads.first(deployment, region) for region in deployment.regions},
        REGION_SECONDS,
        lambda known: reads.following(deployment, known.region, known),
        reads.NEEDS,
    )
    futures: list[Any] = [*probed.values(), beacon]
    wait(futures, timeout=deadline.left())
    late = f"no answer within {REGION_SECONDS:g} s"
    return Readings(
        answers,
        {
            n: f.result() if f.done() else probes.Probe(n, False, error=late)
            for n, f in probed.items()
        },
        beacon.result() if beacon.done() else "unknown",
    )


def _refuse_what_is_not_deployed(readings: Readings, deployment: Deployment) -> None:
    """Raise a usage error where every Region that answers has no control table."""
    by_region = readings.answers
    missing = [
        region
        for region, answers in by_region.items()
        if (problem := answers.problems.get("control")) and problem.kind == "missing"
    ]
    others = [r for r, a in by_region.items() if r not in missing and not a.silent]
    if not missing or others:
        return
    accounts = [
        a.values["identity"]["Account"] for a in by_region.values() if "identity" in a.values
    ]
    account = f" of account {accounts[0]}" if accounts else ""
    silent = [r for r in by_region if r not in missing]
    unheard = f" {', '.join(silent)} does not answer." if silent else ""
    error = click.ClickException(
        f"{deployment.app_name} is not deployed in {' or '.join(missing)}{account}: there is no "
        f"table {deployment.name('control-quorum')}.{unheard}\n"
        "Is it the right account (--profile) and environment (--config-env)? If so, deploy it: "
        "sam build, then sam deploy --config-env secondary-first, primary, and secondary "
        "(docs/deploy.md)."
    )
    error.exit_code = 2
    raise error


def explain(asked: Asked) -> None:
    """Print the commands that read everything."""
    from cli.status import reads

    deployment = asked.deployment
    regions = deployment.regions
    asked.print_calls([c for region in regions for c in reads.explained(deployment, region)])
    path, zone = deployment.parameters["HealthPath"], deployment.parameters["ZoneName"]
    for name in (deployment.public_name, *map(deployment.region_name, regions)):
        url = shlex.quote(f"https://{name}{path}")
        click.echo(f"# own probe of {name}\ncurl --max-time 3 {url}")
    click.echo(f"# Route 53's checkers on the Primary\ndig +short TXT beacon.{zone}")
