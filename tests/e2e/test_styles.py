"""How what is lost refuses, on the sockets of a real engine: a client's own patience is needed."""

from __future__ import annotations

import select
import socket
import ssl
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lab.control import Control
from lab.engine.proxy.entries import sockets
from tests.e2e.engines import engine, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.config import LabConfig

pytestmark = [pytest.mark.e2e, pytest.mark.long]
PATIENCE = 0.3


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabConfig]:
    with engine(tmp_path_factory.mktemp("engine")) as (config, _):
        yield config


@pytest.fixture
def lab(config: LabConfig) -> Iterator[Control]:
    control = Control(config)
    yield control
    control.act("heal")


def of(config: LabConfig, region: str) -> list[tuple[str, int]]:
    """Return the sockets of a Region's entry, those for the other Region's functions included."""
    ports = {config.entries[region]}
    ports |= {port for (_, there), port in config.cross_region_ports.items() if there == region}
    return [(host, port) for host, port in sockets(config) if port in ports]


def connects(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, PATIENCE).close()
    except TimeoutError:
        return False
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux lets packets vanish.")
def test_no_connection_is_made_or_refused_while_packets_vanish(
    config: LabConfig, lab: Control
) -> None:
    lost, other = of(config, config.primary_region), of(config, config.secondary_region)
    assert len(lost) == 8
    assert all(map(connects, lost))
    lab.act("outage", mode="region", style="drop")
    until("no connection is made", lambda: not connects(lost[0]))
    assert not any(map(connects, lost))
    assert all(map(connects, other))
    lab.act("heal")
    until("connections are made", lambda: connects(lost[0]))
    assert all(map(connects, lost))


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux lets packets vanish.")
def test_a_connection_that_waits_is_made_when_the_outage_ends(
    config: LabConfig, lab: Control
) -> None:
    address = of(config, config.primary_region)[0]
    lab.act("outage", mode="region", style="drop")
    until("no connection is made", lambda: not connects(address))
    with socket.socket() as waiting:
        waiting.setblocking(False)
        waiting.connect_ex(address)
        assert select.select([], [waiting], [], PATIENCE)[1] == []
        lab.act("heal")
        assert select.select([], [waiting], [], 10.0)[1] == [waiting]
        assert waiting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def test_an_answer_that_trickles_comes_byte_by_byte_and_whole_after_the_outage(
    config: LabConfig, lab: Control
) -> None:
    lab.act("outage", mode="api", style="trickle")
    context = ssl.create_default_context(cafile=str(config.ca_file))
    address = ("127.0.0.1", config.entries[config.primary_region])
    with (
        socket.create_connection(address, 5.0) as plain,
        context.wrap_socket(plain, server_hostname=config.public_name) as secure,
    ):
        secure.sendall(b"GET / HTTP/1.1\r\nHost: nobody.example\r\nConnection: close\r\n\r\n")
        began = time.monotonic()
        first = [secure.recv(100) for _ in range(3)]
        assert b"".join(first) == b"HTT"
        assert 1.5 < time.monotonic() - began < 4.0
        lab.act("heal")
        rest = b""
        while part := secure.recv(1000):
            rest += part
    assert rest.startswith(b"P/1.1 403")
    assert b"Forbidden" in rest
