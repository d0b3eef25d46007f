"""The engine says which port is taken before it starts."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine import __main__ as engine
from lab.engine.proxy import entries
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything


class Ports:
    """A machine on which some ports are taken."""

    def __init__(self, taken: set[int]) -> None:
        self.taken = taken
        self.tried: list[tuple[str, int]] = []

    def __call__(self) -> Ports:
        return self

    def __enter__(self) -> Ports:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def setsockopt(self, *_: Any) -> None:
        pass

    def bind(self, address: tuple[str, int]) -> None:
        self.tried.append(address)
        if address[1] in self.taken:
            raise OSError("Address already in use")


def busy(monkeypatch: pytest.MonkeyPatch, *taken: int) -> tuple[str | None, Ports]:
    ports = Ports(set(taken))
    monkeypatch.setattr(engine, "socket", Anything(socket=ports, SOL_SOCKET=1, SO_REUSEADDR=2))
    return engine.busy_port(CONFIG), ports


def test_every_port_of_the_lab_is_tried_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, ports = busy(monkeypatch)
    assert problem is None
    expected = {CONFIG.api_port, CONFIG.dns_port, CONFIG.browser_port, CONFIG.page_port}
    plain = {("127.0.0.1", port) for port in expected}
    assert set(ports.tried) == plain | set(entries.sockets(CONFIG))


@pytest.mark.parametrize(
    ("port", "option"),
    [
        (CONFIG.api_port, "--api-port"),
        (CONFIG.dns_port, "--dns-port"),
        (CONFIG.browser_port, "--browser-port"),
        (CONFIG.page_port, "--page-port"),
        (CONFIG.entries[SECONDARY], "--entry-port"),
        (CONFIG.cross_region_ports[SECONDARY, PRIMARY], "--entry-port"),
    ],
)
def test_a_taken_port_is_named_with_the_option_that_moves_it(
    monkeypatch: pytest.MonkeyPatch, port: int, option: str
) -> None:
    problem, _ = busy(monkeypatch, port)
    assert problem
    assert f"Port {port} on 127.0.0.1 is in use" in problem
    assert option in problem
