"""HTTPS to the names of this deployment: one deadline for a whole request.

Name lookup, every address, TLS, headers and body share it. Each request looks the name up and makes
a connection of its own, so that none is answered by a Region to which the name no longer leads.
Redirects are not followed, and nothing is retried.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPConnection, HTTPException
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

HTTPS_PORT = 443


class Unreachable(Exception):
    """The other side did not answer in time, or not in HTTP.

    `sent` is whether it may have received the request.
    """

    def __init__(self, reason: str, *, sent: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True)
class Response:
    """An answer, whatever its status."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float

    def json(self) -> Any:
        """Return the body as JSON, or None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class _Deadline:
    """The moment by which a request has to be over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left


class _Connection(ssl.SSLSocket):
    """A TLS connection. Each wait ends at the deadline, however many bytes came before."""

    deadline: _Deadline

    def recv_into(self, *args: Any, **more: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().recv_into(*args, **more)

    def send(self, *args: Any, **more: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().send(*args, **more)


def request(
    method: str,
    url: str,
    *,
    timeout: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    at: str | None = None,
) -> Response:
    """Make one request, which is over after `timeout` seconds.

    With `at`, it goes to the addresses of that name, whatever the URL's own leads to.

    Raises
    ------
    Unreachable
        No answer, whatever the reason.
    """
    start, deadline, sent = time.monotonic(), _Deadline(timeout), False
    parts = urlsplit(url)
    try:
        host, port = str(parts.hostname), parts.port or HTTPS_PORT
        with _connect(host, port, deadline, at or host) as connection:
            client = HTTPConnection(parts.netloc)
            client.sock, sent = connection, True
            target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            client.request(method, target, body, {**(headers or {}), "Connection": "close"})
            with client.getresponse() as answer:
                content = answer.read()
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{type(error).__name__}: {error}", sent=sent) from error
    seconds = time.monotonic() - start
    return Response(answer.status, content, dict(answer.getheaders()), seconds)


def certificate_end(host: str, timeout: float) -> datetime:
    """Return when the certificate of a host ends, by a TLS handshake that verifies it.

    Raises
    ------
    Unreachable
        No handshake, or a certificate that does not hold.
    """
    try:
        with _connect(host, HTTPS_PORT, _Deadline(timeout), host) as connection:
            certificate = connection.getpeercert() or {}
    except OSError as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = _Connection
    return context


def _connect(host: str, port: int, deadline: _Deadline, at: str) -> _Connection:
    """Connect to the first address that answers. Each gets an equal share of the time left."""
    addresses = _look_up(at, port, deadline)
    failure: OSError = TimeoutError(f"{at} has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        share = _Deadline(deadline.left() / (len(addresses) - number))
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(share.left())
            plain.connect(address)
            plain.settimeout(share.left())
            connection: Any = _tls().wrap_socket(plain, server_hostname=host)
        except OSError as error:
            plain.close()
            failure = error
        else:
            connection.deadline = deadline
            return connection  # type: ignore[no-any-return]
    raise failure


def _look_up(host: str, port: int, deadline: _Deadline) -> list[Any]:
    """Return the addresses of a host. The system's lookup takes no time limit, a thread does."""
    answer: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            answer.set_exception(error)

    Thread(target=look_up, daemon=True).start()
    try:
        return answer.result(deadline.left())
    except UnicodeError as error:
        raise OSError(f"{host} is no name: {error}") from error
    except TimeoutError as error:
        raise TimeoutError(f"{host} was not resolved in time") from error
