"""Checks a request once its connection stands, just before it is sent, and again when answered.

A name lookup and a handshake may take seconds, so a check before the call comes too early.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Client = TypeVar("Client")
logger = logging.getLogger(__name__)
_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)
_answered: ContextVar[Callable[[], None] | None] = ContextVar("answered", default=None)


class _Checked:
    """A connection that checks before each of its sends."""

    def send(self, data: Any) -> Any:
        connection: Any = self
        if connection.sock is None:
            connection.connect()
        check = _check.get()
        if check is not None:
            check()
        return super().send(data)  # type: ignore[misc]


class _PlainConnection(_Checked, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(_Checked, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _PlainPool(AWSHTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def checks_when_connected(client: Client) -> Client:
    """Make a client's connections check before they send, and return the client.

    Of any service; of a resource pass `.meta.client`. Each thread has checks of its own.

    botocore has no public place for this. Where its inside has changed, the check before the call
    and the one of the answer remain; the log reports it.
    """
    private: Any = client
    try:
        manager = private._endpoint.http_session._manager
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
        private.meta.events.register("after-call", _check_answer, "pilot-light")
    except AttributeError:
        logger.warning("Writes are checked before they connect, not after: botocore has changed")
    return client


def _check_answer(**_event: Any) -> None:
    answered = _answered.get()
    if answered is not None:
        answered()


@contextmanager
def checked(
    check: Callable[[], None], answered: Callable[[], None] | None = None
) -> Iterator[None]:
    """Run a check before each send of the calls that are made meanwhile, and after each answer."""
    tokens = _check.set(check), _answered.set(answered)
    try:
        yield
    finally:
        _check.reset(tokens[0])
        _answered.reset(tokens[1])
