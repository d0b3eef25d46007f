"""Lambda's API for provisioned concurrency, answered where its requests go out to the network.

moto has it not. boto3 checks and writes the request, and reads the answer, as it does with AWS.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = re.compile(r"/functions/([^/?]+)/provisioned-concurrency\?Qualifier=([^&]+)$")


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


class ProvisionedConcurrency:
    """What is configured, by function and alias, and how it comes along."""

    def __init__(self) -> None:
        self.configured: dict[str, int] = {}
        self.calls: Counter[str] = Counter()
        self.refusals: dict[tuple[str, str], list[str]] = {}
        self.status: Callable[[str, int], str] = lambda _function, look: (
            "READY" if look > 1 else "IN_PROGRESS"
        )

    def refuse(self, method: str, function: str, *codes: str) -> None:
        """Answer the next calls with these errors."""
        self.refusals[method, function] = list(codes)

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        found = PATH.search(request.url)
        assert found, request.url
        function, place, method = found[1], f"{found[1]}:{found[2]}", request.method
        self.calls[f"{method} {function}"] += 1
        if self.refusals.get((method, function)):
            return self._answer(request, 400, error=self.refusals[method, function].pop(0))
        if method == "PUT":
            body = json.loads(request.body)
            self.configured[place] = body["ProvisionedConcurrentExecutions"]
            return self._answer(request, 202, self._config(place, "IN_PROGRESS"))
        if method == "DELETE":
            self.configured.pop(place, None)
            return self._answer(request, 204)
        if place not in self.configured:
            error = "ProvisionedConcurrencyConfigNotFoundException"
            return self._answer(request, 404, error=error)
        status = self.status(function, self.calls[f"GET {function}"])
        return self._answer(request, 200, self._config(place, status))

    def _config(self, place: str, status: str) -> dict[str, Any]:
        wanted = self.configured[place]
        found = {
            "RequestedProvisionedConcurrentExecutions": wanted,
            "AllocatedProvisionedConcurrentExecutions": wanted if status == "READY" else 0,
            "AvailableProvisionedConcurrentExecutions": wanted if status == "READY" else 0,
            "Status": status,
        }
        return found | ({"StatusReason": "no capacity is left"} if status == "FAILED" else {})

    @staticmethod
    def _answer(
        request: Any, status: int, body: dict[str, Any] | None = None, error: str = ""
    ) -> AWSResponse:
        headers = {"x-amzn-RequestId": "test"} | ({"x-amzn-ErrorType": error} if error else {})
        data = json.dumps({"message": error} if error else body or {}).encode()
        return AWSResponse(request.url, status, headers, _Raw(b"" if status == 204 else data))
