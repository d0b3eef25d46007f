"""Before and after a claim: pause a queue's consumer in the old Region, resume it in the new one.

Both calls are of Lambda's control plane, so this hook is never required, and an application that
writes asks the fence as well.
"""

from __future__ import annotations

import os
from typing import Any

import boto3

CONSUMER = os.environ["CONSUMER"]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Switch the consumer's event sources. The same call again changes nothing."""
    mode, phase, regions = event["mode"], event["phase"], event["regions"]
    if phase == "before_claim" and mode in ("switchover", "failback"):
        return {"paused": switch(regions["from"], enabled=False)}
    if phase == "after_claim" and mode != "rehearsal":
        return {"resumed": switch(regions["to"], enabled=True)}
    # A rehearsal shows that the consumer is found. In a failover the old Region may be lost.
    return {"would_resume": [m["UUID"] for m in mappings(regions["to"])]}


def switch(region: str, *, enabled: bool) -> list[str]:
    """Enable or disable every event source of the consumer in a Region, and return their ids."""
    client, found = boto3.client("lambda", region_name=region), mappings(region)
    for mapping in found:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
    return [mapping["UUID"] for mapping in found]


def mappings(region: str) -> list[Any]:
    """Return the event sources of the consumer in a Region."""
    client = boto3.client("lambda", region_name=region)
    return list(client.list_event_source_mappings(FunctionName=CONSUMER)["EventSourceMappings"])
