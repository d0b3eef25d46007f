"""Invokes functions by their alias."""

from __future__ import annotations

import json
from typing import Any


class InvocationFailed(Exception):
    """The function answered with an error."""


def invoke(client: Any, function: str, payload: dict[str, Any]) -> Any:
    """Invoke a function and return its answer.

    Raises
    ------
    InvocationFailed
        The function raised.
    """
    answer = client.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    found = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        told = found if isinstance(found, dict) else {}
        kind = told.get("errorType", answer["FunctionError"])
        raise InvocationFailed(f"{kind}: {told.get('errorMessage', 'it did not say why')}")
    return found


def api_event(path: str) -> dict[str, Any]:
    """Return the smallest API Gateway proxy event of a GET that the app's router understands."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"path": path, "stage": "live", "httpMethod": "GET"},
        "body": None,
        "isBase64Encoded": False,
    }
