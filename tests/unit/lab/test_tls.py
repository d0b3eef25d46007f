"""An answer has to be whole in time, however slowly it comes."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from lab import tls
from lab.tls import PromptSocket, answer_within, prompt
from tests.unit.lab.engine.fakes import Anything


class Trickling(PromptSocket):
    """A socket without a network. Each read takes a second and gives a byte."""

    def __init__(self, clock: list[float]) -> None:
        self._clock = clock
        self.timeouts: list[float | None] = []

    def settimeout(self, value: float | None) -> None:
        self.timeouts.append(value)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]

    def read(self: Any, *_: Any) -> int:
        now[0] += 1.0
        return 1

    monkeypatch.setattr(tls, "time", Anything(monotonic=lambda: now[0]))
    monkeypatch.setattr(ssl.SSLSocket, "recv_into", read)
    return now


def test_each_read_waits_for_what_is_left_and_none_begins_after_the_deadline(
    clock: list[float],
) -> None:
    sock = Trickling(clock)
    answer_within(sock, 2.0)
    assert [sock.recv_into(bytearray(1)) for _ in range(2)] == [1, 1]
    assert sock.timeouts == [2.0, 2.0, 1.0]
    with pytest.raises(TimeoutError):
        sock.recv_into(bytearray(1))
    answer_within(sock, 2.0)
    assert sock.recv_into(bytearray(1)) == 1


def test_a_handshake_has_no_deadline_of_this_kind(clock: list[float]) -> None:
    sock = Trickling(clock)
    assert sock.recv_into(bytearray(1)) == 1
    assert sock.timeouts == []


def test_a_context_makes_such_sockets() -> None:
    assert prompt(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)).sslsocket_class is PromptSocket
