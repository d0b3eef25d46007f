"""The scenario of a failback: the ledger is resolved, then the machine moves back under traffic."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from lab.drill.failback.checks import Failback
from lab.drill.history import text_of, written
from lab.drill.watching import caught_up, within

if TYPE_CHECKING:
    from lab.drill.observations import Execution
    from lab.drill.outage.scenario import Scenario
    from lab.drill.watching import Watch
    from lab.progress import Progress

REQUEST = {"mode": "failback", "reason": "the Primary is healthy again"}
WHO = "the drill"
# The ledger's stream is read within seconds, and both Regions have to have all that was written.
LEDGER_SECONDS, SETTLE_SECONDS = 60.0, 20.0
AFTERWARDS_SECONDS = 2.0
ATTEMPTS, PAUSE_SECONDS = 3, 3.0


def fail_back(drill: Scenario) -> None:
    """Resolve the ledger as a person would, move back, and read what became of every write."""
    config, lab, watch, progress = drill.config, drill.lab, drill.watch, drill.progress
    drill.observed.failback = back = Failback()
    with progress.step("The ledger of late and lost writes"):
        back.complete, resolved = resolve_the_ledger(watch)
        back.ledger, back.open_after = resolved["entries"], resolved["open"]
    with progress.step(f"Planned move back to {config.primary_region}"):
        back.run, back.requested = planned_move(watch, REQUEST, progress)
        back.ended = time.time()
        within(SETTLE_SECONDS, lambda: lab.leads_to() == config.primary_region)
        back.leads_to = lab.leads_to()
        time.sleep(AFTERWARDS_SECONDS)
        recent = [
            w for w in drill.traffic.writes if w.acknowledged > time.time() - AFTERWARDS_SECONDS
        ]
        back.served = dict(Counter(str(w.region) for w in recent))
    drill.traffic.stop()
    within(SETTLE_SECONDS, lambda: caught_up(lab))
    back.control = watch.control()
    rows = watch.rows(config.primary_region)
    back.written = written(rows)
    if drill.observed.overwritten:
        back.replaced_text = text_of(rows, drill.observed.overwritten.item_id)


def planned_move(
    watch: Watch, request: dict[str, Any], progress: Progress
) -> tuple[Execution, float]:
    """Move; after a refusal, which changes nothing, request the move again, three times in all.

    Return the last execution, and when it was requested.
    """
    for _ in range(ATTEMPTS):
        requested = time.time()
        run = watch.run("switchover", request)
        if run.outcome != "refused":
            break
        progress.event(f"The move was refused: {run.output.get('summary')}")
        time.sleep(PAUSE_SECONDS)
    return run, requested


def resolve_the_ledger(watch: Watch, *, replays: bool = True) -> tuple[bool, dict[str, Any]]:
    """Replay what was lost to a newer write, and accept the rest.

    Parameters
    ----------
    replays
        Whether to replay: only where the ledger's Region is active.

    Returns
    -------
    bool, dict
        Whether all was compared, and the ledger afterwards.
    """
    comparison: dict[str, Any] = {}

    def compared() -> bool:
        comparison.update(watch.ledger(action="reconcile"))
        return bool(comparison.get("complete"))

    complete = within(LEDGER_SECONDS, compared)
    entries = watch.whole_ledger()["entries"]
    lost = [e["write_id"] for e in entries if "lost" in e["kinds"] and e["status"] == "open"]
    if lost and replays:
        watch.ledger(action="replay", write_ids=lost, by=WHO)
    watch.ledger(action="accept", write_ids="all", by=WHO)
    return complete, watch.whole_ledger()
