"""Sends a write behind the fence, and says what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client.connection_check import checked
from pilot_light_client.fence import WriteTooLate
from pilot_light_client.table_errors import TableUnavailable, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

UNKNOWN = (
    "The table did not answer, or not in time; the write may have been made. Read the item, or try "
    "again in a second."
)


class WriteConflict(Exception):
    """Another write changed an item at the same moment. Read it again and retry."""


class WriteThrottled(Exception):
    """The table takes no more writes at this moment. Nothing was written; try again."""


class WriteUnknown(Exception):
    """The table did not answer in time. The write may have been made."""


def send(
    client: DynamoDBClient,
    items: Sequence[Any],
    *,
    token: str,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Make a transaction.

    Parameters
    ----------
    items
        The TransactItems.
    token
        The ClientRequestToken: the write's id. A second attempt writes nothing twice.
    check
        Raises WriteTooLate if nothing may be sent any more: a permit's `check_sending`. It is
        called before each send, once the connection stands.

    Raises
    ------
    WriteTooLate
        Nothing was sent.
    WriteConflict
        An item is no longer the one over which the write was planned.
    WriteThrottled
        The table takes no more writes now.
    WriteUnknown
        It did not answer in time, or with a failure of its own.
    TableUnavailable
        It refused the write, and so did not make it.
    """
    sending = _Sending(check)
    check()
    try:
        with checked(sending.check), translated():
            client.transact_write_items(TransactItems=items, ClientRequestToken=token)
    except TableUnavailable as error:
        if error.meaning in ("condition", "conflict"):
            raise WriteConflict(
                "Another write came first. Read the item again and retry."
            ) from error
        if sending.refused and not sending.sent:
            raise sending.refused from error
        if error.meaning == "throttled":
            raise WriteThrottled("Too many writes. Try again in a second.") from error
        if error.meaning == "unanswered":
            raise WriteUnknown(UNKNOWN) from error
        raise


class _Sending:
    """Whether a request was sent, and why not."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self.sent = False
        self.refused: WriteTooLate | None = None

    def check(self) -> None:
        try:
            self._check()
        except WriteTooLate as error:
            self.refused = error
            raise
        self.sent = True
