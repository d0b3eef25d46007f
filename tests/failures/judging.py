"""Whether an execution came to what it had to. Each check returns what is wrong."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.failures.case import Ended
    from tests.failures.pair import Pair, Run

# Within which the janitor and the keepers have done their part, a lease included, a drain is over
# for every fence, and DNS has followed.
PATIENCE_SECONDS = 25
OTHER = "arn:aws:states:another:execution"


def wrong(pair: Pair, run: Run, ended: Ended, epoch: int) -> list[str]:
    """Compare an execution and what it left with what had to come of it.

    `epoch` is the one in which it was started.
    """
    found = []
    if (run.status, run.end) != (ended.status, ended.end):
        found.append(f"ended {run.status}, {run.end}: {run.cause or run.output.get('summary')}")
    if ended.says and ended.says not in (run.cause or json.dumps(run.output)):
        found.append(f"does not say {ended.says!r}: {run.cause or run.output}")
    decision = run.output.get("decision") or {}
    unmet = {c["name"] for c in decision.get("conditions", []) if not c["met"]}
    if not set(ended.unmet) <= unmet:
        found.append(f"unmet were {sorted(unmet)}")
    if ended.refused_for and set(decision.get("unmet", [])) != set(ended.refused_for):
        found.append(f"refused for {decision.get('unmet')}: {run.output.get('summary')}")
    found += _told(pair, run, ended)
    if ended.lock is not None:
        found += _eventually(lambda: _lock(pair, run, ended.lock or ""))
    if ended.serves is not None:
        region = pair.primary if ended.serves == "primary" else pair.secondary
        found += _eventually(lambda: _serves(pair, region, epoch + ended.promoted))
    return found


def _told(pair: Pair, run: Run, ended: Ended) -> list[str]:
    def events() -> list[str]:
        told = tuple(n.event for n in pair.notices(run.arn))
        return [] if told == ended.told else [f"people were told {told}, not {ended.told}"]

    found = _eventually(events)
    messages = [n.message for n in pair.notices(run.arn)]
    found = [f"{wrong}: {messages}" for wrong in found]
    if ended.told_why and not any(ended.told_why in m for m in messages):
        found.append(f"no message says {ended.told_why!r}: {messages[-1:]}")
    return found


def _lock(pair: Pair, run: Run, kind: str) -> list[str]:
    lock = pair.lock()
    is_so = {
        "free": not lock,
        "another's": lock.get("owner") == OTHER,
    }
    return [] if is_so[kind] else [f"the lock is not {kind}: {lock}"]


def _serves(pair: Pair, region: str, epoch: int) -> list[str]:
    control = pair.control()
    is_active = control["active_region"], control["epoch"], control["state"]
    if is_active != (region, str(epoch), "serving") or {"drain_until", "move"} & set(control):
        return [f"epoch {epoch} of {region} is not serving: {control}"]
    if not pair.leads_to(region):
        return [f"DNS does not lead to {region}"]
    taken = pair.written_in(region)
    return [] if taken == (201, region) else [f"a write at {region} came to {taken}"]


def _eventually(check: Callable[[], list[str]]) -> list[str]:
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := check()) and time.monotonic() < end:
        time.sleep(0.1)
    return found
