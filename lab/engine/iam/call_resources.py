"""Calls that MiniStack serves, and whose action or resource it takes for another.

Where it checks policies, a backup vault that is named in the path is any resource to it, and
GetAccountSettings is nothing.
"""

from __future__ import annotations

import re
from typing import Any

VAULT = re.compile(r"/backup-vaults/([^/]+)")
SETTINGS = "/account-settings"


def install() -> None:
    """Name action and resource as the Service Authorization Reference does."""
    import ministack.core.iam_actions as actions

    action, resource = actions._lambda_action, actions.extract_resource_arn

    def named(method: str, path: str) -> str | None:
        if path.rstrip("/").endswith(SETTINGS) and method == "GET":
            return "GetAccountSettings"
        return action(method, path)  # type: ignore[no-any-return]

    def on(service: str, method: str, path: str, *more: Any) -> str:
        found: str = resource(service, method, path, *more)
        if service == "backup" and found == "*" and (vault := VAULT.match(path)):
            region, account = more[-2:]
            return f"arn:aws:backup:{region}:{account}:backup-vault:{vault[1]}"
        return found

    actions._lambda_action = named
    actions.extract_resource_arn = on
