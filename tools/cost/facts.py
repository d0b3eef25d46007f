"""Names and their values from the template and the two tables, and expressions of them."""

from __future__ import annotations

import ast
import operator
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tools.reader.intrinsics import referred
from tools.reader.template import Template, check, config, source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
STACKS = ("primary", "secondary", "monitor")
CHECK, FUNCTION = "AWS::Route53::HealthCheck", "AWS::Serverless::Function"
# These ask nobody, and are billed as basic checks.
SILENT = ("CALCULATED", "CLOUDWATCH_METRIC")
CHECKS = ("HTTP", "HTTPS", *SILENT)
ALL_CHECKER_REGIONS = 8
SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}


class CostError(click.ClickException):
    """An error that a person can correct. Its text names what is wrong, where, and what to do."""

    exit_code = 2


@dataclass(frozen=True)
class Tables:
    """The stacks of samconfig.toml, the prices and the quantities."""

    stacks: tuple[Template, ...]
    prices: Mapping[str, Any]
    quantities: Mapping[str, Any]

    @classmethod
    def load(cls) -> Tables:
        """Read them.

        Raises
        ------
        CostError
            The template has something that is in neither table.
        """
        prices, quantities = (
            tomllib.loads((HERE / f"{name}.toml").read_text("utf-8"))
            for name in ("prices", "quantities")
        )
        tables = cls(_stacks({}), prices, quantities)
        tables.check()
        return tables

    def given(self, settings: Mapping[str, str]) -> tuple[Tables, dict[str, float]]:
        """Return the stacks with other values of parameters, and the other settings as numbers.

        Raises
        ------
        ConfigError
            The template does not accept a value.
        CostError
            A setting is neither a parameter nor a number, or a table has no entry for what the
            template has with these values.
        """
        known = source()["Parameters"]
        parameters = {name: value for name, value in settings.items() if name in known}
        numbers = {n: _number(n, value) for n, value in settings.items() if n not in known}
        if not parameters:
            return self, numbers
        tables = replace(self, stacks=_stacks(parameters))
        tables.check()
        return tables, numbers

    def check(self) -> None:
        """See that every resource, function and check of the template is known.

        Raises
        ------
        CostError
            One is not. It is named.
        """
        for name, resource in _resources(self):
            self._check(name, resource["Type"], resource.get("Properties", {}))
        for stack in self.stacks:
            for kind, section in ((FUNCTION, "functions"), (CHECK, "checks")):
                asks = {n for n, p in stack.every(kind).items() if not _is_silent(kind, p)}
                if unknown := sorted(asks - set(self.quantities[section])):
                    raise CostError(f"quantities.toml, [{section}]: {unknown[0]} is missing.")

    def _check(self, name: str, kind: str, properties: Mapping[str, Any]) -> None:
        counted = self.quantities["counted"].get(kind, [])
        if kind not in self.prices["costs_nothing"] and counted != "each" and name not in counted:
            raise CostError(
                f"{name} is of type {kind}, and no line counts it. Add it to quantities.toml, "
                "or to prices.toml under [costs_nothing], with the reason."
            )
        refused = [p for p in self.prices["not_priced"].get(kind, []) if properties.get(p)]
        refused += _not_priced(kind, properties)
        if refused:
            raise CostError(f"{name} has {refused[0]}, for which no price is known.")

    @property
    def assumed(self) -> dict[str, tuple[float, str, str]]:
        """Each assumption: value, unit, reason."""
        return {name: tuple(entry) for name, entry in self.quantities["assumed"].items()}


def _stacks(parameters: Mapping[str, str]) -> tuple[Template, ...]:
    """Return the stacks of samconfig.toml with other values of some parameters."""
    stacks = []
    for env in STACKS:
        region, own = config(env)
        values = {**own, **parameters}
        check(region, values, f"environment {env}")
        stacks.append(Template(source(), region, values))
    return tuple(stacks)


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise CostError(f"--set {name}={value}: write NAME=NUMBER.") from None
    if not 0 <= number < float("inf"):
        raise CostError(f"--set {name}={value}: it must be a number of at least 0.")
    return number


def _not_priced(kind: str, properties: Mapping[str, Any]) -> list[str]:
    """Return the values of properties that no line has a price for."""
    config = properties.get("HealthCheckConfig", {})
    metrics = [m["MetricStat"] for m in properties.get("Metrics", []) if "MetricStat" in m]
    refused = {
        f"the type {config.get('Type')}": kind == CHECK and config.get("Type") not in CHECKS,
        "MeasureLatency": str(config.get("MeasureLatency", False)).lower() == "true",
        "a period below 60 s": kind == "AWS::CloudWatch::Alarm"
        and min([int(m.get("Period", 60)) for m in (*metrics, properties)]) < 60,
        "anomaly detection": "ANOMALY_DETECTION" in str(properties.get("Metrics", "")),
        "provisioned capacity": kind.startswith("AWS::DynamoDB")
        and properties.get("BillingMode") != "PAY_PER_REQUEST",
    }
    return [what for what, is_so in refused.items() if is_so]


def _is_silent(kind: str, properties: Mapping[str, Any]) -> bool:
    config = properties.get("HealthCheckConfig", {})
    return kind == CHECK and config.get("Type") in SILENT


