"""A write that is sent behind the fence: what each answer says about it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from pilot_light_client import connection_check, transaction
from pilot_light_client.fence import WriteTooLate
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.transaction import WriteConflict, WriteThrottled, WriteUnknown

from tests.unit.functions.fakes import JOURNAL, aws_error

SILENT = ReadTimeoutError(endpoint_url="https://dynamodb")
ITEMS = [{"Put": {"TableName": "orders", "Item": {"pk": {"S": "1"}}}}]


class Client:
    """A client that checks its connection and sends once for each answer, as botocore retries."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = answers or (None,)
        self.sent: list[dict[str, Any]] = []

    def transact_write_items(self, **request: Any) -> None:
        for answer in self.answers:
            check = connection_check._check.get()
            assert check
            try:
                check()
            except WriteTooLate as late:
                raise HTTPClientError(error=late) from late
            self.sent.append(request)
            if answer is None:
                return
        raise answer


class Check:
    """A check that passes some times, and is too late then."""

    def __init__(self, passes: int) -> None:
        self.passes, self.asked = passes, 0

    def __call__(self) -> None:
        self.asked += 1
        if self.asked > self.passes:
            raise WriteTooLate("The write waited too long.")


def send(client: Client, passes: int = 100) -> int:
    """Send a transaction, and return how often it was checked."""
    check = Check(passes)
    transaction.send(client, ITEMS, token="01A", check=check)  # type: ignore[arg-type]
    return check.asked


def cancelled(*codes: str) -> Exception:
    reasons = [{"Code": code} for code in codes]
    return aws_error("TransactionCanceledException", CancellationReasons=reasons)


def test_a_transaction_is_sent_whole_under_the_id_of_its_write() -> None:
    """DynamoDB makes a second attempt of the same token once."""
    client = Client()
    send(client)
    assert client.sent == [{"TransactItems": ITEMS, "ClientRequestToken": "01A"}]


def test_a_transaction_needs_no_check(emptied: Any) -> None:
    put = {"TableName": JOURNAL, "Item": {"pk": {"S": "1"}, "sk": {"S": "1"}}}
    transaction.send(emptied, [{"Put": put}], token="01A")
    assert emptied.scan(TableName=JOURNAL)["Items"] == [put["Item"]]


# --- the check -----------------------------------------------------------------------------------
def test_the_check_comes_before_the_call_and_before_each_send() -> None:
    assert send(Client()) == 2
    assert send(Client(SILENT, None)) == 3


def test_a_write_that_is_late_before_the_call_is_not_called() -> None:
    client = Client()
    with pytest.raises(WriteTooLate):
        send(client, passes=0)
    assert client.sent == []


def test_a_write_that_is_late_once_connected_was_not_sent() -> None:
    client = Client()
    with pytest.raises(WriteTooLate):
        send(client, passes=1)
    assert client.sent == []


def test_a_second_attempt_that_is_late_says_nothing_about_the_first() -> None:
    client = Client(SILENT, None)
    with pytest.raises(WriteUnknown):
        send(client, passes=2)
    assert len(client.sent) == 1


def test_after_a_call_nothing_is_checked_any_more() -> None:
    send(Client())
    assert connection_check._check.get() is None
    with pytest.raises(WriteUnknown):
        send(Client(SILENT))
    assert connection_check._check.get() is None


# --- what an answer means ------------------------------------------------------------------------
@pytest.mark.parametrize(
    "answer",
    [
        *(cancelled("ConditionalCheckFailed", "None"), cancelled("None", "ConditionalCheckFailed")),
        *(cancelled("None", "TransactionConflict"), aws_error("TransactionConflictException")),
        cancelled("ThrottlingError", "ConditionalCheckFailed"),
        aws_error("ReplicatedWriteConflictException"),
    ],
    ids=str,
)
def test_another_write_that_came_first_is_a_conflict(answer: Exception) -> None:
    with pytest.raises(WriteConflict, match="Read the item again") as raised:
        send(Client(answer))
    assert isinstance(raised.value.__cause__, TableUnavailable)


@pytest.mark.parametrize(
    "answer",
    [
        *(cancelled("ThrottlingError", "None"), cancelled("None", "ProvisionedThroughputExceeded")),
        *(aws_error("ProvisionedThroughputExceededException"), aws_error("ThrottlingException")),
        aws_error("RequestLimitExceeded"),
    ],
    ids=str,
)
def test_a_table_under_a_surge_has_written_nothing(answer: Exception) -> None:
    with pytest.raises(WriteThrottled, match="Try again"):
        send(Client(answer))


@pytest.mark.parametrize(
    "answer",
    [
        *(SILENT, ConnectTimeoutError(endpoint_url="-"), ConnectionClosedError(endpoint_url="-")),
        *(BotoCoreError(), aws_error("InternalServerError"), aws_error("ServiceUnavailable")),
        *(aws_error("NobodyKnows"), aws_error(""), cancelled("NobodyKnows"), cancelled()),
        aws_error("TransactionInProgressException"),
        aws_error("ThrottlingException", ResponseMetadata={"RetryAttempts": 1}),
        aws_error("AccessDeniedException", ResponseMetadata={"RetryAttempts": 1}),
    ],
    ids=str,
)
def test_whatever_may_have_been_made_is_unknown(answer: Exception) -> None:
    with pytest.raises(WriteUnknown, match="may have been made"):
        send(Client(answer))


@pytest.mark.parametrize(
    "answer",
    [
        *(aws_error("AccessDeniedException"), aws_error("ResourceNotFoundException")),
        *(aws_error("ValidationException"), cancelled("ValidationError", "None")),
        *(NoCredentialsError(), ParamValidationError(report="-")),
    ],
    ids=str,
)
def test_what_the_table_refused_was_not_made(answer: Exception) -> None:
    with pytest.raises(TableUnavailable) as raised:
        send(Client(answer))
    assert (raised.value.meaning, raised.value.__cause__) == ("refused", answer)


def test_a_conflict_is_one_also_if_a_later_attempt_would_have_been_late() -> None:
    """The answer of the attempt that was sent is certain."""
    with pytest.raises(WriteConflict):
        send(Client(cancelled("ConditionalCheckFailed")), passes=2)


def test_a_mistake_of_the_application_stays_what_it_is() -> None:
    class Broken:
        def transact_write_items(self, **_: Any) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction.send(Broken(), ITEMS, token="01A")  # type: ignore[arg-type]
