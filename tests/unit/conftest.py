"""No unit test talks to a network. What reaches for one fails, also where the code caught it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same examples everywhere, and no verdict on the speed of the machine.
settings.register_profile(
    "unit",
    max_examples=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unit")

LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")


@pytest.fixture(autouse=True)
def network_attempts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Block sockets and name look-ups, and fail the test if any was tried.

    Sockets of the AF_UNIX family pass, for event loops wake themselves by a pair of them. The
    refusal is no `Exception`, so that code which expects lost connections does not take it for one;
    a thread may still swallow it, hence the list, which is judged at the end.
    """
    attempts: list[str] = []

    def refuse(what: str) -> NoReturn:
        attempts.append(what)
        pytest.fail(f"A unit test may not use the network, and this one tried {what}.")

    real_init = socket.socket.__init__
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def init(
        self: socket.socket, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None
    ) -> None:
        if fileno is None and family != socket.AF_UNIX:
            refuse(f"to create a socket of family {family}")
        real_init(self, family, type, proto, fileno)

    def guarded(name: str) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family != socket.AF_UNIX:
                refuse(f"to connect to {address!r}")
            return real[name](self, address)

        return connect

    def lookup(name: str) -> Any:
        return lambda host, *_args, **_kwargs: refuse(f"{name} of {host!r}")

    monkeypatch.setattr(socket.socket, "__init__", init)
    for name in real:
        monkeypatch.setattr(socket.socket, name, guarded(name))
    for name in LOOKUPS:
        monkeypatch.setattr(socket, name, lookup(name))
    yield attempts
    assert not attempts, f"A unit test may not use the network, and this one tried {attempts}."
