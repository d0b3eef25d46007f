"""A last resort: no quorum, a person lets the Secondary write, the table is back."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from lab.drill.failback.scenario import resolve_the_ledger
from lab.drill.history import written
from lab.drill.last_resort.checks import LastResort
from lab.drill.observations import required_sentence
from lab.drill.users.by_name import ByName, write_by_name
from lab.drill.users.traffic import Https
from lab.drill.watching import caught_up, within

if TYPE_CHECKING:
    from lab.drill.outage.scenario import Scenario

# The sentinel's alarm, and a run that retries its read.
NOTIFIED_SECONDS, NOTIFIED_AWS_SECONDS = 60.0, 300.0
FOLLOWS_AWS_SECONDS, FOLLOWS_SECONDS, SERVED_SECONDS = 300.0, 10.0, 8.0
# A keeper looks once a minute, and the sentinel at each tick; a write looks at once.
VOID_AWS_SECONDS, VOID_SECONDS = 60.0, 30.0
SENT_AFTERWARDS, EVERY_SECONDS = 12, 0.25


class LastResortScenario:
    """One last resort in a lab that has lost two Regions."""

    def __init__(self, drill: Scenario) -> None:
        self._config, self._lab, self._watch = drill.config, drill.lab, drill.watch
        self._drill, self._progress = drill, drill.progress
        drill.observed.last_resort = self.last = LastResort()

    def run(self) -> None:
        """Go through it, whatever becomes of it."""
        secondary, primary = self._config.secondary_region, self._config.primary_region
        dns_seconds = FOLLOWS_SECONDS + FOLLOWS_AWS_SECONDS / self._config.speed
        with self._progress.step("The recovery cannot claim, and notifies people"):
            limit = NOTIFIED_SECONDS + NOTIFIED_AWS_SECONDS / self._config.speed
            within(limit, self._a_run_has_ended)
        with self._progress.step(f"A person lets {secondary} write without a quorum"):
            self._request_it()
        with self._progress.step(f"DNS follows, and {secondary} takes writes"):
            within(dns_seconds, lambda: self._lab.leads_to() == secondary)
            within(FOLLOWS_SECONDS, self._is_written_in_the_secondary)
            by_name = ByName(self._config, secondary)
            by_name.start()
            time.sleep(SERVED_SECONDS)
            by_name.stop()
            self.last.by_name = list(by_name.writes)
            self.last.led_to = self._lab.leads_to()
        with self._progress.step("The outage ends, and the last resort with it"):
            self._end_it()
        with self._progress.step(f"Users are served by {primary} again"):
            within(dns_seconds, lambda: self._lab.leads_to() == primary)
            time.sleep(SERVED_SECONDS)
            self.last.led_back_to = self._lab.leads_to()

    def compare_every_write(self) -> None:
        """Compare and resolve what both Regions acknowledged, once users have stopped."""
        with self._progress.step("The ledger of what both acknowledged"):
            within(FOLLOWS_SECONDS, lambda: caught_up(self._lab))
            self.last.complete, ledger = resolve_the_ledger(self._watch, replays=False)
            self.last.ledger, self.last.open_after = ledger["entries"], ledger["open"]
            self.last.written = written(self._watch.rows(self._config.primary_region))

    def _a_run_has_ended(self) -> bool:
        self._drill.observe()
        return any(e.ended for e in self._drill.observed.executions)

    def _request_it(self) -> None:
        request: dict[str, Any] = {
            "action": "last-resort",
            "confirm": "yes",
            "hours": 0.25,
            "reason": "two Regions are lost",
        }
        refused = self._watch.run("emergency", request)
        sentence = required_sentence(refused, "last-resort")
        self.last.requested = time.time()
        self.last.run = self._watch.run("emergency", {**request, "confirm": sentence})
        self.last.granted = self._watch.last_resort()

    def _is_written_in_the_secondary(self) -> bool:
        newest = self._drill.traffic.writes[-1:]
        return any(
            w.region == self._config.secondary_region and w.acknowledged > self.last.requested
            for w in newest
        )

    def _end_it(self) -> None:
        region, https = self._config.secondary_region, Https(self._config)
        zone, run = self._config.zone_name, uuid.uuid4().hex[:8]
        self._lab.act("heal")
        self._drill.observed.healed = time.time()
        end = self._drill.observed.healed + VOID_SECONDS + VOID_AWS_SECONDS / self._config.speed
        after = 0
        while time.time() < end and after < SENT_AFTERWARDS:
            if self.last.void_at is None and not self._watch.last_resort():
                self.last.void_at = time.time()
            item_id = f"afterwards-{run}-{len(self.last.sent_afterwards)}"
            self.last.sent_afterwards.append(write_by_name(https, region, zone, item_id))
            after += self.last.void_at is not None
            time.sleep(EVERY_SECONDS)
        self.last.left = self._watch.last_resort()
        # Not before: writes are lent until the very end.
        self.last.authorities = self._watch.authorities(region)
