"""The transitions as data, as a model that is small enough to be searched to its end.

Two Regions, 0 and 1. A register that is linearizable. Requests that were sent stay on the network:
each may be applied late, and as often as it likes. Two movers, which crash and start again, a
keeper, and a writer in each Region with the fence's three checks. Ages count ticks of one clock;
what lies between two ticks happens in every order.

Every part is a function from (its own local state, what all share) to the next ones, so the search
computes each pair once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from pilotlight.control.transitions import TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

FENCE, LEASE = 1, 2
NAMES = tuple(TRANSITIONS)
KEEPER = 9


class Request(NamedTuple):
    """A conditional write on its way: what it would write, and over which revision."""

    name: str
    seen: int
    here: int
    epoch: int
    by: tuple[int, int]
    won: bool = False


class Shared(NamedTuple):
    """The control item, the network, and what the invariants remember."""

    revision: int
    active: int
    epoch: int
    state: str
    by: tuple[int, int]
    sent: tuple[Request, ...] = ()
    acknowledged: int = 0
    owners: tuple[int, ...] = (0,)


START = Shared(1, 0, 1, "serving", (0, 0))


class Broken(Exception):
    """An invariant does not hold."""


@dataclass(frozen=True)
class Rules:
    """What may be taken out, to see that the search finds what then goes wrong."""

    compare_and_set: bool = True
    own_drain: bool = True
    lease_from_answer: bool = True
    lease_of_successor: bool = True
    read_from_sending: bool = True
    first_age: bool = True
    second_age: bool = True
    third_age: bool = True
    keeper: bool = True

    def without(self, name: str) -> Rules:
        return replace(self, **{name: False})


def refused(name: str, shared: Shared, here: int) -> bool:
    """Say whether a row of transitions.json lets it start from the item that was read."""
    row = TRANSITIONS[name]
    if shared.state not in row.states:
        return True
    return (row.active == "here") != (shared.active == here) and row.active != "any"


def ask(name: str, shared: Shared, here: int, by: tuple[int, int]) -> Shared:
    """Send a transition over the item that was read. A copy of what is on its way adds nothing."""
    asked = Request(name, shared.revision, here, shared.epoch, by)
    return shared if asked in shared.sent else shared._replace(sent=(*shared.sent, asked))


def applied(shared: Shared, asked: Request, rules: Rules) -> Shared | None:
    """Return what is there once the store has judged a request, or None where nothing changes."""
    if asked.seen != shared.revision and rules.compare_and_set:
        return None
    row = TRANSITIONS[asked.name]
    revision = asked.seen + 1
    epoch = asked.epoch + 1 if row.claims else shared.epoch
    active = asked.here if row.claims else shared.active
    if revision <= shared.revision or epoch < shared.epoch:
        raise Broken("A revision or an epoch went back.")
    owners = shared.owners if epoch == shared.epoch else (*shared.owners, active)
    if owners[epoch - 1] != active:
        raise Broken("An epoch has two active Regions.")
    won = asked._replace(won=True)
    sent = tuple(won if r == asked else r for r in shared.sent)
    if rules.compare_and_set:
        sent = tuple(r for r in sent if r.won or r.seen == revision)
    else:
        sent = (*sent, asked)
    return Shared(revision, active, epoch, row.state, asked.by, sent, shared.acknowledged, owners)


def network(shared: Shared, rules: Rules) -> Iterator[Shared]:
    """Yield what each request on its way may do."""
    for asked in shared.sent:
        if not asked.won:
            after = applied(shared, asked, rules)
            if after is not None:
                yield after


def answer(shared: Shared, name: str, seen: int, by: tuple[int, int]) -> Shared | None:
    """Return what is left once an answer of success has come, or None if there is none to come."""
    for asked in shared.sent:
        if asked.won and (asked.name, asked.seen, asked.by) == (name, seen, by):
            return forget(shared, by)
    return None


def forget(shared: Shared, by: tuple[int, int]) -> Shared:
    """Drop the answers that nobody waits for any more."""
    left = tuple(r for r in shared.sent if not (r.won and r.by == by))
    return shared if left == shared.sent else shared._replace(sent=left)


# --- the writers ---------------------------------------------------------------------------------
class Writer(NamedTuple):
    """The read that its fence holds, and the write under way: (epoch, age), or None."""

    pending: tuple[int, int] | None = None
    held: tuple[int, int] | None = None
    passed: tuple[int, int] | None = None
    sent: tuple[int, int] | None = None


Turn = tuple[Writer, Shared]


def write(region: int, me: Writer, shared: Shared, rules: Rules) -> Iterator[Turn]:
    """Read, pass, send, and be answered, each where its age allows it."""
    allowed = shared.active == region and shared.state == "serving"
    yield from _read(me, shared, (shared.epoch, 0) if allowed else None, rules)
    if me.held is not None and me.passed is None and me.sent is None:
        if me.held[1] >= FENCE:
            raise Broken("A write passed by a read that is no longer valid.")
        yield me._replace(passed=me.held), shared
    if me.passed is not None:
        if me.passed[1] >= LEASE:
            raise Broken("A write was sent later than LEASE after its read was sent.")
        yield me._replace(passed=None, sent=me.passed), shared
    if me.sent is not None:
        if me.sent[0] < shared.acknowledged:
            raise Broken("Two Regions acknowledged writes at overlapping times.")
        yield me._replace(sent=None), shared._replace(acknowledged=me.sent[0])


def _read(
    me: Writer, shared: Shared, fresh: tuple[int, int] | None, rules: Rules
) -> Iterator[Turn]:
    """Read strongly. Where its age counts from its sending, an answer that waits adds nothing."""
    if rules.read_from_sending:
        if me.held != fresh:
            yield me._replace(held=fresh), shared
        return
    if me.pending != fresh:
        yield me._replace(pending=fresh), shared
    if me.pending is not None:
        yield me._replace(pending=None, held=(me.pending[0], 0)), shared


def writer_ticks(me: Writer, rules: Rules) -> Writer:
    """Let time pass. What is too old for its check is as good as gone."""

    def older(what: tuple[int, int] | None, end: int, *, judged: bool) -> tuple[int, int] | None:
        if what is None or (judged and what[1] + 1 >= end):
            return None
        return (what[0], min(what[1] + 1, LEASE))

    return Writer(
        me.pending,
        older(me.held, FENCE, judged=rules.first_age),
        older(me.passed, LEASE, judged=rules.second_age),
        older(me.sent, LEASE, judged=rules.third_age),
    )
