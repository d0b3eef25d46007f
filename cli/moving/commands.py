"""The commands `rehearse`, `failover`, `switchover` and `failback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import exits
from cli.changing.running import follow, reason_or_asked, refuse_no_reason, run_command
from cli.options import Asked, print_json

if TYPE_CHECKING:
    from cli.changing.options import Consent
    from cli.moving.preflight import Mode, Plan

MACHINES = {"rehearsal": "failover", "failover": "failover"}
OVERRIDES = ("outage_confirmed", "rpo_within_objective", "cooldown_over", "hook_ready")


@run_command("rehearse")
def rehearse(**given: Any) -> None:
    """Rehearse a failover: everything but the claim.

    No user is moved. It takes about half a minute.

    Exit codes: 0 PASS, 1 not started, or another verdict, 2 usage or nothing deployed, 3 the run
    failed, 4 unknown.
    """
    _run("rehearsal", {}, **given)


@click.option(
    "--override",
    "overrides",
    multiple=True,
    type=click.Choice(OVERRIDES),
    help="Go on although this condition is not met. May be repeated.",
)
@run_command("failover")
def failover(*, overrides: tuple[str, ...], **given: Any) -> None:
    """Take over in the Secondary after a loss of the Primary.

    What the Primary acknowledged and has not replicated is missing until it is back. While the
    Primary is healthy, a switchover loses nothing.

    Exit codes: 0 promoted, 1 not started, or ended otherwise, 2 usage or nothing deployed, 3 the
    run failed, 4 unknown.
    """
    more: dict[str, Any] = {"graceful": False}
    if overrides:
        more["override"] = list(dict.fromkeys(overrides))
    _run("failover", more, overridden=frozenset(overrides), **given)


@run_command("switchover")
def switchover(**given: Any) -> None:
    """Move to the Secondary while both Regions are healthy.

    Exit codes: 0 moved, 1 not started, or refused, 2 usage or nothing deployed, 3 the move failed
    and was undone, 4 unknown.
    """
    _run("switchover", {}, **given)


@run_command("failback")
def failback(**given: Any) -> None:
    """Move back to the Primary.

    Exit codes: 0 moved, 1 not started, or refused, 2 usage or nothing deployed, 3 the move failed
    and was undone, 4 unknown.
    """
    _run("failback", {}, **given)


def _run(
    mode: Mode,
    more: dict[str, Any],
    *,
    asked: Asked,
    consent: Consent,
    reason: str,
    watch: bool,
    resolver: str | None,
    connect_to: tuple[str, ...],
    overridden: frozenset[str] = frozenset(),
) -> None:
    """Show the plan, ask, start, and follow."""
    from cli.asking.identity import known
    from cli.changing.starting import UNKNOWN, execution_name, start, start_call
    from cli.status import command as status

    deployment = asked.deployment
    machine, region = MACHINES.get(mode, "switchover"), deployment.secondary
    name = execution_name(mode)
    request = {"mode": mode, "reason": reason or "<reason>", **more}
    if asked.explain:
        status.explain(asked)
        asked.print_calls([start_call(deployment, UNKNOWN, machine, region, request, name)])
        return
    refuse_no_reason(reason, yes=consent.yes)
    clients = asked.clients()
    readings = status.readings(asked, clients, resolver, connect_to)
    plan = _planned(mode, asked, readings, overridden)
    _show(asked, plan, dry_run=consent.dry_run)
    if consent.dry_run:
        raise click.exceptions.Exit(_exit_of(plan))
    consent.ask(plan.target if mode != "rehearsal" else "rehearse", _question(plan))
    request["reason"] = reason_or_asked(reason)
    identity = known(readings.answers.values())
    call = start_call(deployment, identity, machine, region, request, name)
    execution = start(clients, call)
    if asked.as_json:
        print_json({**plan.as_json(), "execution": execution})
        return
    follow(asked, clients, execution, watch=watch)


def _planned(mode: Mode, asked: Asked, readings: Any, overridden: frozenset[str]) -> Plan:
    from datetime import UTC, datetime

    from cli.moving.preflight import plan
    from cli.status import facts

    document = facts.document(readings, asked.deployment, datetime.now(UTC))
    return plan(mode, document, asked.deployment, overridden)


def _question(plan: Plan) -> str:
    if plan.mode == "rehearsal":
        return "Rehearse now?"
    unmet = ", ".join(c.name for c in (*plan.unmet, *plan.unknown))
    doubt = f" Not met, or not known: {unmet}." if unmet else ""
    return f"Make {plan.target} active?{doubt}"


def _exit_of(plan: Plan) -> int:
    if plan.unmet:
        return exits.ATTENTION
    return exits.UNKNOWN if plan.unknown else exits.OK


def _show(asked: Asked, plan: Plan, *, dry_run: bool) -> None:
    from cli.moving.screen import screen
    from cli.screens import console

    if asked.as_json:
        if dry_run:
            print_json({**plan.as_json(), "execution": None})
        return
    console().print(screen(plan))
    if dry_run:
        click.echo("Nothing was started: --dry-run.")
