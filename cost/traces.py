"""How many requests X-Ray records: sampling rules, and the default one where none matches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.template import Stack


@dataclass(frozen=True)
class Rule:
    """A sampling rule: so many requests of each second, and a share of the others."""

    name: str
    priority: int
    method: str
    host: str
    path: str
    service: str
    reservoir: int
    rate: float

    def matches(self, method: str, host: str, path: str, service: str) -> bool:
        """Tell whether a request falls under it. `service` is API Gateway's `<api>/<stage>`.

        Whether X-Ray sees the stage before the path of a custom domain is not documented.
        """
        stage = service.rsplit("/", 1)[-1]
        return (
            fnmatchcase(method, self.method)
            and fnmatchcase(host, self.host)
            and fnmatchcase(service, self.service)
            and any(fnmatchcase(p, self.path) for p in (path, f"/{stage}{path}"))
        )

    def sampled(self, requests: float, seconds: float) -> float:
        """Return how many of the requests are recorded, if they come independently.

        Route 53's checkers do not coordinate, so the requests of a second are taken to be Poisson
        distributed; the reservoir takes the first of each second.
        """
        mean, beyond, probability = requests / seconds, 1.0, math.exp(-requests / seconds)
        reserved = 0.0
        for count in range(self.reservoir):
            beyond -= probability
            reserved += beyond
            probability *= mean / (count + 1)
        return seconds * (reserved + self.rate * max(mean - reserved, 0.0))


# https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
DEFAULT = Rule("Default", 10_000, "*", "*", "*", "*", 1, 0.05)


def rules(stack: Stack) -> list[Rule]:
    """Return the sampling rules of a stack by their priority, the default one last."""
    found = [r.properties["SamplingRule"] for r in stack.of("AWS::XRay::SamplingRule")]
    made = [
        Rule(
            str(rule.get("RuleName", "")),
            int(rule["Priority"]),
            rule.get("HTTPMethod", "*"),
            rule.get("Host", "*"),
            rule.get("URLPath", "*"),
            rule.get("ServiceName", "*"),
            int(rule["ReservoirSize"]),
            float(rule["FixedRate"]),
        )
        for rule in found
    ]
    return [*sorted(made, key=lambda rule: rule.priority), DEFAULT]


def recorded(
    requests: Iterable[tuple[str, str, str, float]],
    service: str,
    among: list[Rule],
    seconds: float,
) -> float:
    """Return how many of the requests (method, host, path, number) to a traced API are recorded."""
    shared: dict[Rule, float] = {}
    for method, host, path, number in requests:
        rule = next(r for r in among if r.matches(method, host, path, service))
        shared[rule] = shared.get(rule, 0.0) + number
    return sum(rule.sampled(number, seconds) for rule, number in shared.items())
