"""An account that was made up, and a resolver, as `pilot-light check` asks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dns.resolver
from botocore.exceptions import ClientError

from cli.check.aws import StackState

if TYPE_CHECKING:
    from cli.check.planned import Name

ACCOUNT = "123456789012"
SERVERS = ["ns-1.awsdns-01.org", "ns-2.awsdns-02.com"]
ZONE = "pilotlight.example"


def refusal(code: str, operation: str = "Call") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def zone(name: str = ZONE, *, private: bool = False) -> dict[str, Any]:
    return {
        "HostedZone": {"Name": f"{name}.", "Config": {"PrivateZone": private}},
        "DelegationSet": {"NameServers": SERVERS},
    }


@dataclass
class MadeUpAccount:
    """It is empty, and has all that a deployment needs. `refuses` has an error for a call."""

    account: str = ACCOUNT
    zone: dict[str, Any] | None = field(default_factory=zone)
    states: dict[str, StackState] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)
    free: int = 1000
    checks: tuple[int, int] = (0, 200)
    domains: tuple[int, float] = (0, 120.0)
    refuses: dict[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def _ask(self, call: str) -> None:
        self.asked.append(call)
        if call in self.refuses:
            raise self.refuses[call]

    def identity(self, region: str) -> dict[str, Any]:
        self._ask("identity")
        return {"Account": self.account, "Arn": f"arn:aws:iam::{self.account}:user/op"}

    def hosted_zone(self, zone_id: str) -> dict[str, Any] | None:
        self._ask("hosted_zone")
        return self.zone

    def health_checks(self) -> tuple[int, int]:
        self._ask("health_checks")
        return self.checks

    def concurrency(self, region: str) -> dict[str, int]:
        self._ask("concurrency")
        return {"ConcurrentExecutions": self.free, "UnreservedConcurrentExecutions": self.free}

    def domain_names(self, region: str) -> tuple[int, float]:
        self._ask("domain_names")
        return self.domains

    def stack(self, name: str, region: str) -> StackState:
        self._ask("stack")
        return self.states.get(name, StackState())

    def exists(self, name: Name) -> bool:
        self._ask(name.kind)
        return (name.name, name.region) in self.taken


class MadeUpResolver:
    """It finds these name servers, or raises."""

    def __init__(self, servers: list[str] | Exception, soa: Exception | None = None) -> None:
        self.servers, self.soa = servers, soa
        self.asked: list[tuple[str, str]] = []

    def resolve(self, name: str, kind: str, *, lifetime: float) -> Any:
        self.asked.append((name, kind))
        if kind == "SOA":
            if self.soa:
                raise self.soa
            return []
        if isinstance(self.servers, Exception):
            raise self.servers
        return [type("NS", (), {"target": f"{server}."}) for server in self.servers]


def unanswered() -> Exception:
    return dns.resolver.NoNameservers()
