"""Makes calls side by side. What has not answered when the time is up is named, never awaited.

The threads are daemons: one that hangs in a socket or in a name look-up does not keep the program
from ending, as those of a pool would.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from cli.asking.problem import late, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cli.asking.call import Call
    from cli.asking.clients import Clients
    from cli.asking.problem import Problem

T = TypeVar("T")


@dataclass
class Answers:
    """What one Region answered, by the calls' names. A call is in one of the two."""

    region: str
    values: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    # Until the last of them was there, or the time was up.
    seconds: float = 0.0

    @property
    def silent(self) -> bool:
        """Whether the Region answered nothing at all."""
        problems = self.problems.values()
        return not self.values and bool(problems) and all(p.kind == "silent" for p in problems)


class Deadline:
    """The moment at which a Region's time is up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, at least none."""
        return max(0.0, self._at - time.monotonic())


def start(work: Callable[[], T]) -> Future[T]:
    """Do something on a daemon thread."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future


def ask(
    clients: Clients,
    first: Sequence[Call],
    seconds: float,
    answers: Answers,
    then: Callable[[Answers], Sequence[Call]] = lambda _: (),
    needs: Sequence[str] = (),
) -> None:
    """Ask one Region. All of it is over after `seconds`.

    As soon as the calls named by `needs` have ended, `then` returns the calls that follow from
    their answers. A first call that hangs does not delay these.
    """
    begun, deadline = time.monotonic(), Deadline(seconds)
    partial: dict[str, list[Any]] = {}

    def begin(calls: Sequence[Call]) -> list[tuple[Call, Future[Any]]]:
        return [(c, start(partial_call(clients, c, partial))) for c in calls]

    made = begin(first)
    needed = [(c, future) for c, future in made if c.name in needs]
    wait([future for _, future in needed], timeout=deadline.left())
    known = Answers(answers.region)
    for call, future in needed:
        _keep(call, future, None, deadline, known)
    made += begin(then(known))
    wait([future for _, future in made], timeout=deadline.left())
    for call, future in made:
        _keep(call, future, partial.get(call.name), deadline, answers)
    answers.seconds = round(time.monotonic() - begun, 3)


def _keep(
    call: Call, future: Future[Any], pages: list[Any] | None, deadline: Deadline, into: Answers
) -> None:
    if not future.done():
        into.problems[call.name] = late(call, deadline.seconds)
    elif error := future.exception():
        if not isinstance(error, Exception):
            raise error
        into.problems[call.name] = translated(call, error)
    else:
        into.values[call.name] = future.result()
    if call.name in into.problems and pages:
        # A part is better than nothing; the problem says that it is one.
        into.values[call.name] = {call.pages: list(pages)}


def partial_call(clients: Clients, call: Call, partial: dict[str, list[Any]]) -> Callable[[], Any]:
    """Return what makes a call. Pages are kept in `partial` as they arrive."""

    def make() -> Any:
        client = clients.client(call.service, call.region)
        if call.pages is None:
            return getattr(client, call.operation)(**call.arguments)
        found = partial.setdefault(call.name, [])
        for page in client.get_paginator(call.operation).paginate(**call.arguments):
            found += page.get(call.pages, [])
        return {call.pages: found}

    return make


def ask_regions(
    clients: Clients,
    first: Mapping[str, Sequence[Call]],
    seconds: float,
    then: Callable[[Answers], Sequence[Call]] = lambda _: (),
    needs: Sequence[str] = (),
) -> dict[str, Answers]:
    """Ask Regions side by side, each as `ask` does, and each within `seconds`."""
    answers = {region: Answers(region) for region in first}
    futures = [
        start(lambda r=r, c=c: ask(clients, c, seconds, answers[r], then, needs))  # type: ignore[misc]
        for r, c in first.items()
    ]
    for future in futures:
        # Each ends by its own deadline.
        future.result()
    return answers
