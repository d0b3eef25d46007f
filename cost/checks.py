"""Route 53's health checks: their options, their checkers, and the requests that these make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cost import CostError
from cost.bill import Line
from lab.intrinsics import referred

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.prices import PriceList
    from cost.settings import Settings
    from cost.template import Resource, Stack
    from cost.usage import Usage

KIND = "AWS::Route53::HealthCheck"
HTTP_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH")
# Calculated and metric checks are billed as basic checks of AWS endpoints, and ask nobody.
SILENT_TYPES = ("CALCULATED", "CLOUDWATCH_METRIC")
ALL_CHECKER_REGIONS, LEAST_CHECKER_REGIONS = 8, 3
FUNCTION_URL = "AWS::Lambda::Url"
DOMAINS = ("AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName")


@dataclass(frozen=True)
class Check:
    """One health check as deployed.

    `target` is the role whose custom domain or function URL `host` is, if any's.
    """

    name: str
    owner: str
    kind: str
    interval: int
    checkers: float
    threshold: int
    host: str
    path: str
    target: str | None
    options: tuple[str, ...]

    @property
    def of_aws(self) -> bool:
        """Whether it is billed as a check of an AWS endpoint.

        AWS counts resources that run within AWS and belong to the same account: the custom
        domains and function URLs of these very stacks do.
        """
        return self.kind in SILENT_TYPES or self.target is not None

    def requests(self, seconds: float) -> float:
        """Return its HTTP requests in so many seconds.

        The interval runs from an answer to the next request; the answer is taken to need no time,
        so the figure is an upper bound.
        """
        asks = self.kind in HTTP_TYPES
        return self.checkers * seconds / self.interval if asks else 0.0


def _options(config: dict[str, Any], interval: int) -> tuple[str, ...]:
    kind = config["Type"]
    options = {
        "HTTPS": kind.startswith("HTTPS"),
        "string matching": kind.endswith("_STR_MATCH"),
        "fast interval": interval == 10 and kind not in SILENT_TYPES,
        "latency": str(config.get("MeasureLatency", False)).lower() == "true",
    }
    return tuple(name for name, taken in options.items() if taken)


def _check(
    stack: Stack, resource: Resource, domains: dict[str, str], settings: Settings, usage: Usage
) -> Check:
    config = resource.properties["HealthCheckConfig"]
    kind = config["Type"]
    if kind not in (*HTTP_TYPES, *SILENT_TYPES, "TCP"):
        raise CostError(f"{resource.name} is a health check of type {kind}, which has no price.")
    interval = settings.interval(resource.name, int(config.get("RequestInterval", 30)))
    regions = len(config.get("Regions", [])) or ALL_CHECKER_REGIONS
    if regions < LEAST_CHECKER_REGIONS:
        raise CostError(f"{resource.name} is checked from {regions} Regions; Route 53 wants three.")
    asleep = str(config.get("Disabled", False)).lower() == "true" or kind in SILENT_TYPES
    host = config.get("FullyQualifiedDomainName", "")
    return Check(
        resource.name,
        stack.role,
        kind,
        interval,
        0 if asleep else regions * usage.assumed("checkers_per_region"),
        int(config.get("FailureThreshold", 3)),
        host,
        config.get("ResourcePath", "/").split("?")[0],
        domains.get(referred(host) or host),
        _options(config, interval),
    )


def read(stacks: Iterable[Stack], settings: Settings, usage: Usage) -> list[Check]:
    """Return all health checks of the stacks.

    Raises
    ------
    CostError
        A type is unknown, or the settings name a check that does not exist.
    """
    stacks = list(stacks)
    # The public name is a domain of both Regions, and leads to the Primary in normal times.
    domains = {d.properties["DomainName"]: s.role for s in stacks[::-1] for d in s.of(*DOMAINS)}
    domains |= {url.name: s.role for s in stacks for url in s.of(FUNCTION_URL)}
    found = [_check(s, r, domains, settings, usage) for s in stacks for r in s.of(KIND)]
    names = [check.name for check in found if check.kind not in SILENT_TYPES]
    unknown = set(settings.intervals) - set(names)
    if unknown:
        wrong = sorted(unknown)[0]
        raise CostError(f"There is no health check {wrong!r}. Name one of: {', '.join(names)}.")
    return found


def lines(checks: Iterable[Check], prices: PriceList) -> Iterable[Line]:
    """Return what the checks cost themselves, without the requests that they make."""
    for check in checks:
        side = "aws" if check.of_aws else "other"
        whose = "of AWS endpoints" if check.of_aws else "of other endpoints"
        price = prices[f"health_check_{side}"]
        yield Line("Route 53", check.owner, f"health checks {whose}", 1, price, (check.name,))
        for option in check.options:
            price = prices[f"health_check_option_{side}"]
            yield Line("Route 53", check.owner, f"option {option}", 1, price, (check.name,))
