"""The returned Primary, written to from its return on: how long until it knows its place."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import urllib3

from lab.drill.observations import Answered

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.observations import Observations
    from lab.drill.traffic import Https

# Replication that has stood still works off what waits. The lab lets it stand still this much
# longer on its way back, so that there is a time in which the Primary cannot know.
BEHIND_SECONDS = 2.0
EVERY_SECONDS, LIMIT_SECONDS, FORWARDED_ENOUGH = 0.1, 30.0, 10


def write_from_its_return(https: Https, config: LabConfig, lab: Control) -> list[Answered]:
    """End the outage and write to the Primary by its own name, until it has forwarded some."""
    primary, secondary = config.primary_region, config.secondary_region
    host, run = f"{primary}.{config.zone_name}", uuid.uuid4().hex[:8]
    lab.act("pause", src=secondary, dst=primary)
    try:
        lab.act("heal")
        healed, behind = time.time(), True
        found: list[Answered] = []
        while time.time() < healed + LIMIT_SECONDS:
            if behind and time.time() >= healed + BEHIND_SECONDS:
                lab.act("pause", src=secondary, dst=primary, on=False)
                behind = False
            item = {"id": f"returned-{run}-{len(found)}", "text": "Sent to the Region that is back"}
            found.append(_sent(https, primary, host, item))
            if sum(a.forwarded for a in found) >= FORWARDED_ENOUGH:
                break
            time.sleep(EVERY_SECONDS)
    finally:
        lab.act("pause", src=secondary, dst=primary, on=False)
    return found


def _sent(https: Https, region: str, host: str, item: dict[str, Any]) -> Answered:
    try:
        answer = https.request(region, host, "POST", "/items", item)
    except (urllib3.exceptions.HTTPError, OSError):
        return Answered(0, None, None, time.time())
    headers = answer.headers
    try:
        code = str(answer.json()["error"]["code"])
    except (ValueError, LookupError, TypeError):
        code = ""
    by, passed_on = headers.get("X-Served-By"), headers.get("X-Forwarded-By-Region")
    return Answered(answer.status, by, passed_on, time.time(), code)


def returned(seen: Observations) -> dict[str, Any] | None:
    """Return what the report tells of the return; None where the Primary did not return."""
    sent = seen.writes_to_the_returned
    if seen.healed is None or not sent:
        return None
    forwarded = [a.at for a in sent if a.forwarded]
    taken = [a.at for a in sent if a.taken_by(seen.primary)]
    refused = Counter(a.code or "no answer" for a in sent if not 200 <= a.status < 300)
    return {
        "replication_behind_seconds": BEHIND_SECONDS,
        "seconds_until_passive": round(min(forwarded) - seen.healed, 3) if forwarded else None,
        "two_writers_seconds": round(max(taken) - seen.healed, 3) if taken else 0.0,
        "writes": len(sent),
        "forwarded": len(forwarded),
        "taken": len(taken),
        "refused": dict(sorted(refused.items())),
    }
