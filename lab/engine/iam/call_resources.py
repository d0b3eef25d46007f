"""Calls that MiniStack serves, and whose action or resource it takes for another.

Where it checks policies, a backup vault that is named in the path is any resource to it, and so is
a table's stream; GetAccountSettings is nothing.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from lab.engine.patching import wrap

VAULT = re.compile(r"/backup-vaults/([^/]+)")
SETTINGS = "/account-settings"


def install() -> None:
    """Name action and resource as the Service Authorization Reference does."""
    import ministack.core.iam_actions as actions

    @wrap(actions, "_lambda_action")
    def lambda_action(action: Any, method: str, path: str) -> str | None:
        if path.rstrip("/").endswith(SETTINGS) and method == "GET":
            return "GetAccountSettings"
        return action(method, path)  # type: ignore[no-any-return]

    @wrap(actions, "extract_resource_arn")
    def resource_arn(resource: Any, service: str, method: str, path: str, *more: Any) -> str:
        arn: str = resource(service, method, path, *more)
        if service == "backup" and arn == "*" and (vault := VAULT.match(path)):
            region, account = more[-2:]
            return f"arn:aws:backup:{region}:{account}:backup-vault:{vault[1]}"
        if service == "dynamodbstreams" and arn == "*":
            return _stream_of(more[1])
        return arn


def _stream_of(body: bytes) -> str:
    """Return the stream that a request names, itself or by a shard iterator of MiniStack's."""
    try:
        asked = json.loads(body)
        if "ShardIterator" in asked:
            iterator = json.loads(base64.urlsafe_b64decode(asked["ShardIterator"]))
            return str(iterator["arn"])
        return str(asked["StreamArn"])
    except (ValueError, TypeError, KeyError):
        return "*"
