"""What is observed in a drill. Moments are seconds of the wall clock (`time.time`)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lab.drill.history import fate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lab.drill.failback.checks import Failback
    from lab.drill.history import Fate
    from lab.drill.last_resort.checks import LastResort


def seconds_after(at: float | None, since: float | None) -> float | None:
    """Return the seconds from one moment to another, as reports show them; None without both."""
    return None if at is None or since is None else round(at - since, 3)


@dataclass(frozen=True)
class Request:
    """One request of the client, through the public name."""

    kind: Literal["read", "write"]
    started: float
    ended: float
    good: bool
    region: str | None
    answer: str


@dataclass(frozen=True)
class Write:
    """A write that was acknowledged to the client. Kept outside of the lab's AWS.

    `epoch` is the one that the answer named, 0 where it named none.
    """

    item_id: str
    write_id: str
    acknowledged: float
    region: str | None
    started: float = 0.0
    epoch: int = 0


@dataclass(frozen=True)
class Change:
    """Something in the lab that changed its state."""

    at: float
    what: str
    state: str


@dataclass(frozen=True)
class State:
    """One passage through a state of the machine."""

    name: str
    entered: float
    exited: float


SENTINEL = "the sentinel"


@dataclass(frozen=True)
class Execution:
    """One run of the failover machine."""

    arn: str
    input: dict[str, Any]
    status: str
    output: dict[str, Any]
    started: float
    ended: float | None
    states: list[State]

    @property
    def started_by(self) -> str:
        """What started it: the sentinel, the alarm of that name, or nothing but a person."""
        if "outage" in self.input:
            return SENTINEL
        return str(self.input.get("detail", {}).get("alarmName", ""))

    @property
    def outcome(self) -> str:
        """What it came to."""
        if self.status == "SUCCEEDED":
            return str(self.output.get("outcome", "none"))
        return "none" if self.status == "RUNNING" else "failed"

    def first(self, name: str) -> State | None:
        """Return the first passage through a state."""
        return next((s for s in self.states if s.name == name), None)

    def last(self, name: str) -> State | None:
        """Return the last passage through a state."""
        return next((s for s in reversed(self.states) if s.name == name), None)


def required_sentence(refused: Execution, action: str) -> str:
    """Return the sentence that the emergency machine requires, as its refusal names it."""
    named = re.search(rf'"{action}", "confirm": "([^"]+)"', str(refused.output.get("cause")))
    return named[1] if named else ""


@dataclass(frozen=True)
class ControlItem:
    """Who was active, by the control item."""

    active_region: str
    epoch: int
    revision: int = 0
    state: str = "serving"


@dataclass(frozen=True)
class ControlRead:
    """A strong read of the control item: when it was sent and answered, where, and with what.

    `item` is None where the table did not answer.
    """

    sent: float
    answered: float
    region: str
    item: ControlItem | None


@dataclass(frozen=True)
class Notification:
    """One message of the topic."""

    at: float
    event: str
    subject: str
    message: str = ""
    # A request for approval has one.
    token: str = ""


@dataclass(frozen=True)
class WriteByName:
    """A write that was sent to one Region by its own name. `at` is when it was answered."""

    status: int
    served_by: str | None
    forwarded_by: str | None
    at: float = 0.0
    code: str = ""
    item_id: str = ""
    write_id: str = ""
    started: float = 0.0
    epoch: int = 0

    @property
    def acknowledged(self) -> bool:
        """Whether it was made, here or elsewhere."""
        return 200 <= self.status < 300

    @property
    def as_write(self) -> Write:
        """The write that was acknowledged."""
        return Write(self.item_id, self.write_id, self.at, self.served_by, self.started, self.epoch)

    @property
    def forwarded(self) -> bool:
        """Whether another Region took it."""
        return self.acknowledged and self.forwarded_by is not None

    def taken_by(self, region: str) -> bool:
        """Whether a Region made the write itself."""
        return self.acknowledged and self.served_by == region and not self.forwarded_by


def refusals(answers: Iterable[WriteByName]) -> dict[str, int]:
    """Count the writes that were not acknowledged, by the error's code."""
    codes = Counter(a.code or "no answer" for a in answers if not a.acknowledged)
    return dict(sorted(codes.items()))


def in_words(counts: Mapping[str, int]) -> str:
    """Return counts as a list in a sentence."""
    return ", ".join(f"{n} {what}" for what, n in counts.items())


