"""A stub resolver, as users have: it asks the lab's DNS and keeps an answer for its TTL."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

if TYPE_CHECKING:
    from collections.abc import Callable


class NotResolved(Exception):
    """The name leads nowhere now."""


def ask(name: str, port: int, timeout: float = 1.0) -> tuple[str | None, float]:
    """Ask the lab's DNS server for an address and the seconds for which it holds.

    Of several addresses a user tries the first. The shortest TTL of the chain of answers counts: a
    resolver may keep none of them longer.
    """
    query = dns.message.make_query(name, dns.rdatatype.A)
    try:
        answer = dns.query.udp(query, "127.0.0.1", timeout=timeout, port=port).answer
    except (dns.exception.DNSException, OSError):
        return None, 0.0
    addresses = [
        r.to_text() for records in answer if records.rdtype == dns.rdatatype.A for r in records
    ]
    return (addresses[0] if addresses else None), float(min((a.ttl for a in answer), default=0))


class Resolver:
    """One name, cached for its TTL. TTLs are intervals of AWS, so the lab's speed divides them."""

    def __init__(
        self,
        question: Callable[[], tuple[str | None, float]],
        speed: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._question = question
        self._speed = speed
        self._clock = clock
        self._held: str | None = None
        self._until = float("-inf")
        self._lock = threading.Lock()

    def resolve(self) -> str:
        """Return the address of the name.

        Raises
        ------
        NotResolved
            No answer is cached, and the server does not respond.
        """
        with self._lock:
            now = self._clock()
            if self._held is None or now >= self._until:
                self._held, ttl = self._question()
                self._until = now + ttl / self._speed
            if self._held is None:
                raise NotResolved
            return self._held
