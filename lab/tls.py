"""TLS sockets whose answer has to be whole in time.

A socket's own timeout begins again at each read, so a server that sends a byte a second is never
late for it.
"""

from __future__ import annotations

import math
import ssl
import time
from typing import Any


class PromptSocket(ssl.SSLSocket):
    """A socket that reads until a deadline, however little arrives at a time."""

    deadline = math.inf

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """Read, or raise TimeoutError once the deadline has passed."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer was not whole in time.")
        if left < math.inf:
            self.settimeout(left)
        return super().recv_into(buffer, nbytes, flags)


def prompt(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let a context make such sockets, and return it."""
    context.sslsocket_class = PromptSocket
    return context


def answer_within(sock: Any, seconds: float) -> None:
    """Begin to wait for an answer on a socket that such a context has made."""
    sock.settimeout(seconds)
    sock.deadline = time.monotonic() + seconds
