"""A conditional write of DynamoDB that may find its condition unmet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client.table_errors import TableUnavailable, translated

if TYPE_CHECKING:
    from collections.abc import Callable


def write(operation: Callable[..., Any], **change: Any) -> bool:
    """Call an operation of a DynamoDB client, and return whether its condition held.

    Raises
    ------
    TableUnavailable
        It failed otherwise.
    """
    try:
        with translated():
            operation(**change)
    except TableUnavailable as error:
        if error.meaning != "condition":
            raise
        return False
    return True
