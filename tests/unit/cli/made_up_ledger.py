"""The ledger function of the made-up pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilotlight.ledger.entry import counts, is_late, key, kinds_of, verdict_of
from pilotlight.ledger.request import checked

if TYPE_CHECKING:
    from tests.unit.cli.made_up_pair import Pair

REGION, TABLE = "us-east-2", "pilot-light-ledger"


def answer(pair: Pair, payload: dict[str, Any]) -> dict[str, Any]:
    """Return what the function answers. Its own schema judges each request."""
    action = checked(payload)
    if pair.function_error:
        return pair.function_error
    if action == "reconcile":
        return {**pair.to_compare.pop(0), **_open(pair)}
    done = {w: _resolve(pair, w, payload) for w in payload["write_ids"]}
    failed = {w: pair.not_replayed[w] for w, resolved in done.items() if not resolved}
    if failed:
        reasons = "; ".join(f"{w}: {why}" for w, why in failed.items())
        message = f"{len(failed)} not replayed, {len(done) - len(failed)} replayed. {reasons}"
        return {"errorType": "NotReplayed", "errorMessage": message}
    return {action: done, **_open(pair)}


def _open(pair: Pair) -> dict[str, Any]:
    rows = [row for row in pair.tables[REGION, TABLE] if "open_id" in row]
    return counts([kinds_of(late=is_late(row), verdict=verdict_of(row)) for row in rows])


def _resolve(pair: Pair, write_id: str, payload: dict[str, Any]) -> bool:
    if write_id in pair.not_replayed:
        return False
    (row,) = (r for r in pair.tables[REGION, TABLE] if key(write_id).items() <= r.items())
    row.pop("open_id", None)
    status = {"accept": "accepted", "replay": "replayed"}[payload["action"]]
    row |= {"status": {"S": status}, "resolved_by": {"S": payload["by"]}}
    row |= {"resolved_at": {"S": "noon"}}
    return True
