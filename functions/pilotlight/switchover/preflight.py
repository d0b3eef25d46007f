"""What a planned move looks at in both Regions. A planned move may ask the other one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pilotlight.readiness import canaries
from pilotlight.readiness.recorded_signals import row, told
from pilotlight.readiness.trials import answers, certificate, endpoint
from pilotlight.recoveries import schema
from pilotlight.replication import heartbeat
from pilotlight.replication.heartbeat_table import Heartbeats
from pilotlight.sentinel import beacon_record
from pilotlight.sentinel.probes import probe
from pilotlight.shared import http

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.readiness.trials import Trial
    from pilotlight.shared.settings import Deployment

PROBES, TIMEOUT = 3, 2.0


@dataclass(frozen=True)
class Preflight:
    """A move from the source to the target, and the clients that look at both."""

    known: Deployment
    source: str
    target: str
    client: Callable[[str, str], Any]
    recoveries_table: str

    def look(self) -> dict[str, Any]:
        """Return what witnesses say and both Regions show, each question on its own."""
        url = f"https://{self.known.region_name(self.known.primary_region)}/health"
        questions: dict[str, Callable[[], Any]] = {
            self.source: lambda: self._health(self.source),
            self.target: lambda: self._health(self.target),
            "to_target": lambda: self._held(self.target, self.source, active=True),
            "to_source": lambda: self._held(self.source, self.target, active=False),
            "sentinel": lambda: self._row(schema.SENTINEL),
            "scheduled": lambda: self._row(schema.READINESS),
        }
        with ThreadPoolExecutor(len(questions) + PROBES + 1) as pool:
            beacon = pool.submit(beacon_record.read, self.known.beacon_name)
            probes = pool.map(partial(probe, timeout=TIMEOUT), [url] * PROBES)
            found = dict(zip(questions, pool.map(told, questions.values()), strict=True))
            return {
                "probes": [{"ok": p.ok, "status": p.status, "error": p.error} for p in probes],
                "beacon": beacon.result(),
                "health": {r: found[r] for r in (self.source, self.target)},
                "replication": {way: found[way] for way in ("to_target", "to_source")},
                "sentinel": found["sentinel"],
                "scheduled": found["scheduled"],
            }

    def trials_of_target(self, app_function: str) -> list[Trial]:
        """List what is tried of a target from outside, as readiness does it from within."""
        region, host = self.target, self.known.region_name(self.target)
        key = {**schema.key(schema.CANARY, region), "sk": {"S": "canary"}}
        dynamodb, lambda_ = self.client(region, "dynamodb"), self.client(region, "lambda")
        return [
            ("items_table", True, partial(canaries.table, dynamodb, self.known.items_table, key)),
            ("app_function", True, partial(answers, lambda_, app_function, "/health", {200})),
            ("endpoint", True, partial(endpoint, host)),
            ("certificate", False, partial(certificate, host)),
        ]

    def handed_over(self, epoch: int) -> dict[str, Any]:
        """Return who the source itself shows to be active after the claim of an epoch."""
        url = f"https://{self.known.region_name(self.source)}/health"
        body = http.request("GET", url, timeout=TIMEOUT).json()
        said = body if isinstance(body, dict) else {}
        shown = {name: said.get(name) for name in ("active_region", "epoch", "state")}
        shows = shown["active_region"] == self.target and shown["epoch"] == epoch
        return {"shows_claim": shows, **shown}

    def _health(self, region: str) -> dict[str, Any]:
        """Ask a Region by its own name for its deep health and its release."""
        found = http.request(
            "GET", f"https://{self.known.region_name(region)}/health", timeout=TIMEOUT
        )
        body = found.json()
        said = body if isinstance(body, dict) else {}
        return {
            "status": found.status,
            "says": said.get("status"),
            "release": said.get("release"),
        }

    def _held(self, there: str, of: str, *, active: bool) -> dict[str, Any]:
        """Return the age of the oldest heartbeat of one Region that the other one's replica holds.

        A passive Region keeps its pulse only: its other keys are left from when it was active.
        """
        known = self.known
        replica = Heartbeats(self.client(there, "dynamodb"), known.items_table)
        beats = replica.read_all(of) if active else [replica.newest(of)]
        here = [b for b in beats if b is not None]
        age = None
        if here and len(here) == len(beats):
            age = round(time.time() - min(b.written_at for b in here) / 1000, 3)
        keys = heartbeat.KEYS if active else 1
        return {"keys": keys, "held": len(here), "age_seconds": age}

    def _row(self, key: str) -> dict[str, Any]:
        return row(self.client(self.known.region, "dynamodb"), self.recoveries_table, key)
