"""Where the public name leads: every combination, by the real switch and the template's checks.

What is asked is the switch of the Secondary: its `/switch/on` and `/switch/off`, and the Primary's
`/health`. Two of these three keep the name at the Primary.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from tools.audit.code import CLIENT, FUNCTIONS
from tools.audit.page import table
from tools.reader import ROOT
from tools.reader.template import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = ROOT / "docs" / "dns.md"
Side = Literal["Primary", "Secondary"]
State = Literal["serving", "claimed", "draining"]
Fault = Literal[
    "none",
    "witness lost",
    "Primary isolated",
    "Primary lost",
    "Secondary isolated",
    "Secondary lost",
]
# What the control table answers the Secondary: through a quorum, its own copy only, or nothing.
Table = Literal["quorum", "own copy", "nothing"]
# The switch's last strong read: none yet (a fresh environment), a minute ago, or too long ago.
Memory = Literal["none", "young", "old"]
SIDES: tuple[Side, ...] = get_args(Side)
STATES: tuple[State, ...] = get_args(State)
FAULTS: tuple[Fault, ...] = get_args(Fault)
RESORTS: tuple[Side | None, ...] = (None, "Primary", "Secondary")
SECONDS: dict[Memory, float] = {"young": 60.0, "old": 121.0}


@dataclass(frozen=True)
class Seen:
    """What the Secondary's member of the control table answers.

    `named` is the active Region by the last strong read, `copy` by its own copy; None where there
    is none. Either may be from before the last claim.
    """

    table: Table
    memory: Memory = "none"
    named: Side | None = None
    copy: Side | None = None


@dataclass(frozen=True)
class World:
    """One combination."""

    active: Side
    state: State
    fault: Fault
    seen: Seen
    resort: Side | None

    @property
    def endpoint(self) -> bool:
        """Whether the Primary's `/health` answers: it asks no quorum."""
        return self.fault != "Primary lost"


@dataclass(frozen=True)
class Answers:
    """What the three checks get, and where the name leads by that. None: no answer at all."""

    on: bool | None
    off: bool | None
    endpoint: bool
    leads_to: Side


def seen(active: Side, fault: Fault) -> Iterator[Seen]:
    """Give every answer of the control table that the Secondary may get under a fault."""
    if fault == "Secondary lost":
        yield Seen("nothing")
        return
    if fault != "Secondary isolated":
        # A strong read names who is active. Its own copy may be behind even then.
        yield from (Seen("quorum", copy=copy) for copy in SIDES)
    remembered: list[tuple[Memory, Side | None]] = [("none", None)]
    remembered += itertools.product(("young", "old"), SIDES)
    for memory, named in remembered:
        yield from (Seen("own copy", memory, named, copy) for copy in SIDES)
        yield Seen("nothing", memory, named)


def worlds() -> Iterator[World]:
    """Give every possible combination."""
    for active, state, fault in itertools.product(SIDES, STATES, FAULTS):
        for answered, resort in itertools.product(seen(active, fault), RESORTS):
            yield World(active, state, fault, answered, resort)


@cache
def answers(world: World) -> Answers:
    """Ask the switch, and follow the template's health checks."""
    on, off = (None, None) if world.fault == "Secondary lost" else _switch(world)
    answers_200 = {"/switch/on": on is True, "/switch/off": off is True, "/health": world.endpoint}
    return Answers(on, off, world.endpoint, _leads_to(answers_200))


def _switch(world: World) -> tuple[bool, bool]:
    """Return the answers of the real switch of the Secondary."""
    sys.path += [str(tree) for tree in (FUNCTIONS, CLIENT) if str(tree) not in sys.path]
    from pilot_light_client.control_item import ControlItem
    from pilot_light_client.control_table import ControlUnread
    from pilot_light_client.fence import Stamp
    from pilot_light_client.last_resort import LastResort
    from pilotlight.control.switch import Switch

    def item(active: Side | None) -> ControlItem:
        if active is None:
            raise ControlUnread("no_quorum", "no answer")
        return ControlItem(2, active, 2, world.state)

    at, named = Stamp(1000.0, 1000.0), world.seen.named
    granted = LastResort(2000, 2, "a person") if world.resort == "Secondary" else None
    switch = Switch(
        lambda: item(named),
        lambda: item(world.seen.copy),
        "Secondary",
        lambda: granted,
        lambda: at,
    )
    if world.seen.memory != "none":
        switch.on()
        later = at.wall + SECONDS[world.seen.memory]
        at = Stamp(later, later)
    named = world.active if world.seen.table == "quorum" else None
    return switch.on(), switch.off()


@cache
def _checks() -> dict[str, dict[str, Any]]:
    kind = "AWS::Route53::HealthCheck"
    return {k: p["HealthCheckConfig"] for k, p in load("secondary").of_type(kind).items()}


def _leads_to(answers_200: dict[str, bool]) -> Side:
    records = load("secondary").properties("FailoverRecords")["RecordSets"]
    primary = next(r for r in records if r["Failover"] == "PRIMARY")
    return "Primary" if _healthy(primary["HealthCheckId"], answers_200) else "Secondary"


def _healthy(name: str, answers_200: dict[str, bool]) -> bool:
    check = _checks()[name.strip("<>")]
    if check["Type"] == "CALCULATED":
        good = sum(_healthy(child, answers_200) for child in check["ChildHealthChecks"])
        return good >= int(check["HealthThreshold"])
    return answers_200[check["ResourcePath"]] is not bool(check.get("Inverted"))


# --- where the name does not lead to the Region that is active, and why that is accepted ----------


def _is_silent(world: World) -> bool:
    """Return whether the Secondary has no strong read, and none of the last 120 s either."""
    return world.seen.table != "quorum" and world.seen.memory != "young"


