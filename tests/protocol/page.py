"""Writes docs/protocol.md: what was searched and lived, and what each rule taken out breaks.

.venv/bin/python -m tests.protocol.page
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.protocol import model, runs
from tests.protocol.rules import NAMES, TEXTS
from tests.protocol.search import searched

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
MOST = 20_000
TEXT = """\
# The protocol of who is active, tried

Made by `.venv/bin/python -m tests.protocol.page` from `tests/protocol/`. Do not edit it; a test
fails when its rules, or its numbers of states, are stale.

Who is active is decided by one item of the control table and five changes of it, each of them
compare and set (`functions/pilotlight/control/transitions.json`). Two kinds of test try to break
that.

## What has to hold

1. Revision and epoch never go back.
2. An epoch has one active Region.
3. No two Regions acknowledge writes at overlapping times, but under a last resort or
   `WithoutQuorum=continue`: once a newer epoch has acknowledged, no older one does.
4. No write is sent later than LEASE after the read behind it was sent.
5. What was acknowledged is there, or in the ledger, once all is healed and reconciled (level 2). A
   planned move leaves nothing behind.
6. Within 20 minutes somebody serves, or a person was notified why not.
7. No claim, drain or last resort stays.
8. `/switch/on` draws users only to a Region that was active in the last 120 s, or that has a last
   resort.

## Every state of a model

The transitions are read from the data. Two machines, which send each request once, twice or late,
crash at any step and start again; a keeper that dies as well, and undoes drains whenever it likes
(so it stands for the janitor, too); a writer in each Region with the fence's three checks. The
control item is one linearizable register; time is in ticks, and what lies between two ticks happens
in every order. Each search comes to its end.

| machines | starts, requests of each start | states |
| --- | --- | --- |
{worlds}

**{states:,} states**, none of which breaks an invariant: `tests/protocol/test_exhaustive.py`.

## Histories by chance

The real fence, service, transitions, keeper, switch, pulse, last resort, level, ledger, stream
consumer and proof run in three Regions with a virtual clock. Links are cut in any combination;
Regions are lost, come back and catch up; lookups, connections, reads and answers are slow, or come
to nothing; requests are applied late, and twice; environments freeze while clocks stand; clocks are
off by up to an hour, put back, and 1 % fast or slow; rows of the two tables arrive in no order,
twice, and late; executions are killed and started twice at any step, and people stop some; the
janitor is late; people start machines without need. The steps of the state machines are modelled as
their definitions have them.

{histories:,} histories (seeds 0 to {last}) with {acknowledged:,} acknowledged writes and {claims:,}
claims; none breaks an invariant. CI lives {ci:,} of them, `make protocol` 100,000. What they saw,
and how many of them did:

{kinds}

One history, printed: `.venv/bin/python -m tests.protocol.history SEED [RULE TAKEN OUT]`.

## What bites

Each rule was taken out in turn, and the rest left as it is.

| rule | in the model: broken after | in histories: the first seed that breaks |
| --- | --- | --- |
{bites}

## What is not in it

- Where API Gateway's time of a request is not known, the id of its write is made by the
  environment's clock, off by at most 25 s here. One that is off by more makes ids below the
  watermark of a planned move's proof, and the proof does not compare those again.
- A request that waits between API Gateway and its environment while **both** of the environment's
  own clocks stand: that wait is not in its age.
- A write that is held back for more than an hour and then made: reconciling looks no further.
- Health checks that fail because writes do. In the histories users may only read, so that the pulse
  is what tells of a Primary that is cut off.
- The lock of a run, and the machines' steps beside the control item.
"""


def _machine(plan: runs.Plan) -> str:
    what = "failover" if plan.kind == "failover" else "switchover"
    return f"{what} to {('Primary', 'Secondary')[plan.region]}"


def worlds() -> tuple[str, int]:
    """Search every pair of machines, and return the table and the number of states."""
    rows, states = [], 0
    for plans, found in zip(runs.WORLDS, runs.searches(), strict=True):
        assert found.broken is None
        states += found.states
        names = ", ".join(_machine(p) for p in plans)
        sizes = "; ".join(f"{p.executions}, {p.budget}" for p in plans)
        rows.append(f"| {names} | {sizes} | {found.states:,} |")
    return "\n".join(rows), states


def _in_model(rule: str) -> str:
    if rule not in model.Rules.__dataclass_fields__:
        return "not in the model"
    found = searched(runs.WORLDS, model.Rules().without(rule))
    assert found[-1].broken
    return f"{sum(f.states for f in found):,} states: {found[-1].broken}"


def _in_histories(rule: str) -> str:
    if rule not in NAMES:
        return "not in the histories"
    found = runs.live(range(MOST), rule, to_first=True)
    assert found.failures, rule
    seed, why = found.failures[0]
    return f"seed {seed}: {re.sub(r'[:[].*', '', why)}"


def bites() -> str:
    """Take each rule out, and return the table of what then breaks."""
    return "\n".join(
        f"| `{rule}`: {text} | {_in_model(rule)} | {_in_histories(rule)} |"
        for rule, text in TEXTS.items()
    )


def seed_in_page(rule: str) -> int | None:
    """Return the seed that the page names for a rule."""
    if not PAGE.exists():
        return None
    found = re.search(rf"^\| `{rule}`: .*\| seed (\d+): ", PAGE.read_text("utf-8"), re.MULTILINE)
    return int(found[1]) if found else None


def main() -> None:
    number = int(os.environ.get("HISTORIES", "100000"))
    found = runs.live_all(number)
    assert not found.failures, found.told()
    table, states = worlds()
    kinds = "\n".join(f"- {kind}: {n:,}" for kind, n in sorted(found.kinds.items()))
    text = TEXT.format(
        worlds=table,
        states=states,
        histories=found.histories,
        last=number - 1,
        acknowledged=found.acknowledged,
        claims=found.claims,
        ci=runs.HISTORIES,
        kinds=kinds,
        bites=bites(),
    )
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.name}: {states:,} states, {found.histories:,} histories")


if __name__ == "__main__":
    main()
