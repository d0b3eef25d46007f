"""The fence: whether this Region may take a write now, judged by a strong read and three ages.

docs/fence.md is the specification, docs/fence-vectors.json its test in any language. In short:

- The control item is read strongly, at most once a second, and one read is valid for FENCE_SECONDS
  from the moment it was *sent*. An answer that does not allow writes is kept 0.2 s.
- A write passes while a valid read says: active here, serving.
- Its age is judged when it passes, when its connection stands, and when its answer comes. LEASE is
  FENCE_SECONDS + MAX_WRITE_SECONDS; an answer later than that is `WriteUnknown`, not success.
- An age is the largest by any clock; a clock that went back makes it infinite.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from pilot_light_client.control_table import ControlUnread

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilot_light_client.control_item import ControlItem
    from pilot_light_client.last_resort import LastResort
    from pilot_light_client.settings import WithoutQuorum

Action = Literal["write", "forward", "refuse"]
Authority = Literal["quorum", "last_resort", "without_quorum"]

REFRESH_SECONDS = 1.0
NEGATIVE_SECONDS = 0.2
# Reasons of a failed read after which another read would not help, and the code of the refusal.
UNUSABLE = {"missing": "ControlItemMissing", "invalid": "ControlItemInvalid"}
# A read that failed while the last one is still valid is not repeated sooner than this.
RETRY_SECONDS = 0.5
# For how long a write waits for the quorum while no read is valid.
PATIENCE_SECONDS = 2.5
PAUSE_SECONDS = 0.05
# From the moment a write passes until its answer, unless the contract declares another time.
# FENCE_SECONDS + this is the LEASE.
MAX_WRITE_SECONDS = 2.0
# The table's time to answer a request that was sent in time (see shared/aws_clients.py).
ANSWER_SECONDS = 0.5


@dataclass(frozen=True)
class Stamp:
    """One moment by every clock, in seconds: wall, boot time, and API Gateway's for the request.

    The monotonic clock may stand while an environment is frozen; boot time goes on. A frozen
    machine's clocks may all be old, so the time at which API Gateway took the request counts too.
    """

    wall: float
    boot: float
    request: float | None = None


def now(request: float | None = None) -> Stamp:
    """Return this moment. `request` is when API Gateway took the request that is served."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Stamp(time.time(), time.clock_gettime(boot), request)


def age(since: Stamp, at: Stamp) -> float:
    """Return the largest number of seconds by any clock, infinite if one of them went back."""
    ages = [at.wall - since.wall, at.boot - since.boot]
    if since.request is not None and at.request is not None:
        ages.append(at.request - since.request)
    return math.inf if min(ages) < 0 else max(ages)


@dataclass(frozen=True)
class WriteDecision:
    """What to do with a write, and why. A write to be forwarded belongs to `region`."""

    action: Action
    code: str
    reason: str
    region: str | None = None
    epoch: int | None = None
    authority: Authority = "quorum"


class WriteTooLate(Exception):
    """The write waited too long before it was sent. It was not made."""


class AnswerTooLate(Exception):
    """The answer came after the LEASE. The write may have been made; nobody may say that it was."""


def judge(control: ControlItem, own_region: str, *, forwarded: bool) -> WriteDecision:
    """Decide about a write by a control item that is valid. A forwarded one is not sent back."""
    active, epoch = control.active_region, control.epoch
    if control.state == "draining":
        return WriteDecision(
            "refuse", "Draining", "The active Region is about to change. Try again."
        )
    if control.state == "claimed":
        return WriteDecision(
            "refuse", "Claimed", f"{active} is taking over. Try again in a second."
        )
    if active == own_region:
        return WriteDecision("write", "Active", "This Region is active.", active, epoch)
    if forwarded:
        return WriteDecision("refuse", "NotActive", "The write was forwarded, and is not for here.")
    return WriteDecision("forward", "NotActive", "The other Region is active.", active, epoch)


@dataclass(frozen=True)
class Read:
    """The last strong read that was answered, and when it was sent."""

    item: ControlItem
    sent: Stamp