@dataclass
class Observations:
    """Everything that was observed in a drill: gathered while it runs, judged when it has ended."""

    primary: str
    secondary: str
    public_name: str
    app_name: str
    speed: float
    replication_lag: float
    started: float
    mode: str = "region"
    outage: float = 0.0
    healed: float | None = None
    ended: float = 0.0
    requests: list[Request] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    first_failed_probe: float | None = None
    # The last one before it that found nothing wrong, although the outage had begun.
    last_good_probe: float | None = None
    # Points of the sentinel's metric in each second that has one: ticks are a second apart.
    probe_results: dict[int, int] = field(default_factory=dict)
    control_before: ControlItem | None = None
    control_after: ControlItem | None = None
    held_after_promotion: frozenset[str] | None = None
    dns_after_promotion: str | None = None
    dns_after_heal: list[tuple[float, str | None]] = field(default_factory=list)
    dns_throughout: list[tuple[float, str | None]] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    held_finally: dict[str, frozenset[str]] = field(default_factory=dict)
    primary_healthy_again: bool = False
    writes_to_the_returned: list[WriteByName] = field(default_factory=list)
    control_reads: list[ControlRead] = field(default_factory=list)
    # Asked of the Primary by its own name while the outage lasted, beside the users.
    writes_by_name: list[WriteByName] = field(default_factory=list)
    reads_by_name: list[Request] = field(default_factory=list)
    parameters: tuple[str, ...] = ()
    cold_starts: bool = True
    last_resort: LastResort | None = None
    notifications: list[Notification] = field(default_factory=list)
    lock: dict[str, Any] = field(default_factory=dict)
    recoveries: list[str] = field(default_factory=list)
    evidence: dict[str, Any] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    journal_at_promotion: dict[str, float] | None = None
    journal_at_the_end: dict[str, float] | None = None
    overwritten: Write | None = None
    failback: Failback | None = None

    @property
    def meant(self) -> list[Execution]:
        """The runs since the outage, without those that left the work to another."""
        after = [e for e in self.executions if e.started >= self.outage]
        return [e for e in after if e.outcome not in ("dropped", "duplicate")]

    @property
    def recovery(self) -> Execution | None:
        """The run that recovered, or else the first that the outage started."""
        after = [e for e in self.executions if e.started >= self.outage]
        promoted = [e for e in after if e.outcome == "promoted"]
        return next(iter(promoted or self.meant or after), None)

    @property
    def started_by(self) -> str:
        """What started the recovery: the sentinel, or the alarm of that name."""
        return self.recovery.started_by if self.recovery else ""

    @property
    def alarmed_at(self) -> float | None:
        """When the alarm that started the recovery went to ALARM, or else the first that did."""
        if self.started_by not in ("", SENTINEL):
            return self.first(f"alarm {self.started_by}", "ALARM", self.outage)
        alarms = (c.at for c in self.changes if c.what.startswith("alarm ") and c.state == "ALARM")
        return next((at for at in alarms if at >= self.outage), None)

    @property
    def promoted_at(self) -> float | None:
        """When the claim was made. A refused or failed one is left, too, but elsewhere."""
        return self._done("Claim")

    @property
    def served_at(self) -> float | None:
        """When the claimed Region was let take writes, the lease being over."""
        return self._done("Serve")

    def _done(self, name: str) -> float | None:
        """Return when the recovery last left a state that writes the control item, written."""
        states = self.recovery.states if self.recovery else []
        if not states:
            return None
        then = [s.name for s in states[1:]] + [""]
        for state, after in reversed(list(zip(states, then, strict=True))):
            if state.name == name:
                return (
                    None
                    if after in ("ReadControl", "NotifyFailure", "IsFailureNews")
                    else state.exited
                )
        return None

    @property
    def acknowledged(self) -> list[Write]:
        """Every write that was acknowledged, to users and to clients of a Region's own name."""
        by_name = [*self.writes_by_name, *self.writes_to_the_returned]
        if self.last_resort:
            by_name += [*self.last_resort.by_name, *self.last_resort.sent_afterwards]
        return [*self.writes, *(a.as_write for a in by_name if a.acknowledged)]

    @property
    def fate(self) -> Fate | None:
        """What became of the acknowledged writes; None where there was no way back."""
        back = self.failback or self.last_resort
        return fate(self.acknowledged, back.written, back.ledger) if back else None

    @property
    def dns_moved(self) -> float | None:
        """When the name servers first answered with the Secondary."""
        return self.first(f"DNS {self.public_name}", self.secondary, self.outage)

    def first(self, what: str, state: str, since: float) -> float | None:
        """Return when something first changed to a state."""
        same = (c for c in self.changes if (c.what, c.state) == (what, state) and c.at >= since)
        return next((change.at for change in same), None)
