"""The commands `pilot-light take-over` and `pilot-light last-resort`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import exits
from cli.changing.running import follow, reason_or_asked, refuse_no_reason, run_command
from cli.options import Asked, print_json

if TYPE_CHECKING:
    from cli.changing.options import Consent
    from cli.emergency.plan import Action, Plan
    from cli.status.readings import Readings

MOST_HOURS = 4


@run_command("take-over")
def take_over(*, asked: Asked, **given: Any) -> None:
    """Make the Primary active after a loss of the active Secondary.

    It shows what is known and what is given up. The sentence that you type is the one that the
    machine wants. The quorum decides, so a Secondary that is only cut off takes no write any more.

    Exit codes: 0 taken over, 1 not started, or ended otherwise, 2 usage or nothing deployed, 3 the
    run failed, 4 unknown.
    """
    _run("take-over", asked.deployment.primary, asked=asked, **given)


@click.argument("region")
@click.option(
    "--hours",
    type=click.FloatRange(0, MOST_HOURS, min_open=True),
    default=1,
    show_default=True,
    help="How long at most.",
)
@run_command("last-resort")
def last_resort(*, asked: Asked, region: str, **given: Any) -> None:
    """Let REGION write while the control table answers nobody.

    It is for a control table that is silent in both Regions for longer than your users bear. Use it
    in the Region that users reach, and only there: nothing keeps the other one from writing too.

    Exit codes: 0 the Region writes, 1 not started, or ended otherwise, 2 usage or nothing deployed,
    3 the run failed, 4 unknown.
    """
    if region not in asked.deployment.regions:
        both = " or ".join(asked.deployment.regions)
        raise click.BadParameter(f"{region!r} is not {both}.", param_hint="REGION")
    _run("last-resort", region, asked=asked, **given)


def _run(
    action: Action,
    region: str,
    *,
    asked: Asked,
    consent: Consent,
    reason: str,
    watch: bool,
    resolver: str | None,
    connect_to: tuple[str, ...],
    hours: float = 0,
) -> None:
    """Show what is known, let the sentence be typed, start, and follow."""
    from cli.asking.identity import known
    from cli.changing.starting import UNKNOWN, execution_name, start, start_call
    from cli.emergency.plan import sentence
    from cli.status import command as status

    deployment, name, reason = asked.deployment, execution_name(action), reason.strip()
    (other,) = set(deployment.regions) - {region}
    words = sentence(action, region, other)
    request: dict[str, Any] = {"action": action, "confirm": words, "reason": reason or "<reason>"}
    request |= {"hours": hours} if hours else {}
    if asked.explain:
        status.explain(asked)
        asked.print_calls([start_call(deployment, UNKNOWN, "emergency", region, request, name)])
        return
    refuse_no_reason(reason, yes=consent.yes)
    clients = asked.clients()
    readings = status.readings(asked, clients, resolver, connect_to)
    plan = _planned(action, region, asked, readings, hours)
    if consent.dry_run:
        _dry_run(asked, plan)
    if not (asked.as_json and consent.yes):
        _show(asked, plan)
    consent.ask(words, "Whoever types this sentence has read what is given up.")
    request["reason"] = reason_or_asked(reason)
    identity = known(readings.answers.values())
    execution = start(clients, start_call(deployment, identity, "emergency", region, request, name))
    if asked.as_json:
        print_json({**plan.as_json(), "execution": execution})
        return
    follow(asked, clients, execution, watch=watch)


def _planned(action: Action, region: str, asked: Asked, readings: Readings, hours: float) -> Plan:
    from datetime import UTC, datetime

    from cli.emergency.plan import plan
    from cli.status import facts

    document = facts.document(readings, asked.deployment, datetime.now(UTC))
    return plan(action, region, readings, document, asked.deployment, hours)


def _show(asked: Asked, plan: Plan) -> None:
    from cli.emergency.screen import screen
    from cli.screens import console

    console(stderr=asked.as_json).print(screen(plan))


def _dry_run(asked: Asked, plan: Plan) -> None:
    if asked.as_json:
        print_json({**plan.as_json(), "execution": None})
    else:
        _show(asked, plan)
        click.echo("Nothing was started: --dry-run.")
    raise click.exceptions.Exit(exits.ATTENTION if plan.refusal else exits.OK)
