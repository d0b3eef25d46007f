"""The outages that have a name: what is lost in each, in terms of losses.py.

Nothing here is left to chance: the same outage refuses the same requests every time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.engine.losses import Loss

if TYPE_CHECKING:
    from lab.engine.losses import Style
    from lab.engine.outage import Outage

VIRGINIA = "us-east-1"
# Seconds of AWS: less than Route 53's 3 failed probes in a row, 10 s apart, take.
FLAP_SECONDS = 15.0
# Real seconds, for it is the application that is slow: more than Route 53 waits for an answer.
SLOW_SECONDS = 5.0


@dataclass(frozen=True)
class NamedOutage:
    """An outage with a name. `styles` are how it may refuse, the usual one first."""

    what: str
    loss: Loss
    styles: tuple[Style, ...] = ("reset", "503", "hang")


NAMED: dict[str, NamedOutage] = {
    "region": NamedOutage(
        "everything in the Primary's Region: entry, APIs, schedules, functions", Loss("region")
    ),
    "us-east-1": NamedOutage(
        "every endpoint in us-east-1, and the control planes of the global services", Loss("global")
    ),
    "api": NamedOutage(
        "the Primary's API Gateway: its entry, and its API calls",
        Loss("entry", services=frozenset({"apigateway"})),
        ("503", "reset", "hang"),
    ),
    "table": NamedOutage(
        "the Primary's DynamoDB: its API calls, and replication from and to it",
        Loss("region", services=frozenset({"dynamodb"})),
        ("503", "reset", "hang"),
    ),
    "partition": NamedOutage(
        "the network between Primary and Secondary, both ways: API calls, HTTPS from functions, "
        "replication, events; users and Route 53's checkers reach both",
        Loss("region"),
        ("hang", "reset"),
    ),
    "flap": NamedOutage(
        f"the Primary's Region, for {FLAP_SECONDS:g} s at AWS's intervals in every "
        f"{2 * FLAP_SECONDS:g}",
        Loss("region", flaps=FLAP_SECONDS),
        ("reset", "503", "hang"),
    ),
    "slow": NamedOutage(
        f"nothing but time: the Primary's entry answers after {SLOW_SECONDS:g} s",
        Loss("entry", late=SLOW_SECONDS),
        (),
    ),
    "grey": NamedOutage(
        "every other request that a client makes at the Primary's entry",
        Loss("entry", every_other=True),
        ("503", "reset", "hang"),
    ),
}


def unfit(name: str, style: str | None) -> str | None:
    """Return what is wrong with a name and a style, or None."""
    if name not in NAMED:
        return f"There is no outage {name!r}. There are: {', '.join(NAMED)}."
    styles = NAMED[name].styles
    if style is None or style in styles:
        return None
    return f"The outage {name} has no style {style!r}: it has {', '.join(styles) or 'none'}."


def begin(
    outage: Outage,
    name: str,
    *,
    pair: tuple[str, str],
    region: str,
    style: Style | None = None,
    speed: float = 1.0,
) -> None:
    """Begin an outage. It adds to those that are elsewhere.

    Parameters
    ----------
    pair
        Primary and Secondary, between which a partition is.
    region
        Where it is; it stands for the Primary in the table above. `us-east-1` and `partition`
        have a place of their own.
    speed
        By how much AWS's intervals are shortened.

    Raises
    ------
    ValueError
        No outage has this name, it does not refuse in this style, or something else is lost there.
    """
    if wrong := unfit(name, style):
        raise ValueError(wrong)
    known = NAMED[name]
    style = style or (known.styles[0] if known.styles else "reset")
    if name == "partition":
        outage.cut(*pair, style)
    else:
        where = VIRGINIA if name == "us-east-1" else region
        if where in outage.lost:
            raise ValueError(f"Something is lost in {where} already. Heal it first.")
        flaps = known.loss.flaps / speed if known.loss.flaps else None
        outage.lose(where, replace(known.loss, style=style, flaps=flaps, began=time.time()))
    outage.named.append(name)
