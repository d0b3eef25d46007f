"""The idle month: every resource of every stack, and the requests that come without users."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cost import (
    ROOT,
    CostError,
    beats,
    bill,
    checks,
    failover,
    functions,
    schedules,
    standing,
    traffic,
    usage,
)
from cost.bill import Line
from cost.functions import KIND, Work
from cost.settings import left_out
from cost.standing import PRICERS, Deployment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cost.bill import Bill
    from cost.prices import PriceList
    from cost.settings import Settings
    from cost.template import Resource, Stack
    from cost.traffic import Flow
    from cost.usage import Usage

# Computed together, not one by one.
TOGETHER = (
    checks.KIND,
    KIND,
    "AWS::Events::Rule",
    "AWS::Scheduler::Schedule",
    "AWS::Serverless::Api",
    "AWS::Serverless::HttpApi",
    "AWS::Serverless::StateMachine",
)


@dataclass(frozen=True)
class Month:
    """An idle month, and what it was computed from."""

    bill: Bill
    checks: tuple[checks.Check, ...]
    flows: tuple[Flow, ...]
    deployment: Deployment
    settings: Settings


def _known(stack: Stack, resource: Resource, prices: PriceList) -> None:
    for name in prices.not_priced.get(resource.kind, []):
        if resource.properties.get(name):
            raise CostError(f"{resource.name} has {name}, for which no price is known here.")
    if resource.kind not in (*PRICERS, *TOGETHER, *prices.costs_nothing):
        raise CostError(
            f"The {stack.role}'s stack has {resource.name} of type {resource.kind}, for which no "
            "price is known. Add a price and the code that applies it, or say in prices.toml "
            "under [costs_nothing] why it costs nothing."
        )


def _entries(deployment: Deployment) -> None:
    """See that the usage table speaks of the template's functions, and of no others."""
    known = {r.name for s in deployment.stacks for r in s.of(KIND)}
    for name in known:
        deployment.usage.function(name)
    gone = sorted(set(deployment.usage.functions) - known)
    if gone:
        raise CostError(f"{usage.FILE.name} has [functions.{gone[0]}], the template has not.")


def _scheduled(
    starts: Iterable[schedules.Start], deployment: Deployment
) -> dict[tuple[str, str], float]:
    """Return the invocations by schedules, for each role and function; usage.toml must agree."""
    found: dict[tuple[str, str], float] = {}
    for start in starts:
        if start.target in deployment.usage.functions:
            place = start.stack, start.target
            found[place] = found.get(place, 0.0) + start.per_month
        elif start.target != deployment.usage.failover.machine:
            raise CostError(f"{start.schedule} starts {start.target or 'something'} unknown.")
    names = {name for _, name in found}
    for name, entry in deployment.usage.functions.items():
        if (entry.invoked_by == "schedule") != (name in names):
            says = "is" if name in names else "is not"
            raise CostError(
                f"{name} {says} on a schedule of the template, and [functions.{name}] in "
                f"usage.toml says that it is invoked by {entry.invoked_by!r}."
            )
    return found


def _work(
    flows: Iterable[Flow], scheduled: dict[tuple[str, str], float], all_of: Deployment
) -> Iterable[Work]:
    stacks = {s.role: s for s in all_of.stacks}
    for flow in flows:
        stack, name = stacks[flow.where], flow.route.function
        if all_of.usage.function(name).invoked_by != "checks":
            raise CostError(f'{flow.cause} asks {name}; usage.toml must say invoked_by = "checks".')
        writes = {}
        if flow.cause == "users" and flow.route.method != "GET":
            writes = {"ItemsTable": flow.number * all_of.usage.assumed("user_write_units")}
        yield Work(stack, functions.resource(stack, name), flow.number, writes=writes)
    for stack in all_of.stacks:
        for function in stack.of(KIND):
            if (stack.role, function.name) in scheduled:
                yield Work(stack, function, scheduled[stack.role, function.name])


