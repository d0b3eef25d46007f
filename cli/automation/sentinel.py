"""The commands `pause`, `resume` and `drill`: a person's words in the sentinel's item."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import click

from cli.changing.options import changing_options
from cli.options import Asked, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.asking.call import Call
    from cli.changing.options import Consent
    from cli.deployment import Deployment

DAY = 86_400
UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY}


class Duration(click.ParamType):
    """A length of time such as 90m, 2h or 1d, a day at most. It becomes seconds."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Return the seconds of a text."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,6})([smhd])", value)
        seconds = int(found[1]) * UNITS[found[2]] if found else 0
        if not 0 < seconds <= DAY:
            self.fail(f"{value!r} is no time such as 90m, 2h or 1d, a day at most.", param, ctx)
        return seconds


@click.command()
@click.option("--for", "seconds", type=Duration(), default="2h", show_default=True, metavar="TIME")
@click.option("--reason", default="", help="Why, for those whom the reminder reaches.")
@click.option("--by", default="", help="Who. By default the name of your credentials.")
@changing_options
def pause(*, asked: Asked, consent: Consent, seconds: int, reason: str, by: str) -> None:
    """Pause the automation for a while, a day at most.

    Neither the sentinel nor the alarm leads to a recovery meanwhile. A failover by hand does.

    Exit codes: 0 paused, 1 not paused, 2 usage or nothing deployed, 4 not known.
    """
    until = int(time.time()) + seconds
    change = {"paused_until": until, "reason": reason or "none given", "by": by or None}
    told = f"Nothing is recovered by itself until {_utc(until)}. End it with pilot-light resume."
    _change(asked, consent, "pause", change, told)


@click.command()
@changing_options
def resume(*, asked: Asked, consent: Consent) -> None:
    """Let the automation start runs again.

    It ends a pause, and allows runs for an outage in which a person stopped or rejected one.

    Exit codes: 0 resumed, 1 not resumed, 2 usage or nothing deployed, 4 not known.
    """
    change: dict[str, Any] = {"paused_until": None, "held_by": None}
    told = "Recoveries start by themselves again: the next probes decide, within seconds."
    _change(asked, consent, "resume", change, told)


@click.command()
@click.option("--for", "seconds", type=Duration(), default="1h", show_default=True, metavar="TIME")
@changing_options
def drill(*, asked: Asked, consent: Consent, seconds: int) -> None:
    """Say that outages until then are injected: what starts is recorded as a drill.

    It injects nothing.

    Exit codes: 0 said, 1 not said, 2 usage or nothing deployed, 4 not known.
    """
    until = int(time.time()) + seconds
    told = f"What starts by itself until {_utc(until)} is recorded as a drill."
    _change(asked, consent, "drill", {"drill_until": until}, told)


def _change(
    asked: Asked, consent: Consent, what: str, change: Mapping[str, Any], told: str
) -> None:
    from cli.asking.identity import person, who
    from cli.changing.sending import send

    deployment = asked.deployment
    if asked.explain:
        by = {"by": "<your name>"} if "by" in change else {}
        asked.print_calls([_update(deployment, what, {**change, **by})])
        return
    clients = asked.clients()
    if "by" in change and not change["by"]:
        change = {**change, "by": person(who(clients, [deployment.secondary]))}
    call = _update(deployment, what, change)
    if not asked.as_json:
        click.echo(told)
    if not consent.dry_run:
        consent.ask(what, f"{what.capitalize()} {deployment.app_name}?")
        send(clients, call)
    elif not asked.as_json:
        click.echo("Nothing was changed: --dry-run.")
    if asked.as_json:
        print_json({"version": 1, "action": what, "changed": not consent.dry_run, "set": change})


def _update(deployment: Deployment, what: str, change: Mapping[str, Any]) -> Call:
    """Return the change of the sentinel's item. What is None is removed."""
    from pilotlight.recoveries import schema

    from cli.asking.call import Call

    table = deployment.name("recoveries")
    put = {name: value for name, value in change.items() if value is not None}
    # `by` is a reserved word of DynamoDB.
    parts = []
    if put:
        parts.append("SET " + ", ".join(f"#{n} = :{n}" for n in put))
    if removed := [name for name in change if name not in put]:
        parts.append("REMOVE " + ", ".join(f"#{name}" for name in removed))
    arguments: dict[str, Any] = {
        "TableName": table,
        "Key": schema.key(schema.SENTINEL),
        "UpdateExpression": " ".join(parts),
        "ExpressionAttributeNames": {f"#{name}": name for name in change},
    }
    if put:
        arguments["ExpressionAttributeValues"] = {
            f":{n}": {"N": str(v)} if isinstance(v, int) else {"S": v} for n, v in put.items()
        }
    return Call(
        what,
        deployment.secondary,
        "dynamodb",
        "update_item",
        arguments,
        "dynamodb:UpdateItem",
        f"table/{table}",
        f"{what} the automation" if what != "drill" else "announce a drill",
    )


def _utc(seconds: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
