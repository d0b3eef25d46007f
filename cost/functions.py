"""What functions cost: invocations, time, reads, writes and logs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cost import CostError
from cost.bill import Line
from cost.queues import message_lines
from cost.standing import TABLES, replicas
from lab.intrinsics import referred

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.settings import Settings
    from cost.standing import Deployment
    from cost.template import Resource, Stack

KIND = "AWS::Serverless::Function"


@dataclass
class Work:
    """Invocations of one function in one stack.

    `billed_ms` and `writes`, where given, take the place of, or add to, what usage.toml says.
    """

    stack: Stack
    function: Resource
    number: float
    billed_ms: float | None = None
    writes: dict[str, float] = field(default_factory=dict)


def resource(stack: Stack, name: str) -> Resource:
    """Return a function of a stack."""
    found = stack.resources.get(name)
    if found is None or found.kind != KIND:
        raise CostError(f"The {stack.role}'s stack has no function {name}; see usage.toml.")
    return found


def lines(work: Work, deployment: Deployment, settings: Settings) -> Iterable[Line]:
    """Return what a function's invocations cost."""
    prices, where = deployment.prices, work.stack.role
    usage, name = deployment.usage.function(work.function.name), work.function.name
    milliseconds = usage.billed_ms if work.billed_ms is None else work.billed_ms
    gigabytes = int(work.function.properties.get("MemorySize", 128)) / 1024
    architecture = (work.function.properties.get("Architectures") or ["x86_64"])[0]
    seconds = work.number * milliseconds / 1000 * gigabytes
    cause = (name,)
    invocations = work.number * (1 + sum(usage.messages.values()))
    yield Line("Lambda", where, "invocations", invocations, prices["lambda_request"], cause)
    yield Line("Lambda", where, f"time of {name}", seconds, prices[f"lambda_{architecture}"], cause)
    reads = work.number * usage.reads
    yield Line("DynamoDB", where, "reads", reads, prices["dynamodb_read"], cause)
    for table, units in usage.writes.items():
        yield from write_lines(table, work.number * units, name, deployment)
    for table, units in work.writes.items():
        yield from write_lines(table, units, name, deployment)
    # Replication puts each once more, in the other Region.
    puts, put = 2 * work.number * usage.objects, prices["s3_put"]
    yield Line("S3", where, "objects put, and their replicas", puts, put, cause)
    queries = work.number * usage.dns_queries
    yield Line("Route 53", where, "DNS queries", queries, prices["dns_query"], cause)
    yield from message_lines(work, deployment)
    size = work.number * usage.log_bytes
    size += invocations * _platform_bytes(work.function, deployment, settings)
    yield from log_lines(work.stack, _group(work), size, name, deployment)


def write_lines(table: str, units: float, cause: str, deployment: Deployment) -> Iterable[Line]:
    """Return a write in every Region that holds the table: a global table bills each."""
    for stack in deployment.stacks:
        found = next((t for t in stack.of(*TABLES) if t.name == table), None)
        if found:
            price = deployment.prices["dynamodb_write"]
            for role in replicas(stack, found, deployment):
                yield Line("DynamoDB", role, "writes", units, price, (cause,))
            return
    raise CostError(f"{cause} writes to {table}, which is no table of the template.")


def log_lines(
    stack: Stack, group: str, size: float, cause: str, deployment: Deployment
) -> Iterable[Line]:
    """Return bytes taken in by a log group, and kept for as long as it says."""
    found = stack.resources.get(group)
    if found is None or "RetentionInDays" not in found.properties:
        raise CostError(f"The logs of {cause} are kept for ever: name a log group with retention.")
    usage, prices = deployment.usage, deployment.prices
    months = float(found.properties["RetentionInDays"]) / usage.month_days
    taken = size / 1e9
    kept = taken * months * usage.assumed("log_compression")
    where = stack.role
    yield Line("CloudWatch", where, "logs taken in", taken, prices["log_ingestion"], (cause,))
    yield Line("CloudWatch", where, "logs kept", kept, prices["log_storage"], (cause,))


def _group(work: Work) -> str:
    return referred(work.function.properties.get("LoggingConfig", {}).get("LogGroup", ""))


def _platform_bytes(function: Resource, deployment: Deployment, settings: Settings) -> float:
    """Return the bytes that Lambda itself logs: none in JSON from WARN up."""
    given = function.properties.get("LoggingConfig", {})
    silent = given.get("LogFormat") == "JSON" and given.get("SystemLogLevel") == "WARN"
    if silent or "platform-logs" in settings.without:
        return 0.0
    return deployment.usage.assumed("platform_log_bytes")
