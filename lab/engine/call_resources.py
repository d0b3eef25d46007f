"""Calls that MiniStack serves, and whose action or resource it takes for another.

Where it checks policies and records calls, those for provisioned concurrency are
UpdateFunctionCode, GetFunction and DeleteFunction of the whole function to it, a backup vault that
is named in the path is any resource, and GetAccountSettings is nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.engine.aws import Aws

PATH = "/provisioned-concurrency"
VAULT = re.compile(r"/backup-vaults/([^/]+)")
SETTINGS = "/account-settings"
VERBS = {"PUT": "Put", "GET": "Get", "DELETE": "Delete"}


def install(aws: Aws) -> None:
    """Name action and resource as the Service Authorization Reference does."""
    import ministack.core.iam_actions as actions

    action, resource, event = (
        actions._lambda_action,
        actions.extract_resource_arn,
        aws.app._ct_event_name,
    )

    def named(method: str, path: str) -> str | None:
        if path.endswith(PATH) and method in VERBS:
            return f"{VERBS[method]}ProvisionedConcurrencyConfig"
        if path.rstrip("/").endswith(SETTINGS) and method == "GET":
            return "GetAccountSettings"
        return action(method, path)  # type: ignore[no-any-return]

    def on(service: str, method: str, path: str, *more: Any) -> str:
        found: str = resource(service, method, path, *more)
        query = more[2] if len(more) > 2 else {}
        qualifier = query.get("Qualifier", "")
        qualifier = qualifier[0] if isinstance(qualifier, list) else qualifier
        if service == "lambda" and path.endswith(PATH) and qualifier:
            return f"{found}:{qualifier}"
        if service == "backup" and found == "*" and (vault := VAULT.match(path)):
            region, account = more[-2:]
            return f"arn:aws:backup:{region}:{account}:backup-vault:{vault[1]}"
        return found

    def recorded(service: str, method: str, path: str, *more: Any) -> str:
        if service == "lambda" and path.endswith(PATH):
            return str(named(method, path))
        return event(service, method, path, *more)  # type: ignore[no-any-return]

    actions._lambda_action = named
    actions.extract_resource_arn = on
    aws.app._ct_event_name = recorded
