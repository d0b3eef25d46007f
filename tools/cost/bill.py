"""Lines of a bill: service, quantity, price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.cost.facts import CostError, Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tools.cost.facts import Tables

# What one invocation uses: service, name, price, and the quantity in the price's unit.
FIELDS = (
    ("Lambda", "time of functions", "lambda_arm64", "ms / 1000 * gb"),
    ("DynamoDB", "reads of functions", "dynamodb_read", "reads"),
    ("DynamoDB", "writes of functions", "dynamodb_write", "writes"),
    ("CloudWatch", "logs taken in", "log_ingestion", "log_bytes / 1e9"),
    ("CloudWatch", "logs kept", "log_storage", "log_bytes / 1e9 * log_compression * log_months"),
    ("Route 53", "DNS queries of functions", "dns_query", "dns_queries"),
    ("Lambda", "invocations", "lambda_request", "1 + messages"),
)
USES = ("ms", "reads", "writes", "log_bytes", "dns_queries", "messages")


@dataclass(frozen=True)
class Line:
    """One line of a bill."""

    service: str
    what: str
    quantity: float
    price: str
    terms: Mapping[str, Any]

    @property
    def amount(self) -> float:
        """US dollars."""
        return float(self.quantity * self.terms["usd"] / self.terms.get("per", 1))


@dataclass(frozen=True)
class Costs:
    """An idle month and one failover, line by line."""

    month: tuple[Line, ...]
    failover: tuple[Line, ...]
    warnings: tuple[str, ...]

    @property
    def free(self) -> float:
        """US dollars that the always-free allowances take off the month."""
        used: dict[str, float] = {}
        for line in self.month:
            used[line.price] = used.get(line.price, 0.0) + line.quantity
        terms = {line.price: line.terms for line in self.month}
        return sum(
            float(min(t.get("free", 0), used[name]) * t["usd"] / t.get("per", 1))
            for name, t in terms.items()
        )


def total(lines: Iterable[Line]) -> float:
    """Return US dollars."""
    return sum(line.amount for line in lines)


def services(lines: Iterable[Line]) -> dict[str, float]:
    """Return US dollars for each service, the dearest first."""
    amounts: dict[str, float] = {}
    for line in lines:
        amounts[line.service] = amounts.get(line.service, 0.0) + line.amount
    return dict(sorted(amounts.items(), key=lambda item: -item[1]))


def compute(tables: Tables, settings: Mapping[str, float]) -> Costs:
    """Compute both, with other values for some names.

    Raises
    ------
    CostError
        A table uses an unknown name, or `settings` has one.
    """
    values = Values(tables, settings)
    failover = _lines(tables, values, "run")
    month = _lines(tables, values, "month")
    machine = tables.quantities["run"]["machine"]
    weekly = values.number(f"{machine}_starts")
    month += [
        Line(x.service, f"{x.what}, in rehearsals", x.quantity * weekly, x.price, x.terms)
        for x in failover
    ]
    priced = tables.prices["regions"]
    warnings = [
        f"Prices in {s.region} may be higher than those of us-east-1 used here."
        for s in tables.stacks
        if s.region not in priced
    ]
    if not any("Example" in s.nested for s in tables.stacks):
        warnings.append("Your application is counted as the example is: nothing is known of it.")
    used, once = (tuple(x for x in lines if x.quantity) for lines in (month, failover))
    return Costs(used, once, tuple(warnings))


def _lines(tables: Tables, values: Values, when: str) -> list[Line]:
    """Return the lines of a month or a run, those of functions added up."""
    quantities: dict[tuple[str, str, str], float] = {}
    for service, what, price, quantity in tables.quantities[when]["lines"]:
        quantities[service, what, price] = values.number(quantity)
    for function, use in tables.quantities["functions"].items():
        invocations = values.number(use.get(when, 0))
        if not invocations:
            continue
        uses = {name: values.number(use.get(name, 0)) for name in USES}
        uses["gb"] = _gigabytes(tables, function, use.get("without_it_mb"))
        for service, what, price, each in FIELDS:
            key = (service, what, price)
            quantities[key] = quantities.get(key, 0.0) + invocations * values.number(each, uses)
    prices = tables.prices["prices"]
    for service, what, price in quantities:
        if price not in prices:
            raise CostError(f"quantities.toml: {service}, {what}: there is no price {price!r}.")
    return [Line(s, w, quantity, p, prices[p]) for (s, w, p), quantity in quantities.items()]


def _gigabytes(tables: Tables, function: str, without_it_mb: int | None) -> float:
    """Return a function's memory; of one that may be left out, what yours is assumed to have."""
    for stack in tables.stacks:
        if properties := stack.every("AWS::Serverless::Function").get(function):
            _, part, _ = stack.place(function)
            properties = {**part.function_defaults, **properties}
            return float(properties.get("MemorySize", 128)) / 1024
    if without_it_mb:
        return without_it_mb / 1024
    raise CostError(f"quantities.toml, [functions.{function}]: the template has no such function.")
