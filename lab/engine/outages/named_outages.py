"""The outages that have a name: what is lost in each, in terms of losses.py.

Nothing here is left to chance: the same outage refuses the same requests every time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from lab.engine.outages.losses import STYLES, Loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.engine.outages.losses import Style
    from lab.engine.outages.outage import Outage

VIRGINIA = "us-east-1"
# Seconds of AWS: less than Route 53's 2 failed probes in a row, 10 s apart, take.
FLAP_SECONDS = 9.0
# Real seconds, because the application is slow: more than Route 53 waits for an answer.
SLOW_SECONDS = 5.0
# Real seconds, because the code under test waits in those: within its patience and that of users,
# who wait two seconds for an answer, and beyond both.
STALL_SECONDS, LONG_STALL_SECONDS = 1.5, 20.0
# `here` is the requested Region; the table's texts call it the Primary.
Place = Literal["here", "witness", "us-east-1"]
# What is cut off: the pair from each other, or `here` from all other members of the control table.
Apart = Literal["pair", "here"]


@dataclass(frozen=True)
class NamedOutage:
    """An outage with a name.

    Parameters
    ----------
    losses
        What is lost, by place.
    apart
        What is cut off, if anything.
    stalls
        Real seconds for which strong tables are silent. The outage ends with them.
    styles
        How it may refuse, the usual one first.
    """

    what: str
    losses: Mapping[Place, Loss] = field(default_factory=lambda: MappingProxyType({}))
    apart: Apart | None = None
    stalls: float = 0.0
    styles: tuple[Style, ...] = STYLES

    @property
    def follows_region(self) -> bool:
        """Whether it is in the requested Region. Other outages have a fixed place."""
        return "here" in self.losses or self.apart == "here"


def _here(loss: Loss) -> Mapping[Place, Loss]:
    return MappingProxyType({"here": loss})


_DYNAMODB = frozenset({"dynamodb"})
NAMED: dict[str, NamedOutage] = {
    "region": NamedOutage(
        "everything in the Primary's Region: entry, APIs, schedules, functions",
        _here(Loss("region")),
    ),
    "us-east-1": NamedOutage(
        "every endpoint in us-east-1, and the control planes of the global services",
        MappingProxyType({"us-east-1": Loss("global")}),
    ),
    "api": NamedOutage(
        "the Primary's API Gateway: its entry, and its API calls",
        _here(Loss("entry", services=frozenset({"apigateway"}))),
        styles=("503", "reset", "hang", "drop", "trickle"),
    ),
    "table": NamedOutage(
        "the Primary's DynamoDB: its API calls, and replication from and to it",
        _here(Loss("region", services=_DYNAMODB)),
        styles=("503", "reset", "hang"),
    ),
    "read-only": NamedOutage(
        "writes of the application's table in the Primary; its reads, and everything else, work",
        _here(Loss("entry", read_only=True)),
        styles=("503", "hang", "reset"),
    ),
    "partition": NamedOutage(
        "the network between Primary and Secondary, both ways: API calls, HTTPS from functions, "
        "replication, events; users and Route 53's checkers reach both",
        apart="pair",
        styles=("hang", "reset", "drop"),
    ),
    "flap": NamedOutage(
        f"the Primary's Region, for {FLAP_SECONDS:g} s at AWS's intervals in every "
        f"{2 * FLAP_SECONDS:g}",
        _here(Loss("region", flaps=FLAP_SECONDS)),
        styles=("reset", "503", "hang", "drop"),
    ),
    "slow": NamedOutage(
        f"nothing but time: the Primary's entry answers after {SLOW_SECONDS:g} s",
        _here(Loss("entry", late=SLOW_SECONDS)),
        styles=(),
    ),
    "grey": NamedOutage(
        "every other request that a client makes at the Primary's entry",
        _here(Loss("entry", every_other=True)),
        styles=("503", "reset", "hang"),
    ),
    "witness": NamedOutage(
        "DynamoDB of the witness's Region: the control table goes on with two of three members",
        MappingProxyType({"witness": Loss("region", services=_DYNAMODB)}),
        styles=("503", "reset", "hang"),
    ),
    "isolated": NamedOutage(
        "the network between the Primary and both other members of the control table, both ways: "
        "strong reads and writes fail there (503: with an error; hang: in silence; the network "
        "is silent in both); users and Route 53's checkers reach it",
        apart="here",
        styles=("503", "hang", "reset"),
    ),
    "two-regions": NamedOutage(
        "the Primary's Region and the witness's, whole: the control table has no quorum",
        MappingProxyType({"here": Loss("region"), "witness": Loss("global")}),
    ),
    "stall": NamedOutage(
        f"answers of strong tables in all Regions, for {STALL_SECONDS:g} s; it ends by itself",
        stalls=STALL_SECONDS,
        styles=(),
    ),
    "long-stall": NamedOutage(
        f"answers of strong tables in all Regions, for {LONG_STALL_SECONDS:g} s; it ends by itself",
        stalls=LONG_STALL_SECONDS,
        styles=(),
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
    witness: str = VIRGINIA,
    style: Style | None = None,
    speed: float = 1.0,
) -> None:
    """Begin an outage. It adds to those that are elsewhere.

    Parameters
    ----------
    pair
        Primary and Secondary, between which a partition is.
    region
        Where it is; it stands for the Primary in the table above. Some have a place of their own.
    witness
        The Region of the control table's witness.
    speed
        By how much AWS's intervals are shortened.

    Raises
    ------
    ValueError
        No outage has this name, it does not refuse in this style, or something else is lost there.
    """
    if wrong := unfit(name, style):
        raise ValueError(wrong)
    kind = NAMED[name]
    style = style or (kind.styles[0] if kind.styles else "reset")
    places: dict[Place, str] = {"here": region, "witness": witness, "us-east-1": VIRGINIA}
    losses = {places[place]: loss for place, loss in kind.losses.items()}
    _refuse_twice(outage, kind, losses)
    for where, loss in losses.items():
        flaps = loss.flaps / speed if loss.flaps else None
        outage.lose(where, replace(loss, style=style, flaps=flaps, began=time.time()))
    for one, other in _cuts(kind.apart, pair, region, witness):
        outage.cut(one, other, style)
    if kind.stalls:
        outage.stall(kind.stalls)
    outage.has_begun(name, kind.stalls or None)


def _refuse_twice(outage: Outage, kind: NamedOutage, losses: Mapping[str, Loss]) -> None:
    """Raise ValueError where an outage would take the place of one that lasts."""
    for where in losses:
        if where in outage.lost:
            raise ValueError(f"Something is lost in {where} already. Heal it first.")
    if kind.stalls and outage.stalled_for():
        raise ValueError("Strong tables are stalled already. Heal that first.")


def _cuts(
    apart: Apart | None, pair: tuple[str, str], region: str, witness: str
) -> list[tuple[str, str]]:
    """Return between which Regions nothing gets through."""
    if apart == "pair":
        return [pair]
    others = dict.fromkeys((*pair, witness)) if apart == "here" else {}
    return [(region, other) for other in others if other != region]
