"""A returned Region, written to from its return on: it refuses and forwards, and takes nothing."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from lab.drill.observations import in_words, refusals, seconds_after
from lab.drill.users.by_name import write_by_name

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.checks import Result
    from lab.drill.observations import Observations, WriteByName
    from lab.drill.users.traffic import Https

# The lab lets replication to it stand still this much longer: what it may do does not rest on it.
BEHIND_SECONDS = 2.0
EVERY_SECONDS, LIMIT_SECONDS, FORWARDED_ENOUGH = 0.1, 30.0, 10


def write_from_its_return(
    https: Https, config: LabConfig, lab: Control, *, region: str = "", contested: str = ""
) -> list[WriteByName]:
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
    run = uuid.uuid4().hex[:8]
    lab.act("pause", src=other, dst=region)
    try:
        lab.act("heal")
        healed, behind = time.time(), True
        writes: list[WriteByName] = []
        while time.time() < healed + LIMIT_SECONDS:
            if behind and time.time() >= healed + BEHIND_SECONDS:
                lab.act("pause", src=other, dst=region, on=False)
                behind = False
            own = contested and len(writes) % 2 == 0
            item_id = contested if own else f"returned-{run}-{len(writes)}"
            writes.append(
                write_by_name(https, region, config.zone_name, item_id, replaces=bool(own))
            )
            if sum(a.forwarded for a in writes) >= FORWARDED_ENOUGH:
                break
            time.sleep(EVERY_SECONDS)
    finally:
        lab.act("pause", src=other, dst=region, on=False)
    return writes


def returned(drill: Observations) -> dict[str, Any] | None:
    """Return the report's section on the return; None where the Primary did not return."""
    if drill.healed is None or not drill.writes_to_the_returned:
        return None
    return handling(drill.writes_to_the_returned, drill.primary, drill.healed)


def handling(sent: list[WriteByName], region: str, healed: float) -> dict[str, Any]:
    """Return what a returned Region did with the writes that were sent to it."""
    forwarded = [a.at for a in sent if a.forwarded]
    refused = [a.at for a in sent if not a.acknowledged]
    return {
        "replication_behind_seconds": BEHIND_SECONDS,
        "refused_seconds": seconds_after(max(refused, default=healed), healed),
        "forwards_after_seconds": seconds_after(min(forwarded, default=None), healed),
        "forwarded_seconds": round(max(forwarded) - min(forwarded), 3) if forwarded else 0.0,
        "writes": len(sent),
        "forwarded": len(forwarded),
        "taken": sum(a.taken_by(region) for a in sent),
        "refused": refusals(sent),
    }


def takes_no_write(sent: list[WriteByName], region: str, healed: float) -> Result:
    """Require a returned Region to forward the writes sent to it, and to make none itself."""
    counts = handling(sent, region, healed)
    codes = f" ({in_words(counts['refused'])})" if counts["refused"] else ""
    detail = (
        f"Of {counts['writes']} writes sent to {region} from the moment it was back it "
        f"refused {sum(counts['refused'].values())} for {counts['refused_seconds']:.1f} s{codes}, "
        f"forwarded {counts['forwarded']} for {counts['forwarded_seconds']:.1f} s, and took "
        f"{counts['taken']}."
    )
    return counts["forwarded"] > 0 and not counts["taken"], detail
