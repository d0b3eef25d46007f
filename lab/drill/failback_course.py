"""The course of a failback: the ledger is settled, then the machine moves back under traffic."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from lab.drill.failback import Failback
from lab.drill.history import text_of, written
from lab.drill.waiting import caught_up, within

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.observations import Observations
    from lab.drill.traffic import Traffic
    from lab.drill.watching import Watch
    from lab.progress import Progress

REQUEST = {"mode": "failback", "reason": "the Primary is well again"}
WHO = "the drill"
# The ledger's stream is read within seconds, and both Regions have to have all that was written.
LEDGER_SECONDS, MOVE_SECONDS, SETTLE_SECONDS = 20.0, 90.0, 20.0
AFTERWARDS_SECONDS = 2.0


def fail_back(
    config: LabConfig,
    lab: Control,
    watch: Watch,
    traffic: Traffic,
    seen: Observations,
    progress: Progress,
) -> None:
    """Settle the ledger as a person would, move back, and look what became of every write."""
    seen.failback = back = Failback(time.time())
    with progress.step("The ledger of late and lost writes"):
        _settle_the_ledger(watch, back)
    with progress.step(f"Planned move back to {config.primary_region}"):
        back.asked = time.time()
        arn = watch.start("switchover", REQUEST)
        within(MOVE_SECONDS, lambda: watch.ended(arn))
        back.run, back.ended = watch.execution(arn), time.time()
        within(SETTLE_SECONDS, lambda: lab.leads_to() == config.primary_region)
        back.leads_to = lab.leads_to()
        time.sleep(AFTERWARDS_SECONDS)
        recent = [w for w in traffic.writes if w.acknowledged > time.time() - AFTERWARDS_SECONDS]
        back.served = dict(Counter(str(w.region) for w in recent))
    traffic.stop()
    within(SETTLE_SECONDS, lambda: caught_up(lab))
    back.control = watch.control()
    rows = watch.rows(config.primary_region)
    back.written = written(rows)
    if seen.overwritten:
        back.replaced_text = text_of(rows, seen.overwritten.item_id)


def _settle_the_ledger(watch: Watch, back: Failback) -> None:
    """Replay what was lost to a newer write, and accept the rest."""
    found: dict[str, Any] = {}

    def compared() -> bool:
        found.update(watch.ledger(action="reconcile"))
        return bool(found.get("complete"))

    back.complete = within(LEDGER_SECONDS, compared)
    entries = watch.ledger(action="list")["entries"]
    lost = [e["write_id"] for e in entries if "lost" in e["kinds"] and e["status"] == "open"]
    if lost:
        watch.ledger(action="replay", write_ids=lost, by=WHO)
    watch.ledger(action="accept", write_ids="all", by=WHO)
    settled = watch.ledger(action="list")
    back.ledger, back.open_after = settled["entries"], settled["open"]
