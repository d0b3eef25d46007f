"""HTTPS: one request on a connection of its own, and one deadline for all of it."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client import http

from tests.integration.tls_server import certificate, dropping, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# What a request may take, and by how much it may be late: threads of this machine wait, too.
LIMIT, LATE = 0.3, 0.5
GOOD = b'HTTP/1.1 200 OK\r\nX-Served-By: x\r\nContent-Length: 8\r\n\r\n{"a": 1}'


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_request(connection: socket.socket) -> bytes:
    sent = connection.recv(65536)
    while b"\r\n\r\n" not in sent:
        sent += connection.recv(65536)
    head, _, body = sent.partition(b"\r\n\r\n")
    length = next(
        (
            int(h.split(b":")[1])
            for h in head.split(b"\r\n")
            if h.lower().startswith(b"content-len")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def says(reply: bytes, requests: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        request = read_request(connection)
        if requests is not None:
            requests.append(request)
        connection.sendall(reply)

    return talk


def trickles(reply: bytes, every: float = 0.1) -> Callable[[socket.socket], None]:
    """Send one byte after the other, so that no single wait is long."""

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        for byte in reply:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return talk


def is_silent(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(3 * LIMIT)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch, file: Path) -> Iterator[None]:
    create = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: create(cafile=str(file)))
    http._tls.cache_clear()
    yield
    http._tls.cache_clear()


@pytest.fixture
def ask(file: Path) -> Callable[..., http.Response]:
    def ask(talk: Callable[[socket.socket], None], method: str = "GET", **more: Any) -> Any:
        tls = more.pop("tls", True)
        with serving(file, talk, tls=tls) as port:
            url = f"https://localhost:{port}{more.pop('path', '/health')}"
            return http.request(method, url, **{"timeout": 2.0, **more})

    return ask


def addresses(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Let every name have an address for each port."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


# --- answers -------------------------------------------------------------------------------------
def test_the_answer_is_handed_over_as_it_came(ask: Callable[..., http.Response]) -> None:
    found = ask(says(GOOD))
    assert (found.status, found.body, found.json()) == (200, b'{"a": 1}', {"a": 1})
    assert found.headers["X-Served-By"] == "x"
    assert 0 < found.seconds < 2


def test_path_body_and_headers_are_sent_as_they_are(ask: Callable[..., http.Response]) -> None:
    sent: list[bytes] = []
    headers = {"Idempotency-Key": "a key, with: signs"}
    ask(says(GOOD, sent), "PUT", path="/items/..?x=1", body=b"\xff\x00", headers=headers)
    head, _, body = sent[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /items/..?x=1 HTTP/1.1\r\nHost: localhost:")
    assert b"Idempotency-Key: a key, with: signs" in head
    assert body == b"\xff\x00"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "404 Not", "429 Many", "503 No"])
def test_any_status_is_an_answer_and_nothing_is_asked_twice(
    ask: Callable[..., http.Response], status: str
) -> None:
    sent: list[bytes] = []
    found = ask(says(answer(status, b"", "Location: https://elsewhere.example/"), sent))
    assert (found.status, len(sent)) == (int(status[:3]), 1)


def test_each_request_looks_the_name_up_and_connects_for_itself(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    """The public name may lead elsewhere by the next one."""
    with (
        serving(file, says(answer("200 OK", b"old"))) as old,
        serving(file, says(answer("200 OK", b"new"))) as new,
    ):
        for port, body in ((old, b"old"), (new, b"new"), (old, b"old")):
            addresses(monkeypatch, port)
            assert http.request("GET", "https://localhost/", timeout=2.0).body == body


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"{", b"[" * 100_000])
def test_a_body_that_is_no_json_is_nothing(body: bytes) -> None:
    assert http.Response(200, body, {}, 0.1).json() is None


# --- one deadline --------------------------------------------------------------------------------
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"


def trickles_a_body(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD)
    for _ in range(50):
        connection.sendall(b"z")
        time.sleep(0.1)


def stops_within_its_body(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD + b"z")
    time.sleep(3 * LIMIT)


SLOW: dict[str, tuple[Callable[[socket.socket], None], bool]] = {
    "in the handshake": (is_silent, False),
    "before its status": (is_silent, True),
    "within its status": (trickles(GOOD), True),
    "within its headers": (trickles(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 50), True),
    "within its body": (trickles_a_body, True),
    "after a part of its body": (stops_within_its_body, True),
}


@pytest.mark.parametrize("where", SLOW)
def test_a_server_that_is_slow_fails_at_the_deadline(file: Path, where: str) -> None:
    talk, tls = SLOW[where]
    with serving(file, talk, tls=tls) as port:
        start = time.monotonic()
        with pytest.raises(http.Unreachable) as unreachable:
            http.request("GET", f"https://localhost:{port}/", timeout=LIMIT)
        assert LIMIT - 0.1 <= time.monotonic() - start <= LIMIT + LATE
        # Without TLS it cannot have received the request.
        assert unreachable.value.sent is tls


@pytest.mark.parametrize("number", [1, 2, 3])
def test_addresses_that_drop_packets_fail_at_the_deadline_in_all(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with ExitStack() as stack:
        addresses(monkeypatch, *(stack.enter_context(dropping()) for _ in range(number)))
        took = failing(LIMIT)
    assert LIMIT - 0.1 <= took <= LIMIT + LATE


def test_an_address_that_answers_is_reached_beside_others_that_drop(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    with dropping() as first, dropping() as second, serving(file, says(GOOD)) as port:
        addresses(monkeypatch, first, second, port)
        assert http.request("GET", "https://localhost/", timeout=1.5).status == 200


def test_a_name_that_is_not_resolved_in_time_fails_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2 * LIMIT))
    assert failing(LIMIT) <= LIMIT + LATE


def failing(timeout: float) -> float:
    """Ask for what cannot be reached, and return for how long."""
    start = time.monotonic()
    with pytest.raises(http.Unreachable) as unreachable:
        http.request("GET", "https://localhost/", timeout=timeout)
    assert unreachable.value.sent is False
    return time.monotonic() - start


# --- failures ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror("no such name"),
        ConnectionRefusedError("refused"),
        UnicodeError("label too long"),
        TimeoutError("slow"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_name_that_leads_nowhere_is_unreachable_and_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert failing(2.0) < 1


@pytest.mark.parametrize(
    "reply",
    [b"", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", b"HTTP/1.1 x\r\n"],
    ids=["nothing", "another protocol", "a cut body", "no status"],
)
def test_what_is_no_whole_answer_is_unreachable_and_may_have_been_received(
    ask: Callable[..., http.Response], reply: bytes
) -> None:
    with pytest.raises(http.Unreachable) as unreachable:
        ask(says(reply))
    assert unreachable.value.sent is True


def test_a_certificate_of_another_name_is_unreachable(file: Path) -> None:
    with serving(file, says(GOOD)) as port, pytest.raises(http.Unreachable, match="SSLCert"):
        http.request("GET", f"https://127.0.0.1:{port}/", timeout=2.0)


def test_a_request_goes_to_another_name_s_addresses_under_its_own_name(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    """A Region may not have a certificate for the public name, which leads to the other one."""
    sent, looked_up = list[bytes](), list[str]()
    with serving(file, says(GOOD, sent)) as port:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *_, **__: looked_up.append(host) or found
        )
        url = f"https://localhost:{port}/"
        assert http.request("GET", url, timeout=2.0, at="origin.example").status == 200
        with pytest.raises(http.Unreachable, match="SSLCert"):
            http.request("GET", f"https://other.example:{port}/", timeout=2.0, at="localhost")
    assert looked_up == ["origin.example", "localhost"]
    assert b"Host: localhost" in sent[0]


def test_an_error_of_our_own_is_not_taken_for_a_dead_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ZeroDivisionError):
        http.request("GET", "https://localhost/", timeout=2.0)


def test_certificates_are_verified() -> None:
    assert http._tls().verify_mode == ssl.CERT_REQUIRED
    assert http._tls().check_hostname is True


# --- the end of a certificate --------------------------------------------------------------------
def test_the_end_of_a_certificate_comes_from_a_verified_handshake(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    with serving(file, lambda _: None) as port:
        addresses(monkeypatch, port)
        end = http.certificate_end("localhost", 2.0)
    assert 29 <= (end.timestamp() - time.time()) / 86_400 <= 30.1


def test_a_handshake_that_nobody_answers_is_unreachable_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    with serving(file, is_silent, tls=False) as port:
        addresses(monkeypatch, port)
        start = time.monotonic()
        with pytest.raises(http.Unreachable):
            http.certificate_end("localhost", LIMIT)
        assert time.monotonic() - start <= LIMIT + LATE
