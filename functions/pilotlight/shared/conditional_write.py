"""A conditional write of DynamoDB that may find its condition unmet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable


def is_condition(error: ClientError) -> bool:
    """Return whether an error says that a condition was not met."""
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def write(operation: Callable[..., Any], **change: Any) -> bool:
    """Call an operation of a DynamoDB client, and return whether its condition held.

    Raises
    ------
    botocore.exceptions.ClientError
        It failed otherwise.
    """
    try:
        operation(**change)
    except ClientError as error:
        if not is_condition(error):
            raise
        return False
    return True
