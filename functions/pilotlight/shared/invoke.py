"""Invokes functions by their alias."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class InvocationFailed(Exception):
    """The function answered with an error."""


def invoke(client: LambdaClient, function: str, payload: dict[str, Any]) -> Any:
    """Invoke a function and return its answer.

    Raises
    ------
    InvocationFailed
        The function raised.
    """
    answer = client.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    payload = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        error = payload if isinstance(payload, dict) else {}
        kind = error.get("errorType", answer["FunctionError"])
        raise InvocationFailed(f"{kind}: {error.get('errorMessage', 'no message')}")
    return payload


def api_event(path: str) -> dict[str, Any]:
    """Return the smallest event of an HTTP API's GET that the functions behind it understand.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    return {
        "version": "2.0",
        "routeKey": f"GET {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": path}, "stage": "$default"},
        "isBase64Encoded": False,
    }
