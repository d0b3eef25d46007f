"""A returned Region, written to from its return on: how long until it knows its place."""

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


def write_from_its_return(
    https: Https, config: LabConfig, lab: Control, *, region: str = "", contested: str = ""
) -> list[Answered]:
    """End the outage and write to a Region by its own name, until it has forwarded some.

    Parameters
    ----------
    region
        The Region that returns: the Primary where none is named.
    contested
        An item that every second write replaces, because the other Region has written it too.
    """
    region = region or config.primary_region
    (other,) = {config.primary_region, config.secondary_region} - {region}
    host, run = f"{region}.{config.zone_name}", uuid.uuid4().hex[:8]
    lab.act("pause", src=other, dst=region)
    try:
        lab.act("heal")
        healed, behind = time.time(), True
        found: list[Answered] = []
        while time.time() < healed + LIMIT_SECONDS:
            if behind and time.time() >= healed + BEHIND_SECONDS:
                lab.act("pause", src=other, dst=region, on=False)
                behind = False
            own = contested and len(found) % 2 == 0
            item_id = contested if own else f"returned-{run}-{len(found)}"
            found.append(_sent(https, region, host, item_id, replaces=bool(own)))
            if sum(a.forwarded for a in found) >= FORWARDED_ENOUGH:
                break
            time.sleep(EVERY_SECONDS)
    finally:
        lab.act("pause", src=other, dst=region, on=False)
    return found


def _sent(https: Https, region: str, host: str, item_id: str, *, replaces: bool) -> Answered:
    text = {"text": "Sent to the Region that is back"}
    asked: tuple[str, str, dict[str, str]] = ("POST", "/items", {"id": item_id, **text})
    if replaces:
        asked = ("PUT", f"/items/{item_id}", text)
    try:
        answer = https.request(region, host, *asked)
    except (urllib3.exceptions.HTTPError, OSError):
        return Answered(0, None, None, time.time())
    headers = answer.headers
    try:
        code = str(answer.json()["error"]["code"])
    except (ValueError, LookupError, TypeError):
        code = ""
    by, passed_on = headers.get("X-Served-By"), headers.get("X-Forwarded-By-Region")
    write_id = headers.get("X-Write-Id", "")
    return Answered(answer.status, by, passed_on, time.time(), code, item_id, write_id)


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
