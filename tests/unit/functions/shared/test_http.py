"""HTTPS: one request, no redirect, no retry, and every failure under one name."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3
from pilotlight.shared import http
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

HOST = "us-west-2.pilotlight.example"
URL = f"https://{HOST}/health"


class Wire:
    """What would go over the wire, and what comes back."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.answer: urllib3.HTTPResponse | Exception = urllib3.HTTPResponse(b"{}", status=200)

    def urlopen(self, pool: HTTPSConnectionPool, method: str, url: str, **more: Any) -> Any:
        self.sent.append((method, f"{pool.scheme}://{pool.host}{url}", more))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found = Wire()
    monkeypatch.setattr(
        HTTPSConnectionPool, "urlopen", lambda pool, *args, **kw: found.urlopen(pool, *args, **kw)
    )
    return found


def test_the_answer_is_handed_over_as_it_came(wire: Wire) -> None:
    wire.answer = urllib3.HTTPResponse(b'{"a": 1}', status=201, headers={"X-Served-By": "x"})
    found = http.request("GET", URL, timeout=2.0)
    assert (found.status, found.body, found.json()) == (201, b'{"a": 1}', {"a": 1})
    assert found.headers == {"X-Served-By": "x"}
    assert found.seconds >= 0


def test_body_and_headers_are_sent(wire: Wire) -> None:
    http.request("PUT", URL, timeout=2.0, body=b"x", headers={"Idempotency-Key": "k"})
    method, url, more = wire.sent[0]
    assert (method, url) == ("PUT", URL)
    assert more["body"] == b"x"
    assert dict(more["headers"])["Idempotency-Key"] == "k"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(wire: Wire, status: int) -> None:
    wire.answer = urllib3.HTTPResponse(
        b"", status=status, headers={"Location": "https://elsewhere.example/"}
    )
    assert http.request("GET", URL, timeout=2.0).status == status
    assert len(wire.sent) == 1


@pytest.mark.parametrize("status", [400, 404, 429, 500, 502, 503, 504])
def test_a_bad_answer_is_an_answer_and_not_asked_for_again(wire: Wire, status: int) -> None:
    wire.answer = urllib3.HTTPResponse(b"", status=status, headers={"Retry-After": "1"})
    assert http.request("GET", URL, timeout=2.0).status == status
    assert len(wire.sent) == 1


def test_time_is_short_for_the_connection_and_for_the_answer(wire: Wire) -> None:
    http.request("GET", URL, timeout=1.5)
    timeout = wire.sent[0][2]["timeout"]
    assert (timeout.connect_timeout, timeout.read_timeout) == (1.5, 1.5)


POOL = HTTPSConnectionPool(HOST)


@pytest.mark.parametrize(
    "error",
    [
        NewConnectionError(POOL, "refused"),  # type: ignore[arg-type]
        ConnectTimeoutError("slow"),
        ReadTimeoutError(POOL, URL, "slow"),
        ProtocolError("reset"),
        SSLError("expired"),
        HTTPError("other"),
        ConnectionResetError("reset"),
        socket.gaierror("no such name"),
        TimeoutError("slow"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_failure_is_unreachable_and_is_not_tried_again(wire: Wire, error: Exception) -> None:
    wire.answer = error
    with pytest.raises(http.Unreachable, match=type(error).__name__) as unreachable:
        http.request("GET", URL, timeout=2.0)
    assert unreachable.value.__cause__ is error
    assert len(wire.sent) == 1


def test_an_error_of_our_own_is_not_taken_for_a_dead_region(wire: Wire) -> None:
    wire.answer = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        http.request("GET", URL, timeout=2.0)


def test_certificates_are_verified_and_nothing_is_retried() -> None:
    settings = http._pool().connection_pool_kw
    assert settings["retries"].total is False, "an error is raised at once"
    assert settings["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    assert settings["ssl_context"].check_hostname is True


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"{"])
def test_a_body_that_is_no_json_is_nothing(body: bytes) -> None:
    assert http.Response(200, body, {}, 0.1).json() is None


# --- the end of a certificate --------------------------------------------------------------------
class Connection:
    """A TCP or TLS connection that only closes."""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def getpeercert(self) -> dict[str, str]:
        return {"notAfter": "Mar  1 12:00:00 2026 GMT"}


def test_the_end_of_a_certificate_comes_from_a_verified_handshake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def wrap(context: ssl.SSLContext, _plain: Any, server_hostname: str) -> Connection:
        asked.append((context.verify_mode, context.check_hostname, server_hostname))
        return Connection()

    monkeypatch.setattr(socket, "create_connection", lambda *a: asked.append(a) or Connection())
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap)
    assert http.certificate_end(HOST, 2.0) == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert asked == [((HOST, 443), 2.0), (ssl.CERT_REQUIRED, True, HOST)]


@pytest.mark.parametrize("error", [TimeoutError("slow"), ssl.SSLCertVerificationError("expired")])
def test_a_handshake_that_fails_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    with pytest.raises(http.Unreachable, match=type(error).__name__):
        http.certificate_end(HOST, 2.0)
