"""What a planned move observes in both Regions. A planned move may call the other one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pilot_light_client import heartbeat, http
from pilot_light_client.heartbeat_table import Heartbeats

from pilotlight.readiness.checks import (
    app_table,
    canary_item,
    certificate,
    endpoint,
    journal_canary,
)
from pilotlight.readiness.recorded_signals import read_all, texts
from pilotlight.recoveries import schema
from pilotlight.sentinel import probes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.readiness.checks import Check
    from pilotlight.shared.settings import Deployment

PROBES, TIMEOUT = 3, 2.0


@dataclass(frozen=True)
class Preflight:
    """A move between the deployment's two Regions, and the clients for both."""

    deployment: Deployment
    source: str
    target: str
    client: Callable[[str, str], Any]
    recoveries_table: str

    def __post_init__(self) -> None:
        regions = (self.deployment.primary_region, self.deployment.secondary_region)
        for end, region in (("source", self.source), ("target", self.target)):
            if region not in regions:
                raise ValueError(f"The {end} {region!r} is no Region of this deployment.")

    def look(self) -> dict[str, Any]:
        """Return what both Regions report, each part or its error."""
        url = self.deployment.health_url(
            self.deployment.region_name(self.deployment.primary_region)
        )
        with ThreadPoolExecutor(PROBES + 1) as pool:
            beacon = pool.submit(probes.read_beacon, self.deployment.beacon_name)
            own = pool.map(partial(probes.probe, timeout=TIMEOUT), [url] * PROBES)
            parts = read_all(
                {
                    self.source: lambda: self._health(self.source),
                    self.target: lambda: self._health(self.target),
                    "to_target": lambda: self._held(self.target, self.source, active=True),
                    "to_source": lambda: self._held(self.source, self.target, active=False),
                    "sentinel": lambda: self._texts(schema.SENTINEL),
                    "scheduled": lambda: self._texts(schema.READINESS),
                }
            )
            return {
                "probes": [{"ok": p.ok, "status": p.status, "error": p.error} for p in own],
                "beacon": beacon.result(),
                "health": {r: parts[r] for r in (self.source, self.target)},
                "replication": {way: parts[way] for way in ("to_target", "to_source")},
                "sentinel": parts["sentinel"],
                "scheduled": parts["scheduled"],
            }

    def target_checks(self) -> list[Check]:
        """List the checks of a target from outside, as readiness has them from within."""
        region, host = self.target, self.deployment.region_name(self.target)
        dynamodb, journal = self.client(region, "dynamodb"), self.deployment.journal_table
        return [
            (
                "journal_table",
                True,
                partial(canary_item, dynamodb, journal, journal_canary(region)),
            ),
            *(app_table(dynamodb, table, region) for table in self.deployment.app_tables),
            ("endpoint", True, partial(endpoint, self.deployment.health_url(host))),
            ("certificate", False, partial(certificate, host, days=7)),
        ]

    def handed_over(self, epoch: int) -> dict[str, Any]:
        """Return which Region the source itself shows to be active after the claim of an epoch."""
        _, health = self._request(self.source)
        shown = {name: health.get(name) for name in ("active_region", "epoch", "state")}
        shows = shown["active_region"] == self.target and shown["epoch"] == epoch
        return {"shows_claim": shows, **shown}

    def _texts(self, key: str) -> dict[str, str]:
        dynamodb = self.client(self.deployment.region, "dynamodb")
        return texts(dynamodb, self.recoveries_table, key)

    def _health(self, region: str) -> dict[str, Any]:
        status, health = self._request(region)
        return {"status": status, "health": health.get("status"), "release": health.get("release")}

    def _request(self, region: str) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of a Region's deep health, by its own name."""
        url = self.deployment.health_url(self.deployment.region_name(region))
        response = http.request("GET", url, timeout=TIMEOUT)
        body = response.json()
        return response.status, body if isinstance(body, dict) else {}

    def _held(self, there: str, of: str, *, active: bool) -> dict[str, Any]:
        """Return the age of the oldest heartbeat of one Region that the other one's replica holds.

        A passive Region keeps its pulse only: its other keys are left from when it was active.
        """
        replica = Heartbeats(self.client(there, "dynamodb"), self.deployment.journal_table)
        beats = replica.read_all(of) if active else [replica.newest(of)]
        written = [b.written_at for b in beats if b is not None]
        whole = len(written) == len(beats)
        return {
            "keys": heartbeat.KEYS if active else 1,
            "held": len(written),
            "age_seconds": round(time.time() - min(written) / 1000, 3) if whole else None,
        }
