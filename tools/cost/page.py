"""How the figures look: in the terminal, and as docs/cost.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.cost import bill
from tools.cost.bill import services, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.cost.bill import Costs, Line
    from tools.cost.facts import Tables

GOAL = 25.0
NOT_MEASURED = "Modelled from list prices and assumed use; nothing was measured on a bill."


def dollars(amount: float, decimals: int = 2) -> str:
    """Write an amount of money."""
    return f"${amount:,.{decimals}f}"


def quantity(line: Line) -> str:
    """Write how much a line has, with what it is counted in."""
    size = line.quantity
    number = f"{size:,.0f}" if size >= 100 or size == int(size) else f"{size:.3g}"
    return f"{number} {line.terms['unit']}"


def price(terms: Any) -> str:
    """Write a price as people do."""
    count = terms.get("per", 1)
    per = {1_000_000: " per million", 1: ""}.get(count, f" per {count:,}")
    usd = f"{terms['usd']:.10f}".rstrip("0")
    return f"${usd + '0' * max(0, 2 - len(usd.partition('.')[2]))}{per}"


def text(costs: Costs) -> str:
    """Write what `make cost` prints."""
    parts = ["The idle month, in US dollars at list prices of us-east-1.", *costs.warnings, ""]
    parts += [
        *_table(costs.month),
        "",
        "One failover, on top of the month in which it happens.",
        "",
    ]
    parts += [*_table(costs.failover, 6), "", NOT_MEASURED]
    parts += ["Assumptions, prices with their sources, and what saves something: docs/cost.md"]
    return "\n".join(parts)


def _table(lines: tuple[Line, ...], decimals: int = 2) -> Iterable[str]:
    for service, amount in services(lines).items():
        yield f"{service:<72}{dollars(amount, decimals):>12}"
        for x in (x for x in lines if x.service == service):
            yield f"  {x.what:<58}{quantity(x):>28}{dollars(x.amount, decimals):>12}"
    yield f"{'Total':<72}{dollars(total(lines), decimals):>12}"


def rows(head: Iterable[str], body: Iterable[Iterable[object]], right: str = "") -> str:
    """Write a table. `right` names the columns, counted from 0, whose figures stand right."""
    head = list(head)
    rule = ["--:" if str(i) in right else "---" for i in range(len(head))]
    cells = [head, rule, *([str(cell) for cell in row] for row in body)]
    return "".join("| " + " | ".join(row) + " |\n" for row in cells)


def markdown(costs: Costs, tables: Tables) -> str:
    """Write docs/cost.md."""
    month, failover = total(costs.month), total(costs.failover)
    lines = [
        (x.service, x.what, quantity(x), price(x.terms), dollars(x.amount)) for x in costs.month
    ]
    head = ("service", "what", "quantity", "price", "amount")
    run = [(x.service, x.what, quantity(x), dollars(x.amount, 6)) for x in costs.failover]
    prices = [
        (
            t["of"],
            price(t),
            f"{t['free']:,}" if "free" in t else "",
            t["tag"],
            t["date"],
            t["source"],
        )
        for t in tables.prices["prices"].values()
    ]
    return DOCUMENT.format(
        month=dollars(month),
        failover=dollars(failover, 4),
        goal=dollars(GOAL, 0),
        free=dollars(costs.free),
        left=dollars(month - costs.free),
        most=dollars(max(month, *(other for _, other in _others(tables, "doubts")))),
        services=rows(
            ("service", "a month", "share"),
            ((s, dollars(a), f"{a / month:.0%}") for s, a in services(costs.month).items()),
            "12",
        ),
        lines=rows(head, lines, "24"),
        settings=_changes(tables, month, "settings"),
        edits=_changes(tables, month, "edits"),
        doubts=_changes(tables, month, "doubts"),
        run=rows(("service", "what", "quantity", "amount"), run, "23"),
        assumed=rows(
            ("", "value", "why"),
            ((f"`{n}`", f"{v:g} {unit}", why) for n, (v, unit, why) in tables.assumed.items()),
            "1",
        ),
        prices=rows(("", "price", "free", "", "of", "source"), prices, "12"),
        nothing=rows(
            ("type", "why"), ((f"`{k}`", why) for k, why in tables.prices["costs_nothing"].items())
        ),
    )


def settings(text: str) -> dict[str, str]:
    """Split settings as the tables of quantities.toml have them: `A=1, B=rate(1 day)`."""
    return {name: value for name, _, value in (part.partition("=") for part in text.split(", "))}


def _others(tables: Tables, section: str) -> Iterable[tuple[str, float]]:
    """Give the month that each of a table's settings makes."""
    for text in tables.quantities[section]:
        yield text, total(bill.compute(*tables.given(settings(text))).month)


