"""docs/cost.md, written by the computation itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost import control, grounds, savings
from cost.bill import allowances
from cost.tables import dollars, quantity, rows

if TYPE_CHECKING:
    from cost.bill import Bill
    from cost.savings import Option
    from cost.whole import Computed

ROUNDS = "Amounts are rounded one by one, so that sums may differ by a cent."


def bill_rows(bill: Bill, decimals: int) -> list[str]:
    """Write a bill line by line."""
    body = [
        (x.service, x.where, x.what, quantity(x), x.price.label, dollars(x.amount, decimals))
        for x in bill.lines
    ]
    body.append(("**Total**", "", "", "", "", f"**{dollars(bill.total, decimals)}**"))
    return rows(("service", "where", "what", "quantity", "price", "amount"), body, "35")


def markdown(computed: Computed) -> str:
    """Write the whole page."""
    parts = [
        _opening(computed),
        _month(computed),
        _allowances(computed),
        _dominates(computed),
        _control(computed),
        _saves(computed),
        _one_failover(computed),
        grounds.assumptions(computed),
        grounds.prices(computed),
        grounds.left_out(computed),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _opening(computed: Computed) -> list[str]:
    stacks = computed.month.deployment.stacks
    places = ", ".join(f"{s.role} in {s.region}" for s in stacks)
    verdict = (
        f"That is within the goal of {dollars(savings.GOAL, 0)}."
        if computed.total <= savings.GOAL
        else f"The goal is {dollars(savings.GOAL, 0)}: "
        "[what would reach it](#what-other-settings-save)."
    )
    return [
        "# What it costs",
        "",
        "<!-- Written by `make cost COST_FLAGS=--write-doc`. Do not edit; edit what it reads. -->",
        "",
        f"An idle month costs about **{dollars(computed.total)}**, and one failover about "
        f"**{dollars(computed.failover.total, 4)}** on top. {verdict}",
        "",
        "`make cost` computes this from the resources of `template.yaml` as `samconfig.toml` "
        f"deploys them ({places}), the price table `cost/prices.toml` and the usage table "
        "`cost/usage.toml`. A new health check, alarm or schedule in the template changes the "
        "figures by itself; a resource or function that the tables do not know is an error.",
        "",
        "**Nothing here was measured on a bill.** The prices are us-east-1 list prices, some of "
        "them recalled; use is assumed. Always-free allowances are not taken off, unless said: "
        f"with them it is **{dollars(computed.instead(free_allowances=True).total)}** "
        "([which](#what-the-always-free-allowances-leave)).",
    ]


def _month(computed: Computed) -> list[str]:
    bill = computed.month.bill
    shares = [
        (name, dollars(amount), f"{amount / bill.total:.0%}")
        for name, amount in bill.services.items()
    ]
    return [
        "## The idle month",
        "",
        "Both Regions' stacks and the Monitor, deployed with the template's defaults, without "
        "your own traffic.",
        "",
        *rows(("service", "a month", "share"), shares, "12"),
        "",
        f"Line by line. {ROUNDS}",
        "",
        *bill_rows(bill, 2),
    ]


def _allowances(computed: Computed) -> list[str]:
    free = [(-line.amount, line) for line in allowances(computed.month.bill)]
    body = [
        (
            line.price.of,
            f"{line.price.free:,g}",
            f"{computed.month.bill.quantity(line.price.name):,.3g}",
            line.price.unit,
            dollars(less),
        )
        for less, line in sorted(free, key=lambda found: -found[0])
        if less >= 0.005
    ]
    left = computed.instead(free_allowances=True).total
    return [
        "## What the always-free allowances leave",
        "",
        "An account gets these every month for ever, all its workloads together and, where not "
        "said otherwise, all its Regions. Where no other workload uses them up they take off "
        f"{dollars(computed.total - left)} and leave **{dollars(left)}**:",
        "",
        *rows(("", "free", "used here", "", "takes off"), body, "124"),
    ]


def _dominates(computed: Computed) -> list[str]:
    quiet = computed.instead(assumptions={"checkers_per_region": 0}).total
    traffic = computed.total - quiet
    asked = [f for f in computed.month.flows if f.cause in {c.name for c in computed.month.checks}]
    requests = sum(flow.number for flow in asked)
    more = {
        "one checker more in each checker Region": _with(computed, "checkers_per_region", 1),
        "each GB of items": _with(computed, "items_gb", 1),
        "each GB of objects": _with(computed, "objects_gb", 1),
        "each million requests of users, a fifth of them writes": _with(
            computed, "user_requests", 1_000_000
        ),
    }
    largest = [
        (x.service, x.where, x.what, dollars(x.amount)) for x in computed.month.bill.largest(5)
    ]
    return [
        "## What dominates",
        "",
        f"The health checks' own traffic: {requests:,.0f} requests a month cost "
        f"{dollars(traffic)}, {traffic / computed.total:.0%} of the idle month, in API Gateway, "
        "traces, metrics by method, Lambda, reads and logs. The checks themselves are "
        f"{dollars(_checks_alone(computed))}.",
        "",
        *rows(("check", "asks", "every", "checkers", "requests"), _check_rows(computed), "234"),
        "",
        "The five largest lines:",
        "",
        *rows(("service", "where", "what", "a month"), largest, "3"),
        "",
        "What would come on top:",
        "",
        *rows(("", "a month"), [(name, dollars(x)) for name, x in more.items()], "1"),
        "",
        "A backup of a table is a full copy each time, and every copy is kept in both Regions: "
        "that is why a GB of items costs far more than a GB of objects.",
    ]


def _control(computed: Computed) -> list[str]:
    body = [(u.who, u.calls, f"{u.number:,.0f}", dollars(u.usd)) for u in control.uses(computed)]
    fence = control.busiest_fence(computed)
    return [
        "## The control table",
        "",
        "It is strongly consistent over three Regions. A strong read is one read unit; a write is "
        "billed in the two Regions that hold the table, and not in the witness's. In an idle month "
        f"it costs {dollars(sum(u.usd for u in control.uses(computed)))} of the above:",
        "",
        *rows(("who", "calls", "a month", ""), body, "23"),
        "",
        "Writes of users add a strong read of the fence, at most one a second in each environment "
        f"of the app: one that writes all month makes {fence.number:,.0f} of them, for "
        f"{dollars(fence.usd)}. Claims and drains are a handful of writes.",
    ]


def _with(computed: Computed, assumption: str, more: float) -> float:
    had = computed.month.deployment.usage.assumed(assumption)
    return computed.instead(assumptions={assumption: had + more}).total - computed.total


def _check_rows(computed: Computed) -> list[tuple[str, ...]]:
    seconds = computed.month.deployment.usage.month_seconds
    return [
        (
            check.name,
            f"`{check.path}` of the {check.target or 'internet'}",
            f"{check.interval} s",
            f"{check.checkers:g}",
            f"{check.requests(seconds):,.0f}",
        )
        for check in computed.month.checks
        if check.checkers
    ]


def _checks_alone(computed: Computed) -> float:
    own = ("health_check_aws", "health_check_other")
    options = ("health_check_option_aws", "health_check_option_other")
    lines = computed.month.bill.lines
    return sum(line.amount for line in lines if line.price.name in own + options)


def _option(option: Option, computed: Computed) -> tuple[str, str, str, str]:
    saved = computed.total - option.total
    total = dollars(option.total)
    return (
        option.name,
        option.means,
        dollars(saved),
        f"**{total}**" if option.reaches_goal else total,
    )


def _saves(computed: Computed) -> list[str]:
    head = ("", "means", "saves", "leaves")
    alone = [_option(o, computed) for o in savings.single(computed)]
    mixed = [_option(o, computed) for o in savings.together(computed)]
    return [
        "## What other settings save",
        "",
        "Each alone:",
        "",
        *rows(head, alone, "23"),
        "",
        f"Together; bold is within the goal of {dollars(savings.GOAL, 0)}:",
        "",
        *rows(head, mixed, "23"),
        "",
        "`make cost COST_FLAGS=--help` lists the options that compute these and others. The "
        "template does not offer all of them: those without a parameter need an edit of it.",
    ]


def _one_failover(computed: Computed) -> list[str]:
    usage = computed.month.deployment.usage.failover
    return [
        "## One failover",
        "",
        f"{usage.why[0].upper()}{usage.why[1:]}. {usage.subscribers} subscriber by e-mail, "
        f"{usage.transition_log_bytes:,g} bytes of log for each transition. Afterwards an idle "
        "month costs what it did before: the same checkers ask the same questions.",
        "",
        *bill_rows(computed.failover, 6),
    ]
