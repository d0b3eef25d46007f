"""One call to AWS as data: it can be made, explained, and named by its permission."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where the AWS CLI has another name than the SDK.
_SERVICES = {"s3": "s3api"}
_OPTIONS = {"output": "task-output"}
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Call:
    """A call.

    `name` is unique among the calls of one Region. `why` completes "to read …", or "to …" where the
    call changes something. With `pages`, all pages are read, and the lists under that key of the
    answers are one.
    """

    name: str
    region: str
    service: str
    operation: str
    arguments: Mapping[str, Any]
    permission: str
    resource: str
    why: str
    pages: str | None = field(default=None, kw_only=True)

    def as_command(self, profile: str | None = None, endpoint_url: str | None = None) -> str:
        """Return the call as a command of the AWS CLI, version 2."""
        words = ["aws", _SERVICES.get(self.service, self.service), self.operation.replace("_", "-")]
        words += ["--region", self.region]
        words += ["--profile", profile] if profile else []
        words += ["--endpoint-url", endpoint_url] if endpoint_url else []
        for name, value in self.arguments.items():
            words += _option(name, value)
        return shlex.join(words)


def _option(name: str, value: Any) -> list[str]:
    option = _WORDS.sub("-", name).lower()
    option = _OPTIONS.get(option, option)
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    if isinstance(value, dict | list):
        return [f"--{option}", json.dumps(value)]
    return [f"--{option}", str(value)]


def get_item(
    region: str, table: str, key: str, why: str, *, name: str = "", sort_key: str = ""
) -> Call:
    """Return a strong read of one item."""
    whole = {"pk": {"S": key}} | ({"sk": {"S": sort_key}} if sort_key else {})
    return Call(
        name=name or key,
        region=region,
        service="dynamodb",
        operation="get_item",
        arguments={"TableName": table, "Key": whole, "ConsistentRead": True},
        permission="dynamodb:GetItem",
        resource=f"table/{table}",
        why=why,
    )


def batch_get(region: str, table: str, keys: list[dict[str, Any]], why: str, *, name: str) -> Call:
    """Return strong reads of up to a hundred items of one table."""
    request = {table: {"Keys": keys, "ConsistentRead": True}}
    return Call(
        name=name,
        region=region,
        service="dynamodb",
        operation="batch_get_item",
        arguments={"RequestItems": request},
        permission="dynamodb:BatchGetItem",
        resource=f"table/{table}",
        why=why,
    )


def identity(region: str) -> Call:
    """Return the question for the account, of which ARNs and bucket names are made."""
    return Call(
        name="identity",
        region=region,
        service="sts",
        operation="get_caller_identity",
        arguments={},
        # Nobody can be denied this call.
        permission="sts:GetCallerIdentity",
        resource="*",
        why="the account's id",
    )
