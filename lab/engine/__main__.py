"""Starts the laptop AWS: `python -m lab.engine CONFIG_FILE`.

Prints nothing; GET /_lab/state answers when it is up.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from lab.config import LabConfig
from lab.engine.proxy.entries import LOCALHOST, sockets


def busy_port(config: LabConfig) -> str | None:
    """Return a sentence on a port that is taken, or None."""
    options = {
        (LOCALHOST, config.api_port): "--api-port",
        (LOCALHOST, config.dns_port): "--dns-port",
        (LOCALHOST, config.browser_port): "--browser-port",
        (LOCALHOST, config.page_port): "--page-port",
        **dict.fromkeys(sockets(config), "--entry-port"),
    }
    for (host, port), option in options.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return (
                    f"Port {port} on {host} is in use. End what uses it (another lab? try "
                    f"`lab down`), or choose another with {option}."
                )
    return None


async def serve(config: LabConfig, *, owned: bool) -> None:
    """Put the lab together and serve it until a signal, or the end of its owner, ends it."""
    from hypercorn.asyncio import serve as hypercorn
    from hypercorn.config import Config

    from lab.control import Control
    from lab.engine import (
        aws as aws_module,
        physical_names,
        replication as replication_module,
        rest_apis,
        stack_resources,
    )
    from lab.engine.clock import Clock
    from lab.engine.deployments import Deployments
    from lab.engine.dns.route53 import Route53, furnish_zone
    from lab.engine.events import alarms, event_buses, metrics, queues, schedules
    from lab.engine.iam import call_record, call_resources, managed_policies
    from lab.engine.journal import Journal
    from lab.engine.lambda_workers import (
        cold_starts,
        execution_environments,
        functions,
        node_environments,
        runtimes,
    )
    from lab.engine.nested_stacks import stacks as nested_stacks
    from lab.engine.outages import freeze, packets
    from lab.engine.outages.outage import Outage
    from lab.engine.proxy import certificates
    from lab.engine.proxy.admin_api import AdminApi
    from lab.engine.proxy.entries import Entries
    from lab.engine.proxy.page import Page
    from lab.engine.proxy.proxy import Proxy
    from lab.engine.step_functions import (
        breakpoints as breakpoints_module,
        definitions,
        executions,
        machine_roles,
    )
    from lab.engine.strong_tables import memberships, tables as strong_module

    certificate, key = certificates.make(config)
    aws = aws_module.load(config, Clock(config.speed))
    functions.environment(aws)
    aws_module.stand_for_tls(aws)
    aws_module.know_service_names()
    outage, journal, calls, refusals = Outage(), Journal(), Journal(), Journal()
    functions.install(aws)
    node_environments.install(aws)
    call_resources.install()
    managed_policies.install(aws)
    cold_starts.install(aws)
    colds = cold_starts.ColdStarts()
    execution_environments.install(aws, colds)
    schedules.install(aws)
    alarms.install(aws, lambda name, state: journal.note(f"alarm {name}", state))
    event_buses.install(aws)
    executions.install(aws, journal.note)
    machine_roles.install(aws, outage)
    call_record.install(aws, outage, calls)
    call_record.install_refusals(aws.iam_evaluator, refusals)
    queues.install(aws)
    definitions.install(aws)
    stack_resources.install(aws)
    nested_stacks.install(aws)
    physical_names.install(aws)
    runtimes.install(aws)
    rest_apis.install(aws)
    deployments = Deployments(aws.clock)
    deployments.install()
    freeze.install(aws, outage)
    breakpoints = breakpoints_module.Breakpoints()
    breakpoints_module.install(breakpoints)
    metrics.install(aws, outage.runs)
    replication = replication_module.Replication(config.replication_lag, outage)
    replication_module.install(aws, replication)
    strong = strong_module.StrongTables(aws, outage, replication)
    strong_module.install(aws, strong)
    memberships.install(aws, strong)
    furnish_zone(aws)
    route53 = Route53(aws, outage, journal.note)
    route53.start()
    alarms.start(aws)
    admin_api = AdminApi(
        aws,
        outage,
        route53,
        replication,
        calls,
        refusals,
        journal,
        breakpoints,
        strong,
        colds,
        deployments,
    )
    page = Page(config, admin_api.actions, Control(config, patience=5.0).client)
    entries = Entries(aws)
    proxy = Proxy(aws, outage, route53, entries, admin_api, page)

    plain, tls, stop = Config(), Config(), asyncio.Event()
    ports = (config.api_port, config.browser_port, config.page_port)
    plain.bind = [f"{LOCALHOST}:{port}" for port in ports]
    tls.bind = [f"{host}:{port}" for host, port in sockets(config)]
    tls.certfile, tls.keyfile = str(certificate), str(key)
    tls.alpn_protocols = ["http/1.1"]
    made = tls.create_sockets()
    tls.create_sockets = lambda: made
    packets.Packets(outage, entries, made.secure_sockets).start()
    for each in (plain, tls):
        each.keep_alive_timeout, each.loglevel, each.graceful_timeout = 75, "WARNING", 0.2
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if owned:
        loop = asyncio.get_running_loop()
        threading.Thread(target=_outlive, args=(loop, stop), daemon=True).start()
    await asyncio.gather(
        hypercorn(proxy, plain, shutdown_trigger=stop.wait),
        hypercorn(proxy, tls, shutdown_trigger=stop.wait),
    )
    aws.lambda_runtime.reset()


def _outlive(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when standard input closes, as it does when the owner is gone, however it went."""
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(stop.set)


def main() -> int:
    """Run the engine."""
    parser = argparse.ArgumentParser(prog="python -m lab.engine", description=__doc__)
    parser.add_argument("config", type=Path, help="a file that LabConfig.save wrote")
    parser.add_argument("--owned", action="store_true", help="end when standard input closes")
    options = parser.parse_args()
    config = LabConfig.load(options.config)
    problem = busy_port(config)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    scratch = Path(config.state_dir) / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = str(scratch)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    asyncio.run(serve(config, owned=options.owned))
    # Threads of the engines may still wait; nothing of theirs is worth waiting for.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
