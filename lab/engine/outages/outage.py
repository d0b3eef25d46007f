"""A Region can be lost (losses.py), and two Regions can be cut off from each other.

Three places ask it, because only the first two are HTTP:

- API calls: the proxy in front of MiniStack asks `refusal`.
- Requests at a Region's entry: the proxy asks `refusal_at_entry`.
- What runs inside the process, and executions: freeze.py asks `runs` and `reaches`.

Route 53's data plane, DNS answers and health checkers, survives all of it, as on AWS. What is lost
in an outage with a name stands in named_outages.py.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.engine.outages.losses import Loss, Style

# Control planes of global services stand in us-east-1 (AWS Fault Isolation Boundaries).
GLOBAL_SERVICES = {"route53", "iam", "cloudfront", "organizations", "globalaccelerator"}
_SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
# What a network that is cut does, by the style of the outage.
_NETWORK: dict[Style | None, Style] = {
    "reset": "reset",
    "503": "hang",
    "hang": "hang",
    "drop": "drop",
    "trickle": "hang",
}


@dataclass(frozen=True)
class Call:
    """What the proxy knows of an API call before it is served."""

    key: str
    region: str
    service: str
    bucket: str | None


class Outage:
    """Which Regions are lost or cut off from each other, and what that stopped."""

    def __init__(self) -> None:
        self.lost: dict[str, Loss] = {}
        self.cuts: dict[frozenset[str], Style] = {}
        self.stalled_until = 0.0
        self._named: list[tuple[str, float]] = []
        self.home: dict[str, str] = {}
        self.refused: Counter[str] = Counter()
        self.swallowed: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._healed = threading.Condition()

    def lose(self, region: str, loss: Loss) -> None:
        """Lose a Region."""
        self.lost[region] = loss

    def cut(self, one: str, other: str, style: Style = "hang") -> None:
        """Cut two Regions off from each other. Everybody else still reaches both.

        A network that is cut resets or is silent. Under `503` it is silent too: that style is for a
        strong table without a quorum, which then reports it.
        """
        self.cuts[frozenset((one, other))] = style

    def stall(self, seconds: float) -> None:
        """Silence all strong tables for a while, of real time, and then go on."""
        self.stalled_until = time.monotonic() + seconds

    def stalled_for(self) -> float:
        """Return the seconds for which strong tables are still silent."""
        return max(0.0, self.stalled_until - time.monotonic())

    @property
    def named(self) -> list[str]:
        """The outages with a name that have begun and not ended."""
        now = time.monotonic()
        return [name for name, ends in self._named if ends > now]

    def has_begun(self, name: str, lasts: float | None = None) -> None:
        """Note an outage by its name. One that lasts for some seconds ends by itself."""
        ends = math.inf if lasts is None else time.monotonic() + lasts
        self._named.append((name, ends))

    def heal(self) -> None:
        """Bring all Regions back, and what joins them. What waited goes on."""
        self.lost.clear()
        self.cuts.clear()
        self.stalled_until = 0.0
        self._named.clear()
        self._asked.clear()
        with self._healed:
            self._healed.notify_all()

    def loss_of(self, region: str) -> Loss | None:
        """Return how a Region is lost right now, or None."""
        loss = self.lost.get(region)
        return loss if loss and loss.in_force(time.time()) else None

    def runs(self, region: str) -> bool:
        """Return whether code and machinery in a Region run."""
        loss = self.loss_of(region)
        return loss is None or loss.spares_machinery

    def reaches(self, source: str, target: str) -> bool:
        """Return whether a Region reaches another: that runs, and no cut separates them."""
        return self.runs(target) and frozenset((source, target)) not in self.cuts

    def carries(self, link: tuple[str, str], service: str) -> bool:
        """Return whether a service replicates from one Region to another."""
        losses = [loss for region in link if (loss := self.loss_of(region))]
        without = any(service in loss.services for loss in losses)
        return all(map(self.runs, link)) and frozenset(link) not in self.cuts and not without

    def serves(self, region: str, service: str) -> bool:
        """Return whether the data plane of a service in a Region answers there."""
        loss = self.loss_of(region)
        return loss is None or not _takes(loss, Call("", region, service, None))

    def style_between(self, one: str, other: str) -> Style | None:
        """Return how what one Region sends to another fails on its way; None where it does not."""
        return _NETWORK.get(self.cuts.get(frozenset((one, other))))

    def entry_open(self, region: str) -> bool:
        """Return whether a Region's HTTP entry answers at all."""
        loss = self.loss_of(region)
        return loss is None or loss.spares_entry or (loss.mode != "entry" and self.runs(region))

    def drops(self, region: str, caller: str | None) -> bool:
        """Return whether packets to a Region's entry vanish.

        Parameters
        ----------
        caller
            The Region whose functions send them; None for everybody else.
        """
        if caller and self.style_between(caller, region) == "drop":
            return True
        loss = self.loss_of(region)
        return loss is not None and loss.style == "drop" and not self.entry_open(region)

    def refusal_at_entry(self, region: str, caller: str | None, client: str) -> Style | None:
        """Return how a request at a Region's entry is refused, or None where it goes through.

        Parameters
        ----------
        caller
            The Region whose functions make the request; None for everybody else.
        client
            Distinguishes clients, for a loss that each of them meets every other time.
        """
        if caller and (cut := self.style_between(caller, region)):
            self.swallow(region, f"request at its entry from {caller}, which is cut off")
            return cut
        loss = self.loss_of(region)
        if loss is None or (self.entry_open(region) and not self._is_its_turn(loss, client)):
            return None
        self.swallow(region, "request at its entry")
        return loss.style

    def _is_its_turn(self, loss: Loss, client: str) -> bool:
        """Return whether this request of a client fails: its first does, then every other."""
        self._asked[client] += loss.every_other
        return loss.every_other and self._asked[client] % 2 == 1

    def late(self, region: str) -> float:
        """Return the seconds by which a Region's entry answers late."""
        loss = self.loss_of(region)
        return loss.late if loss else 0.0

    def swallow(self, region: str, what: str) -> None:
        """Note what a lost Region did not do."""
        self.swallowed[f"{region} {what}"] += 1

    def wait_until(self, there: Callable[[], bool]) -> None:
        """Freeze the calling thread until something is there."""
        while not there():
            with self._healed:
                self._healed.wait(0.2)

    def refusal(self, call: Call, bucket_region: Callable[[str], str | None]) -> Style | None:
        """Return how a call is refused, or None where it goes through."""
        if not self.lost and not self.cuts:
            return None
        caller = self.home.get(call.key)
        at_home = self.loss_of(caller) if caller else None
        if caller and at_home and not at_home.spares_machinery:
            return self._refused(caller, call, "its caller runs there", at_home.style)
        region = call.region
        if call.service == "s3" and call.bucket:
            region = bucket_region(call.bucket) or region
        if call.service in GLOBAL_SERVICES:
            # botocore signs them for the client's Region when an endpoint is set.
            region = "us-east-1"
        if caller and (cut := self.style_between(caller, region)):
            return self._refused(region, call, f"it comes from {caller}, which is cut off", cut)
        loss = self.loss_of(region)
        if loss is None or not _takes(loss, call):
            return None
        return self._refused(region, call, "it goes there", loss.style)

    def refuses_writes(self, call: Call) -> bool:
        """Return whether a call is refused if it writes to the application's table."""
        loss = self.loss_of(call.region)
        return call.service == "dynamodb" and loss is not None and loss.read_only

    def refusal_of_write(self, call: Call) -> Style | None:
        """Return how a write of the application's table is refused, or None where it is taken."""
        loss = self.loss_of(call.region)
        if loss is None or not loss.read_only:
            return None
        return self._refused(call.region, call, "it writes to the items table", loss.style)

    def _refused(self, region: str, call: Call, why: str, style: Style) -> Style:
        self.refused[f"{region} {call.service} ({why})"] += 1
        return style


def _takes(loss: Loss, call: Call) -> bool:
    """Return whether a loss of a Region affects a call to it."""
    if loss.spares_entry or (loss.mode == "entry" and not loss.services):
        return False
    if loss.services and call.service not in loss.services:
        return False
    return call.service not in GLOBAL_SERVICES or loss.mode != "region"


def read_call(path: str, query: str, headers: Mapping[str, str]) -> Call:
    """Read caller and target of a request from its signature."""
    presigned = "Credential=" + (parse_qs(query).get("X-Amz-Credential") or [""])[0]
    match = _SCOPE.search(headers.get("authorization", "")) or _SCOPE.search(presigned)
    key, region, service = match.groups() if match else ("", "", "")
    bucket = path.split("/")[1] if service == "s3" and path.count("/") else None
    return Call(key, region, service, bucket)
