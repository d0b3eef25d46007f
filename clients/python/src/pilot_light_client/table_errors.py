"""What DynamoDB's errors mean. One translation, around every call to a table.

Codes that are not listed count as: a read was not answered, a write may have been made.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# What an error says about the call.
#   condition    its condition was not met: it was not made
#   conflict     another write to the same item came at the same moment: it was not made
#   throttled    too many calls: it was not made
#   refused      DynamoDB did not accept the request at all: it was not made
#   unanswered   no answer, or a failure of the service: it may have been made
Meaning = Literal["condition", "conflict", "throttled", "refused", "unanswered"]

_CODES: dict[Meaning, frozenset[str]] = {
    "condition": frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException"}),
    "conflict": frozenset(
        {
            "TransactionConflict",
            "TransactionConflictException",
            "ReplicatedWriteConflictException",
        }
    ),
    "throttled": frozenset(
        {
            *("ProvisionedThroughputExceeded", "ProvisionedThroughputExceededException"),
            *("RequestLimitExceeded", "ThrottlingError", "ThrottlingException", "Throttling"),
        }
    ),
    "refused": frozenset(
        {
            *("AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException"),
            *("IncompleteSignature", "IncompleteSignatureException", "InvalidSignatureException"),
            *("ItemCollectionSizeLimitExceeded", "ItemCollectionSizeLimitExceededException"),
            *("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
            *("ResourceNotFoundException", "UnrecognizedClientException"),
            *("ValidationError", "ValidationException", "SerializationException"),
        }
    ),
}
_READS = frozenset({"GetItem", "BatchGetItem", "Query"})
# Errors of botocore before anything is sent.
_NOT_SENT = (
    *(CredentialRetrievalError, NoCredentialsError, PartialCredentialsError),
    ParamValidationError,
)
_NOT_MADE: tuple[Meaning, ...] = ("condition", "conflict", "throttled", "refused")


class TableUnavailable(Exception):
    """A table did not do what it was asked. `meaning` is what its error says about the call."""

    def __init__(self, meaning: Meaning, message: str) -> None:
        super().__init__(message)
        self.meaning = meaning


@contextmanager
def translated() -> Iterator[None]:
    """Raise TableUnavailable for whatever DynamoDB, or the way to it, fails with."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise TableUnavailable(meaning_of(error), f"{type(error).__name__}: {error}") from error


def meaning_of(error: ClientError | BotoCoreError) -> Meaning:
    """Return what an error says about the call that failed."""
    if not isinstance(error, ClientError):
        return "refused" if isinstance(error, _NOT_SENT) else "unanswered"
    response: Any = error.response
    codes = {r.get("Code", "") for r in response.get("CancellationReasons") or []} - {"", "None"}
    codes = codes or {response.get("Error", {}).get("Code", "")}
    meaning: Meaning = next((m for m in _NOT_MADE if codes & _CODES[m]), "unanswered")
    retried = response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    writes = error.operation_name not in _READS
    if writes and retried and meaning in ("throttled", "refused"):
        # That is the answer to the retry. The attempt before it may have been made.
        return "unanswered"
    return meaning