def _believes(world: World, side: Side) -> bool:
    """Return whether the Secondary's last strong read is young, and named this side."""
    return (world.seen.memory, world.seen.named) == ("young", side)


ACCEPTED: dict[str, Callable[[World], bool]] = {
    "A last resort of the Secondary is in force: a person sent users there.": (
        lambda w: w.active == "Primary" and w.resort == "Secondary"
    ),
    "The Secondary is lost while it is active: the Primary serves reads; people are notified.": (
        lambda w: w.active == "Secondary" and w.fault == "Secondary lost"
    ),
    "The Secondary is active and has had no strong read for 120 s, or none yet: the Primary "
    "serves reads, and both refuse writes. The name leads back when the table answers.": (
        lambda w: w.active == "Secondary" and _is_silent(w) and w.fault != "Secondary lost"
    ),
    "The Secondary's last strong read was at most 120 s ago, from before the Primary's claim. Its "
    "fence refuses writes all the same.": (
        lambda w: w.active == "Primary" and _believes(w, "Secondary")
    ),
    "The Secondary's last strong read was at most 120 s ago, from before its own claim.": (
        lambda w: w.active == "Secondary" and _believes(w, "Primary")
    ),
    "The Secondary's own copy lags behind its claim, as a rule for less than a second.": (
        lambda w: w.active == "Secondary" and w.seen.copy == "Primary"
    ),
    "The Primary is lost, and the Secondary's own copy does not name it: the Secondary serves "
    "reads until a claim.": lambda w: w.active == "Primary" and w.fault == "Primary lost",
}


def reasons(world: World) -> list[str]:
    """Return why it is accepted that the name does not lead to the active Region."""
    return [text for text, holds in ACCEPTED.items() if holds(world)]


HEAD = (
    *("lost or isolated", "the Secondary's control table", "last resort"),
    *("on", "off", "health", "leads to"),
)

# --- the page -------------------------------------------------------------------------------------

INTRO = """# Where the public name leads

Made by `make audit` from `template.yaml`, and from the switch itself with made-up tables
(`tools/audit/dns.py`). Do not edit it; a test fails when it is stale.

Two of three checks keep the public name at the Primary: **not on** (the Secondary's `/switch/on`
does not answer 200), **off** (its `/switch/off` answers 200) and the Primary's own `/health`.
`/switch/on` takes a strong read of the control table, at most 120 s old, or a last resort;
`/switch/off` takes the Secondary's own copy, which may be behind. A Region that is *isolated*
reaches no other member of the control table, while users and checkers reach it.

{count} combinations of who is active and in which state, who is lost, what the Secondary's control
table answers, how old its last strong read is and which Region it named, and who holds a last
resort come to the rows below. The state (serving, claimed, draining) changes none of them. An empty
cell stands for any. **yes** is 200, **no** is another answer, **-** is none.
"""


def render() -> str:
    """Return the page."""
    every = list(worlds())
    parts = [INTRO.format(count=f"{len(every):,}")]
    for active in SIDES:
        parts += [f"## The {active} is active\n", table(HEAD, _rows(active))]
    parts += [
        "## Where it does not lead to the active Region\n",
        "Each such row has one of these reasons. In none do two Regions take "
        "writes: the fence decides that, whatever the name leads to.\n",
        "".join(f"- {text}\n" for text in ACCEPTED),
    ]
    return "\n".join(parts)


def _by_quorum(answered: Seen) -> str:
    return "a quorum answers" if answered.table == "quorum" else "no quorum answers"


def _by_all(answered: Seen) -> str:
    own = f"its copy names the {answered.copy}"
    if answered.table == "quorum":
        return f"a quorum answers; {own}"
    young = (answered.memory, answered.named) == ("young", "Secondary")
    last = "a strong read in 120 s named the" if young else "no strong read in 120 s that named the"
    if answered.table == "nothing":
        return f"nothing answers; {last} Secondary"
    return f"no quorum answers; {last} Secondary; {own}"


# Names for answers of the control table, the coarsest first.
NAMES: tuple[Callable[[Seen], str], ...] = (lambda _: "", _by_quorum, _by_all)


def _rows(active: Side) -> list[tuple[str, ...]]:
    """Return the rows for one active Region. Faults that come to the same rows share them."""
    blocks: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for fault in FAULTS:
        by_resort = {resort: _answered(active, fault, resort) for resort in RESORTS}
        assert by_resort[None] == by_resort["Primary"]
        if by_resort[None] == by_resort["Secondary"]:
            block = [(text, "", *cells) for text, *cells in by_resort[None]]
        else:
            block = [(text, "nobody or the Primary", *cells) for text, *cells in by_resort[None]]
            block += [(text, "the Secondary", *cells) for text, *cells in by_resort["Secondary"]]
        blocks.setdefault(tuple(block), []).append(fault)
    return [(" or ".join(faults), *row) for block, faults in blocks.items() for row in block]


def _answered(active: Side, fault: Fault, resort: Side | None) -> list[tuple[str, ...]]:
    """Return the answers, by the coarsest names that each stand for one answer only."""
    for name in NAMES:
        groups: dict[str, set[Answers]] = {}
        for answered, state in itertools.product(seen(active, fault), STATES):
            world = World(active, state, fault, answered, resort)
            groups.setdefault(name(answered), set()).add(answers(world))
        if all(len(group) == 1 for group in groups.values()):
            break
    return [
        (text, _said(a.on), _said(a.off), _said(a.endpoint), f"**{a.leads_to}**")
        for text, (a,) in groups.items()
    ]


def _said(value: bool | None) -> str:
    return "-" if value is None else "yes" if value else "no"
