"""Users of an application that is known by its contract alone: what they write, and read back."""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import urllib3

from lab.config import LabError
from lab.drill.users.background import Background
from lab.drill.users.resolver import NotResolved, Resolver, ask
from lab.drill.users.traffic import Https
from lab.drill.watching import within

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import LabConfig
    from tools.reader.contract import Contract

READS_A_SECOND, WRITES_A_SECOND = 5.0, 5.0
# An application that works by a queue acknowledges an item before it is readable.
READABLE_SECONDS = 10.0
PATIENT = urllib3.Timeout(connect=1.0, read=6.0)


@dataclass(frozen=True)
class Call:
    """One request: an item's id, its moments, the Region that was asked, and the status, 0 if none.

    `forwarded` is whether that Region had it made in the other one.
    """

    kind: str
    item_id: str
    started: float
    ended: float
    region: str | None
    status: int
    forwarded: bool = False

    @property
    def good(self) -> bool:
        """Whether it was served."""
        return 200 <= self.status < 300


def check(contract: Contract) -> None:
    """Check that a contract names the requests of a drill's users.

    Raises
    ------
    LabError
        It does not, or they have no {id}, by which an item is read back.
    """
    lab = contract.lab
    if "write" not in lab or "read" not in lab:
        raise LabError(
            "pilotlight.toml: [lab] needs write and read, the requests of a drill's users, "
            'such as write = "PUT /orders/{id}" and read = "GET /orders/{id}".'
        )
    written = lab["write"] + json.dumps(lab.get("body", {}))
    for name, text in (("read", lab["read"]), ("write or body", written)):
        if "{id}" not in text:
            raise LabError(
                f"pilotlight.toml: [lab] {name} has no {{id}}. The lab writes an item by an id of "
                "its own and reads it back by the same."
            )


class Requests:
    """The requests that a contract names, made for an item."""

    def __init__(self, config: LabConfig, contract: Contract) -> None:
        check(contract)
        lab = contract.lab
        self._config = config
        self._write, self._read = lab["write"], lab["read"]
        self._body = json.dumps(lab.get("body", {}))
        self._https = Https(config, PATIENT)

    def write(self, region: str, host: str, item_id: str) -> Call:
        """Write an item at a Region's entry."""
        body = json.loads(self._body.replace("{id}", item_id))
        return self._call("write", self._write, region, host, item_id, body)

    def read(self, region: str, host: str, item_id: str) -> Call:
        """Read an item at a Region's entry."""
        return self._call("read", self._read, region, host, item_id, None)

    def get(self, region: str, host: str, path: str) -> tuple[int, Any]:
        """Return the status of a GET, 0 without an answer, and its JSON, if it is some."""
        try:
            answer = self._https.request(region, host, "GET", path)
        except (urllib3.exceptions.HTTPError, OSError):
            return 0, None
        try:
            return answer.status, answer.json()
        except ValueError:
            return answer.status, None

    def _call(
        self, kind: str, request: str, region: str, host: str, item_id: str, body: Any
    ) -> Call:
        method, path = request.replace("{id}", item_id).split(" ", 1)
        started, status, forwarded = time.time(), 0, False
        try:
            answer = self._https.request(region, host, method, path, body)
            status, forwarded = answer.status, "X-Forwarded-By-Region" in answer.headers
        except (urllib3.exceptions.HTTPError, OSError):
            pass
        return Call(kind, item_id, started, time.time(), region, status, forwarded)


class AppTraffic(Background):
    """A reader and a writer at the public name, until they are stopped."""

    def __init__(self, config: LabConfig, requests: Requests) -> None:
        self.calls: list[Call] = []
        self._config, self._requests = config, requests
        name, port = config.public_name, config.dns_port
        self._resolver = Resolver(lambda: ask(name, port), config.speed)
        self._run, self._lock = uuid.uuid4().hex[:8], threading.Lock()
        super().__init__(
            partial(self._repeat, self._one_read, READS_A_SECOND),
            partial(self._repeat, self._one_write, WRITES_A_SECOND),
        )

    def start(self) -> None:
        """Begin. The first write makes the item that is read, once it is readable.

        Raises
        ------
        LabError
            It was acknowledged and is not readable in time.
        """
        first = self._make("write", f"{self._run}-0")
        self._keep(first)
        if first.good and not within(READABLE_SECONDS, lambda: self._read_of_first().good):
            raise LabError(
                f"The first item was acknowledged, and not readable within {READABLE_SECONDS:g} s: "
                "is [lab] read the way to read back what [lab] write wrote?"
            )
        super().start()

    def acknowledged(self) -> list[Call]:
        """Return the writes that were served."""
        return [c for c in self.calls if c.kind == "write" and c.good]

    def resolved(self) -> str | None:
        """Return the Region to which the public name leads, as a user sees it."""
        try:
            return self._config.region_of_address.get(self._resolver.resolve())
        except NotResolved:
            return None

    def _repeat(self, act: Callable[[int], None], rate: float) -> None:
        count, due = 0, time.monotonic()
        while not self.stopped.wait(max(0.0, due - time.monotonic())):
            count, due = count + 1, max(due + 1 / rate, time.monotonic())
            act(count)

    def _one_write(self, count: int) -> None:
        self._keep(self._make("write", f"{self._run}-{count}"))

    def _one_read(self, _count: int) -> None:
        self._keep(self._read_of_first())

    def _read_of_first(self) -> Call:
        return self._make("read", f"{self._run}-0")

    def _keep(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    def _make(self, kind: str, item_id: str) -> Call:
        region, started = self.resolved(), time.time()
        if region is None:
            return Call(kind, item_id, started, time.time(), None, 0)
        make = self._requests.write if kind == "write" else self._requests.read
        return make(region, self._config.public_name, item_id)
