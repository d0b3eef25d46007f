"""Requests at a Region's own name, beside the users of the public one."""

from __future__ import annotations

import time
import uuid
from functools import partial
from typing import TYPE_CHECKING

import urllib3

from lab.drill.observations import Request, WriteByName
from lab.drill.users.background import Background
from lab.drill.users.traffic import Https, epoch_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import LabConfig

EVERY_SECONDS = 0.25
# Longer than the fence's own patience, so that its refusal is heard.
PATIENT = urllib3.Timeout(connect=1.0, read=5.0)


class ByName(Background):
    """Writes and reads at a Region's own name, on threads of their own, until it is stopped."""

    def __init__(self, config: LabConfig, region: str) -> None:
        self.writes: list[WriteByName] = []
        self.reads: list[Request] = []
        self._region, self._zone = region, config.zone_name
        self._https = Https(config, PATIENT)
        self._run = uuid.uuid4().hex[:8]
        super().__init__(*(partial(self._repeat, act) for act in (self._write, self._read)))

    def _repeat(self, act: Callable[[], None]) -> None:
        while not self.stopped.wait(EVERY_SECONDS):
            act()

    def _write(self) -> None:
        item_id = f"by-name-{self._run}-{len(self.writes)}"
        self.writes.append(write_by_name(self._https, self._region, self._zone, item_id))

    def _read(self) -> None:
        started, region, good, words = time.time(), None, False, ""
        try:
            host = f"{self._region}.{self._zone}"
            answer = self._https.request(self._region, host, "GET", "/items?limit=1")
            region, words = answer.headers.get("X-Served-By"), f"HTTP status {answer.status}"
            good = answer.status == 200
        except (urllib3.exceptions.HTTPError, OSError) as error:
            words = type(error).__name__
        self.reads.append(Request("read", started, time.time(), good, region, words))


def write_by_name(
    https: Https, region: str, zone: str, item_id: str, *, replaces: bool = False
) -> WriteByName:
    """Write an item at a Region by its own name in the zone."""
    text = {"text": "Sent to the Region by its own name"}
    request: tuple[str, str, dict[str, str]] = ("POST", "/items", {"id": item_id, **text})
    if replaces:
        request = ("PUT", f"/items/{item_id}", text)
    started = time.time()
    try:
        answer = https.request(region, f"{region}.{zone}", *request)
    except (urllib3.exceptions.HTTPError, OSError):
        return WriteByName(0, None, None, time.time(), started=started)
    headers = answer.headers
    try:
        code = str(answer.json()["error"]["code"])
    except (ValueError, LookupError, TypeError):
        code = ""
    return WriteByName(
        answer.status,
        headers.get("X-Served-By"),
        headers.get("X-Forwarded-By-Region"),
        time.time(),
        code,
        item_id,
        headers.get("X-Write-Id", ""),
        started,
        epoch_of(answer),
    )
