"""HTTPS to the names of this deployment. Redirects are not followed, time is short."""

from __future__ import annotations

import json
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import urllib3

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unreachable(Exception):
    """The other side did not answer in time, or not in HTTP."""


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
        except ValueError:
            return None


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(ssl_context=ssl.create_default_context(), retries=False)


def request(
    method: str,
    url: str,
    *,
    timeout: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make one request, with `timeout` seconds for the connection and again for the answer.

    Raises
    ------
    Unreachable
        No answer, whatever the reason.
    """
    start = time.monotonic()
    try:
        response = _pool().request(
            method,
            url,
            body=body,
            headers=dict(headers or {}),
            redirect=False,
            timeout=urllib3.Timeout(connect=timeout, read=timeout),
        )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    seconds = time.monotonic() - start
    return Response(response.status, response.data, dict(response.headers), seconds)


def certificate_end(host: str, timeout: float) -> datetime:
    """Return when the certificate of a host ends, by a TLS handshake that verifies it.

    Raises
    ------
    Unreachable
        No handshake, or a certificate that does not hold.
    """
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, 443), timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except OSError as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
