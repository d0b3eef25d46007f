"""Users of each design: a resolver of their own, and attempts until they are served again.

A user who is not served asks again as soon as its resolver leads elsewhere, and twice a second
otherwise. So what a user loses is what its design and its resolver's cache cost, and little else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import urllib3

from lab.drill.observations import Request
from lab.drill.users.resolver import NotResolved, Resolver, ask
from lab.drill.users.traffic import Https

if TYPE_CHECKING:
    from lab.config import LabConfig
    from tools.bench.designs import Design

LOOK, QUIET, UNSERVED, UNWRITABLE = 0.05, 2.0, 0.5, 0.25
# How long a user waits for a connection, and for an answer, at AWS's intervals.
CONNECT, ANSWER = 1.0, 2.0
ITEM = "bench"
Question: TypeAlias = Callable[[], tuple[str | None, float]]


def aged(question: Question, share: float) -> Question:
    """Let the first answer hold for a share of its TTL: a cache in the midst of its cycle."""
    first = True

    def ask_aged() -> tuple[str | None, float]:
        nonlocal first
        address, ttl = question()
        left, first = ttl * (share if first else 1.0), False
        return address, left

    return ask_aged


@dataclass
class UserLog:
    """When one user's requests failed in one outage and were good again. Wall clock."""

    failed: float | None = None
    served: float | None = None
    written: float | None = None

    def take(self, request: Request, outage: float) -> None:
        """Take in one request that ended after the outage."""
        if not request.good:
            if self.failed is None and request.ended >= outage:
                self.failed = request.started
            return
        # A request that was under way when the Region was lost shows nothing about the recovery.
        if self.failed is None or request.started <= self.failed:
            return
        self.served = self.served or request.ended
        if request.kind == "write":
            self.written = self.written or request.ended


class User:
    """One user of one design through one outage, on a thread of its own.

    Parameters
    ----------
    share
        How much of the TTL is left in the cache of its resolver.
    """

    def __init__(self, config: LabConfig, design: Design, number: int, share: float) -> None:
        self.design = design
        self.number = number
        self.log = UserLog()
        self.steady = threading.Event()
        self._config = config
        self._https = Https(config)
        # What is lost never answers. The wait for it is modelled, and in a modelled stage.
        patience = urllib3.Timeout(connect=CONNECT / config.speed, read=ANSWER / config.speed)
        self._in_vain = Https(config, patience)
        self._regions = config.region_of_address
        question = aged(lambda: ask(design.name(config), config.dns_port), share)
        self._resolver = Resolver(question, config.speed)
        self._outage = float("inf")
        self._lost, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def lose(self, at: float) -> None:
        """Ask at once, as some of many users would in the moment in which the Region is lost."""
        self._outage = at
        self._lost.set()

    def end(self) -> None:
        """Stop asking."""
        self._stop.set()
        self._lost.set()
        self._thread.join(timeout=10)

    @property
    def restored(self) -> bool:
        """Whether reads and, where the design has a fence, writes are good again."""
        return (self.log.written if self.design.deployed else self.log.served) is not None

    def _run(self) -> None:
        self._quietly()
        asked_of: str | None = None
        due = 0.0
        while not self._stop.is_set():
            region = self._region()
            now = time.monotonic()
            if region is not None and (region != asked_of or now >= due):
                asked_of = region
                due = time.monotonic() + self._attempt(region)
            self._stop.wait(LOOK)

    def _quietly(self) -> None:
        """Keep the resolver's cache in use, and read now and then."""
        due = 0.0
        while not self._lost.is_set():
            region = self._region()
            if region is not None and time.monotonic() >= due:
                read = self._ask(region, "read")
                if read.good and read.region == self._config.primary_region:
                    self.steady.set()
                else:
                    self.steady.clear()
                due = time.monotonic() + (QUIET if read.good else UNSERVED)
            self._lost.wait(LOOK)

    def _attempt(self, region: str) -> float:
        """Read, and once reads are good write. Return the seconds to the next attempt there."""
        read = self._ask(region, "read")
        self.log.take(read, self._outage)
        if not read.good:
            return UNSERVED
        if not self.design.deployed:
            return QUIET
        write = self._ask(region, "write")
        self.log.take(write, self._outage)
        return QUIET if write.good else UNWRITABLE

    def _region(self) -> str | None:
        try:
            return self._regions[self._resolver.resolve()]
        except NotResolved:
            return None

    def _to(self, region: str) -> Https:
        lost = self._lost.is_set() and region == self._config.primary_region
        return self._in_vain if lost else self._https

    def _ask(self, region: str, kind: Literal["read", "write"]) -> Request:
        """Make one request to the application in the Region to which the name leads."""
        method, path, body = "GET", f"/items/{ITEM}", None
        if kind == "write":
            method, path = "PUT", f"/items/{ITEM}-{self.design.key}-{self.number}"
            body = {"text": "Written by a user of the benchmark"}
        started, by, good = time.time(), None, False
        try:
            # Every design leads to the same application, which answers to its one public name.
            answer = self._to(region).request(region, self._config.public_name, method, path, body)
            by, what = answer.headers.get("X-Served-By"), f"HTTP status {answer.status}"
            good = 200 <= answer.status < 300
        except (urllib3.exceptions.HTTPError, OSError) as error:
            what = type(error).__name__
        return Request(kind, started, time.time(), good, by, what)
