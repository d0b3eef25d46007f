"""Calls for provisioned concurrency: which action they are, and on which resource.

MiniStack serves them, and takes them for UpdateFunctionCode, GetFunction and DeleteFunction of the
whole function where it checks policies and records calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.engine.aws import Aws

PATH = "/provisioned-concurrency"
VERBS = {"PUT": "Put", "GET": "Get", "DELETE": "Delete"}


def install(aws: Aws) -> None:
    """Name action and resource as Lambda's page of the Service Authorization Reference does."""
    import ministack.core.iam_actions as actions

    action, resource, event = (
        actions._lambda_action,
        actions.extract_resource_arn,
        aws.app._ct_event_name,
    )

    def named(method: str, path: str) -> str | None:
        if path.endswith(PATH) and method in VERBS:
            return f"{VERBS[method]}ProvisionedConcurrencyConfig"
        return action(method, path)  # type: ignore[no-any-return]

    def on(service: str, method: str, path: str, *more: Any) -> str:
        found: str = resource(service, method, path, *more)
        query = more[2] if len(more) > 2 else {}
        qualifier = query.get("Qualifier", "")
        qualifier = qualifier[0] if isinstance(qualifier, list) else qualifier
        if service == "lambda" and path.endswith(PATH) and qualifier:
            return f"{found}:{qualifier}"
        return found

    def recorded(service: str, method: str, path: str, *more: Any) -> str:
        if service == "lambda" and path.endswith(PATH):
            return str(named(method, path))
        return event(service, method, path, *more)  # type: ignore[no-any-return]

    actions._lambda_action = named
    actions.extract_resource_arn = on
    aws.app._ct_event_name = recorded
