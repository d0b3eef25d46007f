"""The usage table, usage.toml: how much of each thing is used, with an entry for each function."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from cost import CostError

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).with_name("usage.toml")
InvokedBy = Literal["checks", "schedule", "machine", "deployment", "failure", "viewer"]


@dataclass(frozen=True)
class Assumption:
    """A value that nothing in the template tells, and why it was chosen."""

    value: float
    unit: str
    why: str


@dataclass(frozen=True)
class FunctionUsage:
    """What one invocation of a function uses; see usage.toml for each field."""

    invoked_by: InvokedBy
    billed_ms: float
    reads: float = 0
    writes: dict[str, float] = field(default_factory=dict)
    log_bytes: float = 0
    metrics: int = 0
    probes: dict[str, float] = field(default_factory=dict)
    objects: float = 0
    messages: dict[str, float] = field(default_factory=dict)
    dns_queries: float = 0
    pings: tuple[str, ...] = ()
    invokes: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class FailoverUsage:
    """What one failover does: how often each state is entered, and what follows from it."""

    machine: str
    why: str
    transition_log_bytes: float
    subscribers: int
    alarm_events: int
    ping_ms: float
    pinged_in: str
    states: dict[str, int]


@dataclass(frozen=True)
class Usage:
    """All of usage.toml, with the assumptions that a caller changed."""

    assumptions: dict[str, Assumption]
    functions: dict[str, FunctionUsage]
    tables: dict[str, float | str]
    buckets: dict[str, float | str]
    failover: FailoverUsage
    outside: dict[str, dict[str, Any]]
    planned: dict[str, FunctionUsage] = field(default_factory=dict)

    def adopting(self, names: Iterable[str]) -> Usage:
        """Return it with the planned entries of the named functions, which the template has now."""
        taken = {n: self.planned[n] for n in names if n in self.planned}
        return replace(self, functions={**self.functions, **taken})

    def assumed(self, name: str) -> float:
        """Return the value of an assumption."""
        try:
            return self.assumptions[name].value
        except KeyError:
            known = ", ".join(sorted(self.assumptions))
            raise CostError(f"There is no assumption {name!r}. Name one of: {known}.") from None

    @property
    def month_seconds(self) -> float:
        """The seconds of a month."""
        return self.assumed("month_hours") * 3600

    @property
    def month_days(self) -> float:
        """The days of a month."""
        return self.assumed("month_hours") / 24

    def function(self, name: str) -> FunctionUsage:
        """Return the entry of a function of the template."""
        try:
            return self.functions[name]
        except KeyError:
            raise CostError(
                f"The template has the function {name}, and {FILE.name} has no [functions.{name}]. "
                "Say there how it is invoked and how long it runs."
            ) from None

    def gigabytes(self, kind: Literal["tables", "buckets"], name: str) -> float:
        """Return the GB of a table or bucket in one Region."""
        sizes = self.tables if kind == "tables" else self.buckets
        if name not in sizes:
            raise CostError(f"{FILE.name} says nothing of {name}. Add its GB under [{kind}].")
        size = sizes[name]
        return self.assumed(size) if isinstance(size, str) else float(size)


def _made(kind: type[Any], given: dict[str, Any], where: str) -> Any:
    known = {f.name for f in fields(kind)}
    if set(given) - known:
        raise CostError(f"{where}: unknown key {sorted(set(given) - known)[0]!r}.")
    for f in fields(kind):
        if f.name in given and f.type in ("float", "int"):
            value = given[f.name]
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise CostError(f"{where}: {f.name} must be a number of at least 0.")
    try:
        return kind(**given)
    except TypeError as error:
        raise CostError(f"{where}: {str(error).split('() ')[-1]}.") from error


def _function(name: str, given: dict[str, Any], file: str) -> FunctionUsage:
    where = f"{file}, [functions.{name}]"
    found: FunctionUsage = _made(FunctionUsage, given, where)
    if found.invoked_by not in get_args(InvokedBy):
        known = ", ".join(get_args(InvokedBy))
        raise CostError(f"{where}: invoked_by {found.invoked_by!r} is none of {known}.")
    return found


def load(overrides: dict[str, float] | None = None, path: Path = FILE) -> Usage:
    """Read the usage table, with other values for some assumptions.

    Raises
    ------
    CostError
        It is missing, is no TOML, an entry is wrong, or an override names no assumption.
    """
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
        assumptions = {
            name: _made(Assumption, given, f"{path.name}, [assumptions.{name}]")
            for name, given in found["assumptions"].items()
        }
        usage = Usage(
            assumptions,
            {n: _function(n, g, path.name) for n, g in found["functions"].items()},
            found["tables"],
            found["buckets"],
            _made(FailoverUsage, found["failover"], f"{path.name}, [failover]"),
            found["outside"],
            {n: _function(n, g, path.name) for n, g in found.get("planned", {}).items()},
        )
    except (OSError, KeyError, ValueError) as error:
        raise CostError(f"{path.name} cannot be read: {error}.") from error
    for name, value in (overrides or {}).items():
        usage.assumed(name)
        if not 0 <= value < math.inf or (name == "month_hours" and not value):
            least = "more than 0" if name == "month_hours" else "at least 0"
            raise CostError(f"The assumption {name} cannot be {value:g}: it must be {least}.")
        assumptions[name] = Assumption(value, assumptions[name].unit, assumptions[name].why)
    return usage
