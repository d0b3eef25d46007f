"""What may befall an execution while it is halted, beside a permission that is missing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from tests import hooked_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.failures.pair import Pair

Fault = Callable[["Pair", str], AbstractContextManager[None]]
LATER = "2999-12-31T23:59:59.000Z"


@contextmanager
def the_control_item_changes(pair: Pair, _arn: str) -> Iterator[None]:
    """A person makes the active Region active in a new epoch."""
    pair.serve(pair.control()["active_region"])
    yield


@contextmanager
def a_keeper_lets_it_serve(pair: Pair, _arn: str) -> Iterator[None]:
    """The claim serves already when its run is about to let it."""
    pair.changes(state="serving", changed_by=f"keeper {pair.control()['active_region']}")
    yield


@contextmanager
def a_keeper_ends_the_drain(pair: Pair, _arn: str) -> Iterator[None]:
    """A drain lasted longer than it may: the source serves again, in another revision."""
    pair.changes(state="serving", changed_by=f"keeper {pair.control()['active_region']}")
    yield


@contextmanager
def the_claim_is_made_already(pair: Pair, arn: str) -> Iterator[None]:
    """The run's own write was made, and its answer lost; another comes to find it."""
    epoch = int(pair.control()["epoch"]) + 1
    pair.changes(active_region=pair.secondary, epoch=epoch, state="serving", changed_by=arn)
    yield


@contextmanager
def the_promotion_is_on_record(pair: Pair, _arn: str) -> Iterator[None]:
    """Another execution completes the promotion first."""
    pair.lab.put("recoveries", pk=f"recovery#{pair.epoch + 1}", execution="another")
    yield


@contextmanager
def a_later_rehearsal_was_quicker(pair: Pair, _arn: str) -> Iterator[None]:
    before = pair.lab.item("recoveries", "rehearsal")
    pair.lab.put("recoveries", pk="rehearsal", **{**_text(before), "started_at": LATER})
    yield
    assert pair.lab.item("recoveries", "rehearsal")["started_at"] == LATER, "it lost its word"
    pair.lab.forget("rehearsal")
    if before:
        pair.lab.put("recoveries", pk="rehearsal", **_text(before))


@contextmanager
def the_move_is_made_already(pair: Pair, arn: str) -> Iterator[None]:
    """The machine that this one would start has an execution of that name, which has ended."""
    pair.start("switchover", {"mode": "nonsense"}, name=arn.rsplit(":", 1)[-1])
    yield


def the_hook(phase: str, does: str) -> Fault:
    """The application's own function fails, hangs or refuses in a phase."""

    @contextmanager
    def fault(pair: Pair, _arn: str) -> Iterator[None]:
        hooked_pair.let_it(pair.lab, **{phase: does})
        try:
            yield
        finally:
            hooked_pair.let_it(pair.lab)

    return fault


@contextmanager
def the_hook_is_gone(pair: Pair, _arn: str) -> Iterator[None]:
    """Somebody removed the alias that is declared."""
    hooked_pair.lose_alias(pair.lab)
    try:
        yield
    finally:
        hooked_pair.restore_alias(pair.lab)


def _text(item: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in item.items() if k != "pk"}
