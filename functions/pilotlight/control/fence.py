"""The fence: whether this Region may take a write now, judged by a strong read and three ages.

docs/fence.md is the specification, docs/fence-vectors.json its test in any language. In short:

- The control item is read strongly, at most once a second, and one read is valid for FENCE_SECONDS
  from the moment it was *sent*. An answer that does not allow writes is kept 0.2 s.
- A write passes while a valid read says: active here, serving.
- Its age is judged when it passes, when its connection stands, and when its answer comes. LEASE is
  FENCE_SECONDS + WRITE_DEADLINE_SECONDS; an answer later than that is `WriteUnknown`, not success.
- An age is the largest that any clock tells; a clock that went back makes it infinite.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from pilotlight.control.table import ControlUnread

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.control.item import ControlItem
    from pilotlight.control.last_resort import LastResort

Action = Literal["write", "forward", "refuse"]
Authority = Literal["quorum", "last_resort", "without_quorum"]
WithoutQuorum = Literal["refuse", "continue"]

REFRESH_SECONDS = 1.0
NEGATIVE_SECONDS = 0.2
# A read that failed while the last one is still valid is not repeated sooner than this.
RETRY_SECONDS = 0.5
# For how long a write waits for the quorum where no valid read is left: the fence's own patience.
PATIENCE_SECONDS = 2.5
PAUSE_SECONDS = 0.05
# From the moment a write passes until it is sent. FENCE_SECONDS + this is the LEASE.
WRITE_DEADLINE_SECONDS = 2.0
# What the table may take to answer a request that was sent in time (see shared/aws_clients.py).
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
    """Return the largest number of seconds that any clock tells, infinite where one went back."""
    ages = [at.wall - since.wall, at.boot - since.boot]
    if since.request is not None and at.request is not None:
        ages.append(at.request - since.request)
    return math.inf if min(ages) < 0 else max(ages)


@dataclass(frozen=True)
class Passage:
    """What to do with a write, and why. `region` is where it belongs if it is to be forwarded."""

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


def judge(control: ControlItem, own_region: str, *, forwarded: bool) -> Passage:
    """Decide what happens to a write by a control item that is valid.

    Parameters
    ----------
    forwarded
        Whether the other Region sent the write here. It is not sent back.
    """
    active, epoch = control.active_region, control.epoch
    if control.state == "draining":
        return Passage("refuse", "Draining", "The active Region is about to change. Try again.")
    if control.state == "claimed":
        return Passage("refuse", "Claimed", f"{active} is taking over. Try again in a second.")
    if active == own_region:
        return Passage("write", "Active", "This Region is active.", active, epoch)
    if forwarded:
        return Passage("refuse", "NotActive", "The write was forwarded, and is not for here.")
    return Passage("forward", "NotActive", "The other Region is active.", active, epoch)


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
        Returns the Region's last resort where a person has granted one, else None.
    end_last_resort
        Deletes the last resort. Called after the first strong read that succeeds.
    fence_seconds
        For how long a read is valid (1 to 10).
    without_quorum
        `continue` goes on by the last answer while the control table answers nothing.
    clock
        Returns this moment for a request's own time.
    sleep
        Waits between two reads where no valid one is left.
    """

    def __init__(
        self,
        read: Callable[[], ControlItem],
        own_region: str,
        *,
        fence_seconds: float,
        without_quorum: WithoutQuorum = "refuse",
        last_resort: Callable[[], LastResort | None] = lambda: None,
        end_last_resort: Callable[[], object] = lambda: None,
        clock: Callable[[float | None], Stamp] = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not 1 <= fence_seconds <= 10:
            raise ValueError(f"FenceSeconds is {fence_seconds:g}; it must be from 1 to 10.")
        if without_quorum not in get_args(WithoutQuorum):
            known = " or ".join(get_args(WithoutQuorum))
            raise ValueError(f"WithoutQuorum is {without_quorum!r}; it must be {known}.")
        self._read_item, self._own = read, own_region
        self.fence_seconds = fence_seconds
        self._without_quorum = without_quorum
        self._last_resort, self._end_last_resort = last_resort, end_last_resort
        self._clock, self._sleep = clock, sleep
        self._read: Read | None = None
        self._failed: tuple[Stamp, ControlUnread] | None = None
        self._lent = False

    @property
    def lease_seconds(self) -> float:
        """After how long nothing that this fence let pass is acknowledged any more."""
        return self.fence_seconds + WRITE_DEADLINE_SECONDS

    def ask(self, *, forwarded: bool, request: float | None = None) -> tuple[Passage, Permit]:
        """Decide what happens to a write, and return what judges its age later.

        Parameters
        ----------
        request
            When API Gateway took the request, in seconds since 1970, where that is known.
        """
        read = self._valid(request)
        if read is not None:
            passage = judge(read.item, self._own, forwarded=forwarded)
            return passage, Permit(self, read.sent, request)
        return self._unanswered(request, forwarded=forwarded)

    def _valid(self, request: float | None) -> Read | None:
        """Return a read that is valid now, reading again if that is due."""
        begun = self._clock(request)
        while True:
            held, at = self._read, self._clock(request)
            if held is not None:
                old = age(held.sent, at)
                if old < (REFRESH_SECONDS if self._allows(held) else NEGATIVE_SECONDS):
                    return held
                if self._allows(held) and old <= self.fence_seconds and self._failed_lately(at):
                    return held
            fresh = self._refresh(request)
            held, at = self._read, self._clock(request)
            if held is not None:
                denies = fresh and not self._allows(held)
                valid = self._allows(held) and age(held.sent, at) <= self.fence_seconds
                if denies or valid:
                    return held
            if self._is_bad or self._goes_on_without or age(begun, at) >= PATIENCE_SECONDS:
                return None
            self._sleep(PAUSE_SECONDS)

    def _allows(self, read: Read) -> bool:
        """Return whether a read lets this Region write. Only such a one is kept while it is old."""
        return read.item.active_region == self._own and read.item.state == "serving"

    def _failed_lately(self, at: Stamp) -> bool:
        return self._failed is not None and age(self._failed[0], at) < RETRY_SECONDS

    @property
    def _is_bad(self) -> bool:
        """Whether the table answered, and another read would not help."""
        return self._failed is not None and self._failed[1].why in ("missing", "invalid")

    @property
    def _goes_on_without(self) -> bool:
        """Whether writes go on without a read, so that another one is not waited for."""
        held = self._read
        goes_on = held is not None and self._allows(held) and self._without_quorum == "continue"
        return self._failed is not None and (self._lent or goes_on)

    def _refresh(self, request: float | None) -> bool:
        """Read the item strongly, and return whether it was read."""
        sent = self._clock(request)
        try:
            self._read = Read(self._read_item(), sent)
        except ControlUnread as error:
            self._failed = (self._clock(request), error)
            if self._is_bad:
                self._read = None
            return False
        self._failed = None
        if self._lent:
            self._lent = False
            self._end_last_resort()
        return True

    def _unanswered(self, request: float | None, *, forwarded: bool) -> tuple[Passage, Permit]:
        """Decide without a valid read: by a last resort, by the last answer, or not at all."""
        free = Permit(self, None, request)
        error = self._failed[1] if self._failed else None
        if error is not None and error.why in ("missing", "invalid"):
            code = "ControlItemMissing" if error.why == "missing" else "ControlItemInvalid"
            return Passage("refuse", code, f"Nobody may write: {error}"), free
        if error is None:
            reason = "The control table's answers come too late to count. Try again in a second."
            return Passage("refuse", "NoQuorum", reason), free
        granted = self._last_resort()
        if granted is not None:
            self._lent = True
            told = f"A person let {self._own} write without a quorum until {granted.until_text}."
            epoch = granted.epoch
            return Passage("write", "LastResort", told, self._own, epoch, "last_resort"), free
        held = self._read
        if held is not None and self._without_quorum == "continue":
            passage = judge(held.item, self._own, forwarded=forwarded)
            if passage.action == "write":
                told = "The control table does not answer; WithoutQuorum=continue goes on."
                return Passage(
                    "write", "WithoutQuorum", told, self._own, held.item.epoch, "without_quorum"
                ), free
        reason = "The control table does not answer, so nobody knows who is active. Try again."
        return Passage("refuse", "NoQuorum", reason), free

    def age_at(self, sent: Stamp, request: float | None) -> float:
        """Return the age of a read now."""
        return age(sent, self._clock(request))


class Permit:
    """The second and the third check of a write's age. Without `sent` no read stands behind it."""

    def __init__(self, fence: Fence, sent: Stamp | None, request: float | None) -> None:
        self._fence, self._sent, self._request = fence, sent, request

    def check_sending(self) -> None:
        """Check once the connection stands, just before the write is sent.

        Raises
        ------
        WriteTooLate
            Its answer could come after the LEASE. Nothing was sent.
        """
        if self._old() > self._fence.lease_seconds - ANSWER_SECONDS:
            raise WriteTooLate("The write waited too long on its way. Try again in a second.")

    def check_answer(self) -> None:
        """Check when the answer has come.

        Raises
        ------
        AnswerTooLate
            Another Region may have become active meanwhile.
        """
        if self._old() > self._fence.lease_seconds:
            raise AnswerTooLate(
                "The table's answer came too late to count; the write may have been made. Read the "
                "item, or try again in a second."
            )

    def _old(self) -> float:
        return 0.0 if self._sent is None else self._fence.age_at(self._sent, self._request)
