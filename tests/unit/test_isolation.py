"""The guard that keeps unit tests off the network."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = "may not use the network"
ATTEMPTS: dict[str, Callable[[], Any]] = {
    "a TCP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "a UDP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "an IPv6 socket": lambda: socket.socket(socket.AF_INET6),
    "a socket of the default family": socket.socket,
    "a connection": lambda: socket.create_connection(("127.0.0.1", 9), 1),
    "a name look-up": lambda: socket.gethostbyname("example.com"),
    "a request": lambda: urllib.request.urlopen("http://127.0.0.1:9/"),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_a_unit_test_that_reaches_for_the_network_fails(
    attempt: Callable[[], Any], network_attempts: list[str]
) -> None:
    with pytest.raises(pytest.fail.Exception, match=REFUSED):
        attempt()
    assert network_attempts, "a refusal that was swallowed still fails the test"
    network_attempts.clear()


def test_an_inherited_socket_cannot_connect_either(network_attempts: list[str]) -> None:
    left, right = socket.socketpair()
    handed_over = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, left.detach())
    with handed_over, right, pytest.raises(pytest.fail.Exception, match="to connect to"):
        handed_over.connect(("127.0.0.1", 9))
    network_attempts.clear()


def test_a_refusal_that_a_thread_swallowed_is_remembered(network_attempts: list[str]) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(socket.socket).exception() is not None
    assert network_attempts
    network_attempts.clear()


def test_an_event_loop_still_runs() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return await asyncio.to_thread(lambda: 42)

    assert asyncio.run(answer()) == 42


def test_a_pair_of_unix_sockets_still_talks() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"ping")
        assert right.recv(4) == b"ping"
