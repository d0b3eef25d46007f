"""The watermark of the active Region's journal moves on every minute, while users write.

Otherwise a planned move would compare everything since the last one, and refuse where that is too
much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client.control_table import ControlUnread
from pilot_light_client.table_errors import TableUnavailable

from pilotlight.journal.proof import SECONDS, TailsDiffer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.control.table import ControlTable
    from pilotlight.journal.proof import JournalProof

# What a comparison may need beyond its own seconds: a last span with slow answers.
SPARE_SECONDS = 7.0


def keep_up(
    control: ControlTable,
    proof_of: Callable[[str, int], JournalProof],
    seconds_left: Callable[[], float],
) -> dict[str, Any]:
    """Compare what is older than a minute, for as long as there is time.

    Parameters
    ----------
    proof_of
        Returns the proof for the journal of an active Region and its epoch.

    Returns
    -------
    dict
        Whether it is `caught_up`, and `why` not. Whatever is missing is compared again in a minute.
    """
    try:
        item = control.read()
        if item.state != "serving":
            return {"caught_up": False, "why": f"{item.active_region} is {item.state}."}
        proof = proof_of(item.active_region, item.epoch)
        while True:
            done = proof.advance(SECONDS)
            found = {"watermark": done.watermark, "compared": done.compared}
            if done.complete:
                return {"caught_up": True, **found}
            if seconds_left() < SECONDS + SPARE_SECONDS:
                return {"caught_up": False, "why": "There is more to compare.", **found}
    except (ControlUnread, TableUnavailable, TailsDiffer) as error:
        return {"caught_up": False, "why": str(error)}