class Values:
    """The names that expressions may use, worked out when asked for.

    Parameters
    ----------
    settings
        Values that take the place of others.
    """

    def __init__(self, tables: Tables, settings: Mapping[str, float]) -> None:
        self._values: dict[str, float | str] = {
            name: value for name, (value, _, _) in tables.assumed.items()
        }
        for stack in tables.stacks:
            numbers = {k: v for k, v in stack.parameters.items() if re.fullmatch(r"\d+", v)}
            self._values |= {k: float(v) for k, v in numbers.items()}
        self._values |= _counted(tables) | tables.quantities["named"]
        unknown = sorted(set(settings) - set(self._values))
        if unknown:
            parameters = {name for stack in tables.stacks for name in stack.parameters}
            names = ", ".join(sorted({*self._values, *parameters}))
            raise CostError(f"There is no {unknown[0]!r} to set. Name one of: {names}.")
        self._values |= settings

    def number(self, text: float | str, more: Mapping[str, float] | None = None) -> float:
        """Return the value of an expression, which may use more names.

        Raises
        ------
        CostError
            It uses an unknown name, or is no sum, product or quotient.
        """
        return self._evaluate(ast.parse(str(text), mode="eval").body, more or {})

    def _evaluate(self, node: ast.expr, more: Mapping[str, float]) -> float:
        match node:
            case ast.Constant(value=(int() | float()) as number):
                return float(number)
            case ast.Name(id=name) if name in more or name in self._values:
                return more[name] if name in more else self.number(self._values[name])
            case ast.BinOp(op=op) if type(op) in OPERATORS:
                sides = (self._evaluate(side, more) for side in (node.left, node.right))
                return float(OPERATORS[type(op)](*sides))
            case ast.Compare(left=left, ops=[ast.Lt()], comparators=[right]):
                return float(self._evaluate(left, more) < self._evaluate(right, more))
        raise CostError(f"quantities.toml: {ast.unparse(node)!r} is not known.")


def _all(tables: Tables, kind: str) -> list[dict[str, Any]]:
    """Return the properties of all resources of a type."""
    return [properties for s in tables.stacks for properties in s.every(kind).values()]


def _resources(tables: Tables) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every resource of the stacks and their nested applications, with its name."""
    for stack in tables.stacks:
        for prefix, part in stack.parts().items():
            yield from ((f"{prefix}{name}", r) for name, r in part.resources.items())


def _counted(tables: Tables) -> dict[str, float | str]:
    """Count what the stacks have, and how often checks and schedules start something."""
    resources = list(_resources(tables))
    checks = tables.quantities["checks"]
    values: dict[str, float | str] = {
        "health_checks": len(_all(tables, CHECK)),
        "https_options": sum(
            1 for c in _all(tables, CHECK) if "HTTPS" in c["HealthCheckConfig"]["Type"]
        ),
        "fast_options": " + ".join(f"({name}_seconds < 30)" for name in checks),
        "alarm_metrics": sum(
            sum(1 for m in a.get("Metrics", []) if "MetricStat" in m) or 1
            for a in _all(tables, "AWS::CloudWatch::Alarm")
        ),
        "dashboards": len(_all(tables, "AWS::CloudWatch::Dashboard")),
        "keys": len(_all(tables, "AWS::KMS::Key")),
        "scheduler_starts": "0",
    }
    for name, resource in resources:
        if resource["Type"] == CHECK and name in checks:
            config = resource["Properties"]["HealthCheckConfig"]
            values[f"{name}_seconds"] = int(config.get("RequestInterval", 30))
            values[f"{name}_regions"] = len(config.get("Regions", [])) or ALL_CHECKER_REGIONS
            values[f"{name}_requests"] = (
                f"checkers_per_region * {name}_regions * month_seconds / {name}_seconds"
            )
    for function in set(checks.values()):
        names = [f"{name}_requests" for name, target in checks.items() if target == function]
        values[f"asked_{function}"] = " + ".join(names)
    for target in (*tables.quantities["functions"], tables.quantities["run"]["machine"]):
        values[f"{target}_starts"] = "0"
    for schedule in (r["Properties"] for _, r in resources if r["Type"].endswith("::Schedule")):
        if schedule.get("State", "ENABLED") == "ENABLED":
            starts = f" + month_seconds / {seconds_between(schedule['ScheduleExpression'])}"
            target = f"{referred(schedule['Target']['Arn'])}_starts"
            values[target] = str(values.get(target, "0")) + starts
            values["scheduler_starts"] = f"{values['scheduler_starts']}{starts}"
    return values


def seconds_between(expression: str) -> int:
    """Return the seconds between two starts of a schedule: a rate, or a cron of one day a week.

    Raises
    ------
    CostError
        It is neither.
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate and int(rate[1]):
        return int(rate[1]) * SECONDS[rate[2]]
    if re.fullmatch(r"cron\(\d+ \d+ \? \* [A-Z]{3} \*\)", expression):
        return SECONDS["week"]
    if re.fullmatch(r"cron\(\d+ \d+ (\* \* \?|\? \* \*) \*\)", expression):
        return SECONDS["day"]
    raise CostError(f"The schedule {expression!r} is neither a rate nor one time a day or a week.")