def _changes(tables: Tables, month: float, section: str) -> str:
    """Write a table of what other settings change."""
    body = [
        (
            " ".join(f"`{part}`" for part in text.split(", ")),
            tables.quantities[section][text],
            change(other - month),
            f"**{dollars(other)}**" if other <= GOAL else dollars(other),
        )
        for text, other in _others(tables, section)
    ]
    return rows(("", "means", "changes", "a month"), body, "23")


def change(amount: float) -> str:
    """Write what is added or taken off."""
    if round(abs(amount), 2) == 0:
        return dollars(0)
    return f"{'+' if amount > 0 else '-'}{dollars(abs(amount))}"


DOCUMENT = """\
# What it costs

<!-- Written by `make cost COST_FLAGS=--write-doc`. Do not edit; edit what it reads. -->

An idle month with the template's defaults costs about **{month}** at list prices, and one failover
about **{failover}** on top. The goal is at most {goal}
([ADR 21](adr/0021-what-an-idle-month-may-cost.md)). It is {left} where nothing else of the account
uses AWS's always-free allowances, and up to {most} [if an assumption is
wrong](#if-an-assumption-is-wrong). [Other settings](#what-other-settings-cost-or-save) cost or save
more.

`make cost` computes this from `template.yaml` and the applications that it nests, as
`samconfig.toml` deploys them, the price table `tools/cost/prices.toml` and the quantities of
`tools/cost/quantities.toml`. Health checks, alarms, keys, dashboards, schedules, memory and
parameters are read from the templates; what neither table knows is an error.

**Nothing here was measured on a bill.** The prices are us-east-1 list prices, some of them
recalled; use is assumed. Always-free allowances are not taken off: where no other workload of the
account uses them, they take off {free} and leave **{left}**, a dashboard included.

## The idle month

Both Regions' stacks and the Monitor, deployed with the template's defaults, without your own
traffic.

{services}
Line by line. Amounts are rounded one by one, so that sums may differ by a cent.

{lines}
## What other settings cost or save

Each alone, computed by reading the template with that value, as
`make cost COST_FLAGS="--set Dashboard=on"` does for any parameter; bold is within the goal.

{settings}
AWS gives each account three dashboards of up to 50 metrics a month for ever [D]; this one
references fewer, so that it costs nothing where the account has at most two others. How to turn it
on: [deploy.md](deploy.md).

By an edit of the template:

{edits}
## If an assumption is wrong

Those that change most.

{doubts}
## One failover

Started by the alarm, promoted at the first judgement.

{run}
## Assumptions

{assumed}
- A health check whose host name is a custom domain or a function URL of these stacks is one of an
  *AWS endpoint*: it runs within AWS, in the same account. Calculated checks are billed as basic
  checks and ask nobody.
- Requests of a check: checkers, times seconds of the month, through the interval. AWS counts the
  interval from an answer to the next request; the answer is taken to need no time, so that the
  figure is an upper bound.
- A request to a function URL costs an invocation, its time and the transfer of its answer, and
  nothing else [D]. DNS queries of the checkers ask alias records to API Gateway, which are free
  [r].
- What one invocation of each function uses is in `tools/cost/quantities.toml`: mean values, cold
  starts spread over all [r].

## Prices

How sure: **D** a stored copy of the AWS page itself; **N** third-party notes or transcripts that
quote the AWS page; **r** recalled, unconfirmed. *Free* is what an account gets of it each month for
ever.

{prices}
## What costs nothing

{nothing}
Not counted: the artifacts of `sam deploy` (cents), CloudTrail, taxes, support, restores, looking at
logs and traces, and your domain's registration.
"""
