"""Users of the application: they resolve its public name, honour the TTL, read and write steadily.

The log of acknowledged writes is kept here, outside of the AWS that is put to the test.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import urllib3

from lab.drill.observations import Request, Write
from lab.drill.users.background import Background
from lab.drill.users.resolver import NotResolved, Resolver, ask
from lab.tls import answer_within, prompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import LabConfig

READS_A_SECOND, WRITES_A_SECOND = 10.0, 5.0
TIMEOUT = urllib3.Timeout(connect=1.0, read=2.0)


class _Connection(urllib3.connection.HTTPSConnection):
    """A connection on which a whole answer has the time that urllib3 gives to each read."""

    def getresponse(self) -> Any:
        answer_within(self.sock, float(self.timeout or 0))
        return super().getresponse()


class _Pool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Connection


class Https:
    """HTTPS to the lab's names over the Regions' entries on loopback, certificates verified."""

    def __init__(self, config: LabConfig, timeout: urllib3.Timeout = TIMEOUT) -> None:
        self._config = config
        self._timeout = timeout
        self._pools: dict[tuple[str, str], _Pool] = {}
        self._lock = threading.Lock()

    def request(
        self, region: str, host: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Make one request to a host at a Region's entry, without retries and redirects."""
        return self._pool(region, host).request(
            method,
            path,
            body=None if body is None else json.dumps(body).encode(),
            headers={"Host": host, "Content-Type": "application/json"},
            redirect=False,
        )

    def _pool(self, region: str, host: str) -> _Pool:
        with self._lock:
            if (region, host) not in self._pools:
                self._pools[region, host] = _Pool(
                    "127.0.0.1",
                    self._config.entries[region],
                    server_hostname=host,
                    assert_hostname=host,
                    ca_certs=str(self._config.ca_file),
                    ssl_context=prompt(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
                    retries=False,
                    timeout=self._timeout,
                    maxsize=4,
                )
            return self._pools[region, host]


class Traffic(Background):
    """A reader and a writer, until they are stopped."""

    def __init__(self, config: LabConfig, https: Https) -> None:
        self.requests: list[Request] = []
        self.writes: list[Write] = []
        self._config = config
        self._https = https
        self._regions = config.region_of_address
        name, port = config.public_name, config.dns_port
        self._resolver = Resolver(lambda: ask(name, port), config.speed)
        self._run = uuid.uuid4().hex[:8]
        super().__init__(
            partial(self._repeat, self._read, READS_A_SECOND),
            partial(self._repeat, self._write, WRITES_A_SECOND),
        )

    def start(self) -> None:
        """Begin. The first write makes the item that is read."""
        self._write(0)
        super().start()

    def replace(self, text: str) -> Write | None:
        """Replace the one item that is written again and again; None where it was not taken."""
        item_id, started = f"{self._run}-replaced", time.time()
        answer = self._one("write", "PUT", f"/items/{item_id}", {"text": text})
        return None if answer is None else self._acknowledged(item_id, answer, started)

    def _repeat(self, act: Callable[[int], None], rate: float) -> None:
        count, due = 0, time.monotonic()
        while not self.stopped.wait(max(0.0, due - time.monotonic())):
            count, due = count + 1, max(due + 1 / rate, time.monotonic())
            act(count)

    def _read(self, _count: int) -> None:
        self._one("read", "GET", f"/items/{self._run}-0", None)

    def _write(self, count: int) -> None:
        item = {"id": f"{self._run}-{count}", "text": f"Write {count} of drill {self._run}"}
        started = time.time()
        answer = self._one("write", "POST", "/items", item)
        if answer is not None:
            self._acknowledged(item["id"], answer, started)

    def _acknowledged(
        self, item_id: str, answer: urllib3.BaseHTTPResponse, started: float
    ) -> Write:
        region = answer.headers.get("X-Served-By")
        write_id, epoch = answer.headers.get("X-Write-Id", ""), epoch_of(answer)
        write = Write(item_id, write_id, time.time(), region, started, epoch)
        self.writes.append(write)
        return write

    def _one(
        self, kind: Literal["read", "write"], method: str, path: str, body: dict[str, Any] | None
    ) -> urllib3.BaseHTTPResponse | None:
        """Make one request through the public name, and return the answer if it is a good one."""
        started = time.time()
        answer, region, words = None, None, "the name does not resolve"
        try:
            address = self._resolver.resolve()
            words = f"the name leads to {address}, which is no Region's"
            region = self._regions[address]
            answer = self._https.request(region, self._config.public_name, method, path, body)
            region, words = answer.headers.get("X-Served-By"), _in_words(answer)
        except (NotResolved, KeyError):
            pass
        except (urllib3.exceptions.HTTPError, OSError) as error:
            words = type(error).__name__
        good = answer is not None and 200 <= answer.status < 300
        self.requests.append(Request(kind, started, time.time(), good, region, words))
        return answer if good else None


def epoch_of(answer: urllib3.BaseHTTPResponse) -> int:
    """Return the epoch in which a write was made, 0 where the answer names none."""
    epoch = answer.headers.get("X-Epoch", "")
    return int(epoch) if epoch.isdecimal() else 0


def _in_words(answer: urllib3.BaseHTTPResponse) -> str:
    """Return the status of an answer in words, with the code of an error."""
    status = f"HTTP status {answer.status}"
    if answer.status < 400:
        return status
    try:
        return f"{status} {answer.json()['error']['code']}"
    except (ValueError, LookupError, TypeError):
        return status
