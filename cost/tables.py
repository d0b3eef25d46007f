"""How figures look: the table in the terminal, and JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.bill import Bill, Line
    from cost.settings import Settings
    from cost.whole import Computed

NOT_MEASURED = "Modelled from list prices and assumed use; nothing was measured on a bill."


def quantity(line: Line) -> str:
    """Write how much a line has, with what it is counted in."""
    size = abs(line.quantity)
    if size >= 100 or size == int(size):
        number = f"{line.quantity:,.0f}"
    else:
        number = f"{line.quantity:.3g}" if size >= 0.001 else f"{line.quantity:.1e}"
    unit = line.price.unit
    return f"{number} {unit.removesuffix('s') if size == 1 and unit != 'GB-s' else unit}"


def dollars(amount: float, decimals: int = 2) -> str:
    """Write an amount of money."""
    sign = "-" if round(amount, decimals) < 0 else ""
    return f"{sign}${abs(amount):,.{decimals}f}"


def table(bill: Bill, decimals: int = 2) -> str:
    """Write a bill line by line, each service with its sum."""
    rows = [
        (x.where, x.what, quantity(x), x.price.label, f"{x.amount:,.{decimals}f}")
        for x in bill.lines
    ]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(5)]
    whole = sum(widths) + 2 * 5
    lines: list[str] = []
    service = ""
    for line, (where, what, number, price, amount) in zip(bill.lines, rows, strict=True):
        if line.service != service:
            service = line.service
            sums = dollars(bill.services[service], decimals)
            lines += ["", f"{service}{sums:>{whole - len(service)}}"]
        lines.append(
            f"  {where:<{widths[0]}}  {what:<{widths[1]}}  {number:>{widths[2]}}"
            f"  {price:<{widths[3]}}  {amount:>{widths[4]}}"
        )
    total = dollars(bill.total, decimals)
    return "\n".join([*lines, "", f"Total{total:>{whole - len('Total')}}"]).lstrip("\n")


def rows(head: Iterable[str], body: Iterable[Iterable[object]], right: str = "") -> list[str]:
    """Write a table. `right` names the columns, counted from 0, whose figures stand right."""
    head = list(head)
    line = ["--:" if str(i) in right else "---" for i in range(len(head))]
    cells = [head, line, *([str(cell) for cell in row] for row in body)]
    return ["| " + " | ".join(row) + " |" for row in cells]


def page(computed: Computed) -> str:
    """Write what `make cost` prints."""
    stacks = ", ".join(f"{s.role} {s.region}" for s in computed.month.deployment.stacks)
    parts = [
        f"The idle month: {stacks}. US dollars at list prices of us-east-1.",
        *_warnings(computed),
        "",
        table(computed.month.bill),
        "",
        "One failover, on top of the month in which it happens.",
        "",
        table(computed.failover, 6),
        "",
        NOT_MEASURED,
        "Assumptions, prices with their sources, and what would save something: docs/cost.md",
    ]
    return "\n".join(parts)


def _warnings(computed: Computed) -> Iterable[str]:
    deployment = computed.month.deployment
    for stack in deployment.stacks:
        if stack.region not in deployment.prices.regions:
            yield f"Prices in {stack.region} may be higher than those of us-east-1 used here."


def as_json(computed: Computed) -> dict[str, Any]:
    """Return everything that was computed, for other programs."""
    deployment = computed.month.deployment
    return {
        "version": 1,
        "currency": "USD",
        "measured": False,
        "regions": {s.role: s.region for s in deployment.stacks},
        "settings": _settings(computed.settings),
        "warnings": list(_warnings(computed)),
        "idle_month": _bill(computed.month.bill),
        "failover": _bill(computed.failover),
        "assumptions": {n: asdict(a) for n, a in deployment.usage.assumptions.items()},
    }


def _settings(settings: Settings) -> dict[str, Any]:
    return {**asdict(settings), "without": sorted(settings.without)}


def _bill(bill: Bill) -> dict[str, Any]:
    lines = [
        {
            "service": x.service,
            "where": x.where,
            "what": x.what,
            "quantity": x.quantity,
            "unit": x.price.unit,
            "price": x.price.name,
            "usd": x.price.usd,
            "per": x.price.per,
            "amount": x.amount,
            "causes": list(x.causes),
        }
        for x in bill.lines
    ]
    return {"total": bill.total, "by_service": bill.services, "lines": lines}
