"""Packets that vanish: in the style drop a connection to an entry is neither made nor refused.

Linux lets a process filter what reaches its own sockets, without privileges (SO_ATTACH_FILTER,
https://man7.org/linux/man-pages/man7/socket.7.html). A filter that keeps nothing of a packet drops
it before TCP sees it, so that a client waits until its own patience ends. On a connection that
stands the proxy is silent, and so it is where there is no such filter.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.engine.outages.outage import Outage
    from lab.engine.proxy.entries import Entries

# Python's socket module does not name them.
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
# A program of the one instruction `return 0`: no byte of a packet is kept.
_KEEP_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)
LOOK_SECONDS = 0.02


class Packets:
    """The sockets at which entries listen, each of which may drop what reaches it."""

    def __init__(
        self, outage: Outage, entries: Entries, listening: Iterable[socket.socket]
    ) -> None:
        self._outage = outage
        self._sockets = [(each, entries.at(each.getsockname()[1])) for each in listening]
        self._dropping: set[socket.socket] = set()

    def start(self) -> None:
        """Follow the outages from now on, where the system has such filters."""
        if sys.platform == "linux":
            threading.Thread(target=self._run, daemon=True, name="packets").start()

    def _run(self) -> None:
        while True:
            self.follow()
            time.sleep(LOOK_SECONDS)

    def follow(self) -> None:
        """Let each socket drop or take packets as the outages are now."""
        for each, (caller, region) in self._sockets:
            drops = region is not None and self._outage.drops(region, caller)
            if drops and each not in self._dropping:
                drop(each)
                self._dropping.add(each)
            elif not drops and each in self._dropping:
                take(each)
                self._dropping.discard(each)


def drop(listening: socket.socket) -> None:
    """Drop every packet that reaches a socket."""
    program = ctypes.create_string_buffer(_KEEP_NOTHING)
    described = struct.pack("HP", 1, ctypes.addressof(program))
    listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, described)


def take(listening: socket.socket) -> None:
    """Take packets again."""
    listening.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