def _function_lines(works: list[Work], month: Month) -> Iterable[Line]:
    all_of = month.deployment
    for work in works:
        yield from functions.lines(work, all_of, month.settings)
    invoked = {(w.stack.role, w.function.name): w for w in works}
    for (where, name), work in invoked.items():
        entry = all_of.usage.function(name)
        price = all_of.prices["custom_metric"]
        yield Line("CloudWatch", where, "custom metrics", entry.metrics, price, (name,))
        traced = work.function.properties.get("Tracing") == "Active"
        if traced and entry.invoked_by == "schedule":
            what, traces = "traces of schedules", all_of.prices["trace"]
            yield Line("X-Ray", where, what, work.number, traces, (name,))


def _start_lines(month: Month, starts: list[schedules.Start], root: Path) -> Iterable[Line]:
    all_of = month.deployment
    for start in starts:
        if start.by_scheduler:
            price = all_of.prices["scheduler_invocation"]
            what = "Scheduler's invocations"
            yield Line("EventBridge", start.stack, what, start.per_month, price, (start.schedule,))
        if start.target == all_of.usage.failover.machine:
            for line in failover.compute(all_of, month.settings, root).lines:
                what = f"{line.what}, runs by {start.schedule}"
                yield replace(line, what=what, quantity=line.quantity * start.per_month)


def _lines(month: Month, starts: list[schedules.Start], root: Path) -> Iterable[Line]:
    all_of, flows, settings = month.deployment, list(month.flows), month.settings
    yield from checks.lines(month.checks, all_of.prices)
    yield from traffic.lines(flows, all_of)
    yield from traffic.metric_lines(flows, all_of, settings)
    yield from traffic.trace_lines(flows, all_of, settings)
    works = list(_work(flows, _scheduled(starts, all_of), all_of))
    yield from _function_lines(works, month)
    yield from beats.lines(all_of)
    yield from _start_lines(month, starts, root)
    for stack in all_of.stacks:
        for resource in stack.resources.values():
            if resource.kind in PRICERS:
                yield from PRICERS[resource.kind](stack, resource, all_of)
    queries = sum(f.number for f in flows if f.cause == "users")
    price = all_of.prices["dns_query"]
    yield Line("Route 53", "account", "DNS queries of users, at most", queries, price, ("users",))
    for name, given in all_of.usage.outside.items():
        what = f"{name.replace('_', ' ')}, not made by the template"
        yield Line("Route 53", "account", what, given["quantity"], all_of.prices[name])


def compute(
    stacks: Iterable[Stack],
    prices: PriceList,
    assumed: Usage,
    settings: Settings,
    root: Path = ROOT,
) -> Month:
    """Compute the idle month of some stacks.

    Raises
    ------
    CostError
        The template has something that neither table knows.
    """
    stacks = tuple(s.without(left_out(s.role, settings.without)) for s in stacks)
    assumed = assumed.adopting(r.name for s in stacks for r in s.of(KIND))
    all_of = standing.Deployment(stacks, prices, assumed)
    for stack in all_of.stacks:
        for resource in stack.resources.values():
            _known(stack, resource, prices)
    _entries(all_of)
    found = checks.read(all_of.stacks, settings, assumed)
    starts = schedules.read(all_of.stacks, assumed.month_seconds)
    probes = [
        flow
        for (_, name), number in _scheduled(starts, all_of).items()
        for flow in traffic.of_probes(name, number, all_of.stacks, assumed)
    ]
    flows = [*traffic.of_checks(found, all_of), *probes, *traffic.of_users(all_of)]
    month = Month(bill.Bill(()), tuple(found), tuple(flows), all_of, settings)
    total = bill.merged(_lines(month, starts, root))
    if settings.free_allowances:
        total = bill.merged((*total.lines, *bill.allowances(total)))
    return replace(month, bill=total)