class Fence:
    """The fence of one execution environment.

    Parameters
    ----------
    read
        Reads the control item strongly, or raises ControlUnread. Bounded in time by its client.
    last_resort
        Returns the Region's last resort if a person has granted one, else None.
    end_last_resort
        Deletes the last resort. Called after the first strong read that succeeds.
    fence_seconds
        For how long a read is valid (1 to 10).
    max_write_seconds
        The contract's MaxWriteSeconds (1 to 30): from the moment a write passes until its answer.
    without_quorum
        `continue` goes on by the last answer while the control table answers nothing.
    clock
        Returns this moment for a request's own time.
    sleep
        Waits between two reads while none is valid.
    """

    def __init__(
        self,
        read: Callable[[], ControlItem],
        own_region: str,
        *,
        fence_seconds: float,
        max_write_seconds: float = MAX_WRITE_SECONDS,
        without_quorum: WithoutQuorum = "refuse",
        last_resort: Callable[[], LastResort | None] = lambda: None,
        end_last_resort: Callable[[], object] = lambda: None,
        clock: Callable[[float | None], Stamp] = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not 1 <= fence_seconds <= 10:
            raise ValueError(f"FenceSeconds is {fence_seconds:g}; it must be from 1 to 10.")
        if not 1 <= max_write_seconds <= 30:
            raise ValueError(f"MaxWriteSeconds is {max_write_seconds:g}; it must be from 1 to 30.")
        self._read_item, self._own = read, own_region
        self.fence_seconds, self.max_write_seconds = fence_seconds, max_write_seconds
        self._without_quorum = without_quorum
        self._last_resort, self._end_last_resort = last_resort, end_last_resort
        self._clock, self._sleep = clock, sleep
        self._read: Read | None = None
        self._failed: tuple[Stamp, ControlUnread] | None = None
        self._uses_last_resort = False

    @property
    def lease_seconds(self) -> float:
        """After how long no write that this fence let pass is acknowledged any more."""
        return self.fence_seconds + self.max_write_seconds

    def decide(
        self, *, forwarded: bool, request: float | None = None
    ) -> tuple[WriteDecision, Permit]:
        """Decide about a write, and return what checks its age later.

        Parameters
        ----------
        request
            When API Gateway took the request, in seconds since 1970, if that is known.
        """
        read = self._valid(request)
        if read is None:
            return self._decide_without_read(forwarded=forwarded), self._permit(None, request)
        decision = judge(read.item, self._own, forwarded=forwarded)
        return decision, self._permit(read.sent, request)

    def _permit(self, sent: Stamp | None, request: float | None) -> Permit:
        return Permit(self.lease_seconds, sent, partial(self._clock, request))

    def _valid(self, request: float | None) -> Read | None:
        """Return a read that is valid now, reading again if that is due."""
        begun = self._clock(request)
        while True:
            read, at = self._read, self._clock(request)
            if read is not None and self._is_recent(read, at):
                return read
            fresh = self._refresh(request)
            read, at = self._read, self._clock(request)
            if read is not None:
                valid = self._allows(read) and age(read.sent, at) <= self.fence_seconds
                denies = fresh and not self._allows(read)
                if valid or denies:
                    return read
            if self._is_unusable or self._continues_without or age(begun, at) >= PATIENCE_SECONDS:
                return None
            self._sleep(PAUSE_SECONDS)

    def _is_recent(self, read: Read, at: Stamp) -> bool:
        """Return whether a read serves without another one."""
        old = age(read.sent, at)
        if not self._allows(read):
            return old < NEGATIVE_SECONDS
        failed = self._failed is not None and age(self._failed[0], at) < RETRY_SECONDS
        return old < REFRESH_SECONDS or (failed and old <= self.fence_seconds)

    def _allows(self, read: Read) -> bool:
        """Return whether a read lets this Region write."""
        return read.item.active_region == self._own and read.item.state == "serving"

    @property
    def _is_unusable(self) -> bool:
        """Whether the table answered, but with no valid item. Another read would not help."""
        return self._failed is not None and self._failed[1].why in UNUSABLE

    @property
    def _continues_without(self) -> bool:
        """Whether writes continue without a read, so that none is waited for."""
        read = self._read
        continues = read is not None and self._allows(read) and self._without_quorum == "continue"
        return self._failed is not None and (self._uses_last_resort or continues)

    def _refresh(self, request: float | None) -> bool:
        """Read the item strongly, and return whether it was read."""
        sent = self._clock(request)
        try:
            self._read = Read(self._read_item(), sent)
        except ControlUnread as error:
            self._failed = (self._clock(request), error)
            if self._is_unusable:
                self._read = None
            return False
        self._failed = None
        if self._uses_last_resort:
            self._uses_last_resort = False
            self._end_last_resort()
        return True

    def _decide_without_read(self, *, forwarded: bool) -> WriteDecision:
        """Decide by a last resort or by the last answer, or refuse."""
        if self._failed is None:
            reason = "The control table's answers come too late to count. Try again in a second."
            return WriteDecision("refuse", "NoQuorum", reason)
        error = self._failed[1]
        if error.why in UNUSABLE:
            return WriteDecision("refuse", UNUSABLE[error.why], f"Nobody may write: {error}")
        granted = self._last_resort()
        if granted is not None:
            self._uses_last_resort = True
            reason = f"A person let {self._own} write without a quorum until {granted.until_text}."
            epoch = granted.epoch
            return WriteDecision("write", "LastResort", reason, self._own, epoch, "last_resort")
        if self._read is not None and self._without_quorum == "continue":
            decision = judge(self._read.item, self._own, forwarded=forwarded)
            if decision.action == "write":
                reason = "The control table does not answer; WithoutQuorum=continue goes on."
                return replace(
                    decision, code="WithoutQuorum", reason=reason, authority="without_quorum"
                )
        reason = "The control table does not answer, so the active Region is unknown. Try again."
        return WriteDecision("refuse", "NoQuorum", reason)


@dataclass(frozen=True)
class Permit:
    """The second and the third check of a write's age. Without `sent` there is no age to check."""

    lease_seconds: float
    sent: Stamp | None
    clock: Callable[[], Stamp]

    def check_sending(self) -> None:
        """Check once the connection stands, just before the write is sent.

        Raises
        ------
        WriteTooLate
            Its answer could come after the LEASE. Nothing was sent.
        """
        if self._age() > self.lease_seconds - ANSWER_SECONDS:
            raise WriteTooLate("The write waited too long on its way. Try again in a second.")

    def check_answer(self) -> None:
        """Check when the answer has come.

        Raises
        ------
        AnswerTooLate
            Another Region may have become active meanwhile.
        """
        if self._age() > self.lease_seconds:
            raise AnswerTooLate(
                "The table's answer came too late to count; the write may have been made. Read the "
                "item, or try again in a second."
            )

    def _age(self) -> float:
        return 0.0 if self.sent is None else age(self.sent, self.clock())
