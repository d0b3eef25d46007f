"""The price table, prices.toml: each price with its unit, source, confidence and date."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cost import CostError

FILE = Path(__file__).with_name("prices.toml")
TAGS = {
    "D": "a stored copy of the AWS page itself",
    "N": "third-party notes or transcripts that quote the AWS page",
    "r": "recalled, unconfirmed",
}
SIZES = {1: "", 1_000: "thousand ", 10_000: "10,000 ", 100_000: "100,000 ", 1_000_000: "million "}


@dataclass(frozen=True)
class Price:
    """What AWS asks for one thing, in US dollars for `per` units.

    `unit` is what a quantity is counted in, `of` says of what.
    """

    name: str
    usd: float
    unit: str
    of: str
    source: str
    tag: str
    date: datetime.date
    per: int = 1
    free: float = 0.0

    def amount(self, quantity: float) -> float:
        """Return the price of a quantity, without what is free."""
        return quantity * self.usd / self.per

    @property
    def label(self) -> str:
        """The price as people write it, such as `$3.50 per million`."""
        text = f"{self.usd:.10f}".rstrip("0")
        whole, decimals = text.split(".")
        shown = f"${whole}.{decimals.ljust(2, '0')}"
        return f"{shown} per {SIZES[self.per].strip()}" if self.per > 1 else shown


@dataclass(frozen=True)
class PriceList:
    """All prices, the types that cost nothing, and the properties without a price."""

    prices: dict[str, Price]
    costs_nothing: dict[str, str]
    not_priced: dict[str, list[str]]
    regions: tuple[str, ...]

    def __getitem__(self, name: str) -> Price:
        """Return a price by its name."""
        try:
            return self.prices[name]
        except KeyError:
            raise CostError(f"{FILE.name} has no price {name!r}. Add [prices.{name}].") from None


def _price(name: str, given: dict[str, Any], file: str) -> Price:
    known = {f.name for f in fields(Price)} - {"name"}
    wanted = known - {"per", "free"}
    where = f"{file}, [prices.{name}]"
    if set(given) - known:
        raise CostError(f"{where}: unknown key {sorted(set(given) - known)[0]!r}.")
    if wanted - set(given):
        raise CostError(f"{where}: {sorted(wanted - set(given))[0]!r} is missing.")
    if given["tag"] not in TAGS:
        raise CostError(f"{where}: tag {given['tag']!r} is none of {', '.join(TAGS)}.")
    if not isinstance(given["date"], datetime.date):
        raise CostError(f"{where}: date must be a date such as 2026-09-20.")
    if not isinstance(given["usd"], int | float) or given["usd"] < 0:
        raise CostError(f"{where}: usd must be a number of at least 0.")
    if given.get("per", 1) not in SIZES:
        raise CostError(f"{where}: per must be one of {', '.join(map(str, SIZES))}.")
    return Price(name=name, **given)


def load(path: Path = FILE) -> PriceList:
    """Read the price table.

    Raises
    ------
    CostError
        It is missing, is no TOML, or an entry lacks something.
    """
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
        prices = {name: _price(name, given, path.name) for name, given in found["prices"].items()}
        return PriceList(
            prices, found["costs_nothing"], found["not_priced"], tuple(found["regions"])
        )
    except (OSError, KeyError, ValueError) as error:
        raise CostError(f"{path.name} cannot be read: {error}.") from error
