"""The rules of the protocol, each of which can be taken out of the random world."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from pilot_light_client import fence as fence_module
from pilot_light_client.fence import Fence, Permit, Read, Stamp
from pilot_light_client.last_resort import LastResortTable
from pilotlight.control.keeper import Keeper
from pilotlight.control.switch import Switch
from pilotlight.ledger.reconciliation import ReconcileResult, Reconciliation
from pilotlight.sentinel.level import Outage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Rules:
    """What the world itself obeys. The others are taken out of the product's code."""

    compare_and_set: bool = True
    own_drain: bool = True
    lease_from_answer: bool = True
    lease_of_successor: bool = True
    pulse: bool = True
    proof: bool = True


def _age_without(clock: str) -> Callable[[Stamp, Stamp], float]:
    def age(since: Stamp, at: Stamp) -> float:
        ages = [getattr(at, c) - getattr(since, c) for c in ("wall", "boot") if c != clock]
        if clock != "request" and since.request is not None and at.request is not None:
            ages.append(at.request - since.request)
        return float("inf") if min(ages) < 0 else max(ages)

    return age


def _always_held(self: Fence, request: float | None) -> Any:
    held = self._read
    if held is not None and self._allows(held):
        return held
    return _VALID(self, request)


def _from_answer(self: Fence, request: float | None) -> bool:
    found = _REFRESH(self, request)
    if found and self._read is not None:
        self._read = Read(self._read.item, self._clock(request))
    return found


_VALID, _REFRESH = Fence._valid, Fence._refresh
_CHANGES: dict[str, tuple[Any, str, Any]] = {
    "first_age": (Fence, "_valid", _always_held),
    "read_from_sending": (Fence, "_refresh", _from_answer),
    "second_age": (Permit, "check_sending", lambda _self: None),
    "third_age": (Permit, "check_answer", lambda _self: None),
    "wall_clock": (fence_module, "age", _age_without("wall")),
    "boot_clock": (fence_module, "age", _age_without("boot")),
    "request_clock": (fence_module, "age", _age_without("request")),
    "keeper": (Keeper, "keep", lambda _self, _left: "nothing"),
    "strong_switch": (Switch, "on", lambda self: self._local().active_region == self._region),
    "void_last_resort": (LastResortTable, "end", lambda _self: False),
    "level": (Outage, "due", lambda self, _now: self.attempts == 0),
    "ledger": (
        Reconciliation,
        "run",
        lambda _self, _on, **_: ReconcileResult(complete=True, writes=0),
    ),
}
WORLD_RULES = tuple(Rules.__dataclass_fields__)
NAMES = (*WORLD_RULES, *_CHANGES)

# Every rule, those of the model included, as docs/protocol.md tells them.
TEXTS = {
    "compare_and_set": "every change requires the revision that was read",
    "own_drain": "a planned claim requires the revision that its own drain produced",
    "lease_from_answer": "the LEASE is counted from the answer of the claim or drain",
    "lease_of_successor": "a Region that finds a claim waits a LEASE from its own strong read",
    "read_from_sending": "a read is valid from when it was sent",
    "first_age": "the age is judged when a write passes",
    "second_age": "the age is judged when its connection stands",
    "third_age": "the age is judged when its answer comes",
    "wall_clock": "an age is counted by the wall clock",
    "boot_clock": "an age is counted by the boot-time clock",
    "request_clock": "an age is counted by the request's own time",
    "keeper": "a keeper finishes what a dead run left",
    "strong_switch": "the switch is on by a strong read",
    "pulse": "a pulse that stands still tells of a Primary that is cut off",
    "level": "a run is started again while the outage goes on",
    "void_last_resort": "a last resort is void at the first strong read that succeeds",
    "proof": "a planned move compares the journals",
    "ledger": "the journals of closed epochs are reconciled",
}


@contextmanager
def without(name: str | None) -> Iterator[Rules]:
    """Take one rule out, and return what the world obeys."""
    if name in _CHANGES:
        target, attribute, instead = _CHANGES[name]
        with patch.object(target, attribute, instead):
            yield Rules()
    else:
        yield replace(Rules(), **{name: False}) if name else Rules()
