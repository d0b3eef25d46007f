"""Lines of a bill: what, how much of it, at which price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.prices import Price

SERVICES = (
    "Route 53",
    "API Gateway",
    "Lambda",
    "X-Ray",
    "CloudWatch",
    "DynamoDB",
    "S3",
    "AWS Backup",
    "KMS",
    "Step Functions",
    "EventBridge",
    "SNS",
    "SQS",
)
ROLES = ("Primary", "Secondary", "Monitor")


@dataclass(frozen=True)
class Line:
    """One line of a bill.

    `where` is the role whose Region or stack pays it, `causes` the resources that make it.
    """

    service: str
    where: str
    what: str
    quantity: float
    price: Price
    causes: tuple[str, ...] = ()

    @property
    def amount(self) -> float:
        """US dollars."""
        return self.price.amount(self.quantity)


@dataclass(frozen=True)
class Bill:
    """Lines and what they come to."""

    lines: tuple[Line, ...]

    @property
    def total(self) -> float:
        """US dollars."""
        return sum(line.amount for line in self.lines)

    @property
    def services(self) -> dict[str, float]:
        """US dollars for each service, the dearest first."""
        sums: dict[str, float] = {}
        for line in self.lines:
            sums[line.service] = sums.get(line.service, 0.0) + line.amount
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    def quantity(self, price: str) -> float:
        """Return how much of a priced thing all lines have together."""
        return sum(line.quantity for line in self.lines if line.price.name == price)

    def largest(self, count: int) -> list[Line]:
        """Return the dearest lines."""
        return sorted(self.lines, key=lambda line: -line.amount)[:count]


def merged(lines: Iterable[Line]) -> Bill:
    """Return a bill without empty lines, equal ones added up, in the order of the services."""
    found: dict[tuple[str, str, str, str], Line] = {}
    for line in lines:
        if line.quantity == 0:
            continue
        key = (line.service, line.where, line.what, line.price.name)
        had = found.get(key)
        quantity = line.quantity + (had.quantity if had else 0)
        causes = tuple(dict.fromkeys((*(had.causes if had else ()), *line.causes)))
        found[key] = Line(line.service, line.where, line.what, quantity, line.price, causes)
    return Bill(tuple(sorted(found.values(), key=_place)))


def _place(line: Line) -> tuple[int, int]:
    where = ROLES.index(line.where) if line.where in ROLES else len(ROLES)
    return SERVICES.index(line.service), where


def allowances(bill: Bill) -> Iterable[Line]:
    """Return what an account gets free of each thing, as lines of a negative quantity."""
    priced = {line.price.name: line for line in bill.lines}
    for name, line in priced.items():
        free = min(line.price.free, bill.quantity(name))
        if free:
            what = f"free of charge: {line.price.of}"
            yield Line(line.service, "account", what, -free, line.price)
