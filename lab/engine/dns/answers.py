"""What Route 53 answers: failover records, aliases, CNAMEs. Records and health in, answers out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ALIAS_TTL = 60
MAX_HOPS = 5
# The name servers that Route 53 gives to a zone. The lab's one DNS server plays them all.
_NAME_SERVER = re.compile(r"^ns-\d+\.awsdns-\d+\.(com|net|org|co\.uk)\.$")
NAME_SERVER_TTL, SERVED_AT = 172_800, "127.0.0.1"
_TARGET_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com\.?$")


@dataclass(frozen=True)
class Answer:
    """One record of an answer."""

    name: str
    type: str
    value: str
    ttl: int


def _normal(name: str) -> str:
    return name.rstrip(".").lower() + "."


def choose(
    records: Sequence[Mapping[str, Any]], is_healthy: Callable[[str], bool]
) -> Mapping[str, Any]:
    """Choose among the records of one name and type.

    The PRIMARY while it is healthy, else the SECONDARY while that is, else the PRIMARY. A record
    without a health check is healthy.
    """

    def healthy(record: Mapping[str, Any]) -> bool:
        check = record.get("HealthCheckId")
        return not check or is_healthy(check)

    primary = next((r for r in records if r.get("Failover") == "PRIMARY"), None)
    secondary = next((r for r in records if r.get("Failover") == "SECONDARY"), None)
    if primary is None and secondary is None:
        return records[0]
    if primary and healthy(primary):
        return primary
    if secondary and healthy(secondary):
        return secondary
    return primary or secondary or records[0]


def answer(
    records: Sequence[Mapping[str, Any]],
    is_healthy: Callable[[str], bool],
    addresses: Mapping[str, Sequence[str]],
    name: str,
    kind: str,
    hops: int = 0,
) -> list[Answer]:
    """Answer a question about a name.

    Parameters
    ----------
    records
        All records of the zone, as Route 53 keeps them.
    addresses
        The addresses of each Region's API Gateway, which aliases end at.
    """
    name = _normal(name)
    if kind == "A" and _NAME_SERVER.match(name):
        return [Answer(name, "A", SERVED_AT, NAME_SERVER_TTL)]
    target = _TARGET_REGION.search(name)
    if target and kind == "A" and target[1] in addresses:
        return [Answer(name, "A", address, ALIAS_TTL) for address in addresses[target[1]]]
    of_name = [r for r in records if _normal(r["Name"]) == name]
    of_kind = [r for r in of_name if r["Type"] == kind] or [
        r for r in of_name if r["Type"] == "CNAME"
    ]
    if not of_kind or hops > MAX_HOPS:
        return []
    chosen = choose(of_kind, is_healthy)
    if chosen.get("AliasTarget"):
        dns_name = chosen["AliasTarget"]["DNSName"]
        found = answer(records, is_healthy, addresses, dns_name, kind, hops + 1)
        return [Answer(name, a.type, a.value, ALIAS_TTL) for a in found]
    ttl = int(chosen.get("TTL") or 60)
    values = [v["Value"] if isinstance(v, dict) else v for v in chosen.get("ResourceRecords", [])]
    answers = [Answer(name, chosen["Type"], value, ttl) for value in values]
    if chosen["Type"] == "CNAME" and kind != "CNAME":
        answers += answer(records, is_healthy, addresses, values[0], kind, hops + 1)
    return answers
