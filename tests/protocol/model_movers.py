"""The movers and the keeper of the model: machines that read, ask, wait, and may die anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.protocol.model import KEEPER, LEASE, Rules, Shared, answer, ask, forget, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

Step = tuple["Mover", Shared]


class Mover(NamedTuple):
    """Where an execution stands, how many requests it may still send, and what it knows."""

    phase: str = "ready"
    execution: int = 0
    budget: int = 0
    revision: int = 0
    waited: int = 0


class Plan(NamedTuple):
    """A machine: which kind, in which Region, how often it starts, how many requests it sends."""

    kind: str
    number: int
    region: int
    executions: int
    budget: int

    @property
    def start(self) -> Mover:
        return Mover(budget=self.budget)


def steps(plan: Plan, me: Mover, shared: Shared, rules: Rules) -> Iterator[Step]:
    """Yield every next state of a machine, its death and its next start included."""
    name = (plan.number, me.execution)
    if me.phase == "ended":
        if me.execution + 1 < plan.executions:
            yield Mover("ready", me.execution + 1, plan.budget), shared
        return
    yield from (failover if plan.kind == "failover" else switchover)(plan, me, shared, rules)
    yield Mover("ended", me.execution), forget(shared, name)


def ticks(me: Mover) -> Mover:
    return me._replace(waited=min(me.waited + 1, LEASE)) if me.phase in WAITS else me


WAITS = ("claim", "claimed", "drain", "drained")


def _asks(
    plan: Plan, me: Mover, shared: Shared, transition: str, phase: str, rules: Rules
) -> Iterator[Step]:
    """Send a request for a transition over the item that is there now."""
    if me.budget and not refused(transition, shared, plan.region):
        name = (plan.number, me.execution)
        sent = ask(transition, forget(shared, name), plan.region, name)
        yield Mover(phase, me.execution, me.budget - 1, shared.revision), sent


def _over(
    plan: Plan, me: Mover, shared: Shared, transition: str, phase: str, rules: Rules
) -> Iterator[Step]:
    """Send a request over the revision that is remembered, whatever is there now."""
    if me.budget:
        name = (plan.number, me.execution)
        there = forget(shared, name)
        seen = there._replace(revision=me.revision)
        sent = ask(transition, seen, plan.region, name).sent
        live = me.revision == shared.revision or not rules.compare_and_set
        after = there._replace(sent=sent) if live else there
        yield Mover(phase, me.execution, me.budget - 1, me.revision), after


def _answered(
    plan: Plan, me: Mover, shared: Shared, transition: str, phase: str, rules: Rules
) -> Iterator[Step]:
    name = (plan.number, me.execution)
    after = answer(shared, transition, me.revision, name)
    if after is not None:
        waited = 0 if rules.lease_from_answer else me.waited
        yield Mover(phase, me.execution, me.budget, me.revision + 1, waited), after


def failover(plan: Plan, me: Mover, shared: Shared, rules: Rules) -> Iterator[Step]:
    """Claim for the own Region, wait, serve. After any answer but success it judges anew."""
    name, mine = (plan.number, me.execution), shared.active == plan.region
    anew = Mover("ready", me.execution, me.budget)
    if me.phase == "ready":
        if mine and shared.state == "claimed":
            waited = 0 if rules.lease_of_successor else LEASE
            yield Mover("claimed", me.execution, me.budget, shared.revision, waited), shared
        elif not mine:
            yield from _asks(plan, me, shared, "claim", "claim", rules)
    elif me.phase == "claim":
        yield from _answered(plan, me, shared, "claim", "claimed", rules)
        yield anew, forget(shared, name)
    elif me.phase == "claimed" and me.waited >= LEASE:
        yield from _over(plan, me, shared, "serve", "serve", rules)
    elif me.phase == "serve":
        yield anew, forget(shared, name)


def switchover(plan: Plan, me: Mover, shared: Shared, rules: Rules) -> Iterator[Step]:
    """Drain, wait, prove, claim for the own Region by its own drain; undo the drain or else end."""
    name = (plan.number, me.execution)
    check = Mover("check", me.execution, me.budget)
    if me.phase == "ready" and shared.active != plan.region:
        yield from _asks(plan, me, shared, "drain", "drain", rules)
    elif me.phase == "drain":
        yield from _answered(plan, me, shared, "drain", "drained", rules)
        yield check, forget(shared, name)
    elif me.phase == "drained":
        yield check, shared
        if me.waited >= LEASE and rules.own_drain:
            yield from _over(plan, me, shared, "planned_claim", "planned_claim", rules)
        elif me.waited >= LEASE:
            yield from _asks(plan, me, shared, "planned_claim", "planned_claim", rules)
    elif me.phase == "planned_claim":
        yield check, forget(shared, name)
    elif me.phase == "check" and shared.state == "draining" and shared.by == name:
        yield Mover("drained", me.execution, me.budget, shared.revision), shared
        yield from _asks(plan, me, shared, "undrain", "undrain", rules)


def keep(me: Mover, shared: Shared, rules: Rules) -> Iterator[Step]:
    """Serve a claim after a LEASE, undo a drain that may be over; die and come back anywhere."""
    if not rules.keeper:
        return
    if me.phase == "claimed":
        yield Mover(), shared
        if me.waited >= LEASE:
            there = shared.revision == me.revision
            yield Mover(), _kept(shared, "serve", me.execution) if there else shared
    elif shared.state == "claimed":
        yield Mover("claimed", shared.active, 0, shared.revision), shared
    elif shared.state == "draining":
        after = _kept(shared, "undrain", shared.active)
        if after is not shared:
            yield me, after


def _kept(shared: Shared, name: str, here: int) -> Shared:
    return ask(name, forget(shared, (KEEPER, 0)), here, (KEEPER, 0))
