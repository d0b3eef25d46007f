"""Level 1 in a line: decorators for handlers of API Gateway and of a queue, and a health answer."""

from __future__ import annotations

import functools
import json
import os
from typing import TYPE_CHECKING, Any

from pilot_light_client.assembly import fence as fence_of
from pilot_light_client.connection_check import checked
from pilot_light_client.fence import AnswerTooLate
from pilot_light_client.settings import Settings
from pilot_light_client.warm_ping import answers_warm_pings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pilot_light_client.fence import Fence, Permit

    Handler = Callable[[Any, Any], Any]
    Decorator = Callable[[Handler], Handler]

READS = frozenset({"GET", "HEAD", "OPTIONS"})
FORWARDED = "x-forwarded-by-region"


class WriteRefused(Exception):
    """The fence does not let this Region write now. `code` says why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def is_write_request(event: Any) -> bool:
    """Return whether a request of API Gateway may write: all but GET, HEAD and OPTIONS."""
    return _method(event) not in READS


def protected(
    fence: Fence | None = None, *, is_write: Callable[[Any], bool] = is_write_request
) -> Decorator:
    """Fence a handler of API Gateway, in either event format. It answers warm pings too.

    While the handler runs, each send of a client of `checks_when_connected` is checked, and the age
    of its answer at the end. A request that may not write, or that ends too late, is answered with
    503; any other event ends in an error, so that Lambda does not take it for done. So is a read
    with `?for=writes`, such as the health check of the public name, where writes are not taken.

    Parameters
    ----------
    fence
        The fence of this execution environment. Without one it is made by the environment's
        variables (see `Settings`).
    is_write
        Which events may write.
    """
    fenced = fence or fence_of(Settings.from_environment())

    def decorate(handler: Handler) -> Handler:
        @answers_warm_pings
        @functools.wraps(handler)
        def wrapped(event: Any, context: Any) -> Any:
            if not is_write(event) and _query(event).get("for") != "writes":
                return handler(event, context)
            decision, permit = fenced.decide(
                forwarded=_is_forwarded(event), request=received_at(event)
            )
            if decision.action != "write":
                return _refused(event, WriteRefused(decision.code, decision.reason))
            if not is_write(event):
                return handler(event, context)
            return _judged(event, permit, functools.partial(handler, event, context))

        return wrapped

    return decorate


def consumer(fence: Fence | None = None, *, partial_failures: bool = False) -> Decorator:
    """Let a consumer of an SQS queue work in the active Region only. It answers warm pings too.

    Elsewhere it works on no message, and every message stays: the invocation fails with
    WriteRefused or, with `partial_failures` (the event source has ReportBatchItemFailures), reports
    each as failed. Either way the messages are visible again after the queue's visibility timeout,
    and the receive counts once towards maxReceiveCount.

    Each send of a client of `checks_when_connected` asks the fence again, so a batch may take
    longer than the lease.
    """
    fenced = fence or fence_of(Settings.from_environment())

    def decorate(handler: Handler) -> Handler:
        @answers_warm_pings
        @functools.wraps(handler)
        def wrapped(event: Any, context: Any) -> Any:
            asking = _AskingEachTime(fenced)
            try:
                asking.ask()
            except WriteRefused:
                if not partial_failures:
                    raise
                return _all_failed(event)
            with checked(asking.check_sending, asking.check_answer):
                return handler(event, context)

        return wrapped

    return decorate


def health_answer(
    event: Any = None, fence: Fence | None = None, *, failed: str | None = None, **more: Any
) -> dict[str, Any]:
    """Return the answer of a health path, whose body names this Region.

    It asks no quorum: a control table that is silent may move nobody. With `?for=writes` in the
    event it does, and is unhealthy where this Region takes no writes: the check of the public name
    asks so, which notifies people and moves nobody.

    Parameters
    ----------
    failed
        What keeps this Region from serving, if anything does.
    more
        What else the body shall hold.
    """
    if not failed and fence and _query(event).get("for") == "writes":
        decision, _ = fence.decide(forwarded=True)
        failed = None if decision.action == "write" else decision.code
    status = {"status": "unhealthy", "failed": failed} if failed else {"status": "healthy"}
    return _answer(503 if failed else 200, {"region": os.environ["AWS_REGION"], **status, **more})


def received_at(event: Any) -> float | None:
    """Return when API Gateway took a request, in seconds since 1970, where that is known."""
    context = _context(event)
    at = context.get("timeEpoch", context.get("requestTimeEpoch"))
    return at / 1000 if type(at) is int and 0 < at < 2**48 else None


class _Sending:
    """A permit's check before each send, and what became of it."""

    def __init__(self, permit: Permit) -> None:
        self._permit = permit
        self.sent = self.refused = False

    def check(self) -> None:
        self.refused = True
        self._permit.check_sending()
        self.sent, self.refused = True, False


class _AskingEachTime:
    """Asks the fence before each send, and judges each answer by that permit."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._permit: Permit | None = None

    def ask(self) -> Permit:
        decision, self._permit = self._fence.decide(forwarded=False)
        if decision.action != "write":
            raise WriteRefused(decision.code, decision.reason)
        return self._permit

    def check_sending(self) -> None:
        self.ask().check_sending()

    def check_answer(self) -> None:
        if self._permit:
            self._permit.check_answer()


def _judged(event: Any, permit: Permit, handle: Callable[[], Any]) -> Any:
    """Handle a write, or refuse it where it or its answer was too late."""
    sending = _Sending(permit)
    try:
        with checked(sending.check):
            answer = handle()
        permit.check_answer()
    except AnswerTooLate as error:
        return _refused(event, WriteRefused("WriteUnknown", str(error)))
    except Exception as error:
        # botocore wraps what a check raises, and a first attempt may have been sent.
        if not sending.refused:
            raise
        code = "WriteUnknown" if sending.sent else "WriteTooLate"
        reason = "The write may have been made. Read the item, or try again in a second."
        late = "The write waited too long on its way. Try again in a second."
        return _refused(event, WriteRefused(code, reason if sending.sent else late), error)
    return answer


def _refused(event: Any, refusal: WriteRefused, cause: Exception | None = None) -> dict[str, Any]:
    if not _method(event):
        raise refusal from cause
    error = {"code": refusal.code, "message": str(refusal)}
    return _answer(503, {"error": error}, {"Retry-After": "1"})


def _answer(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    every = {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})}
    return {"statusCode": status, "headers": every, "body": json.dumps(body)}


def _all_failed(event: Any) -> dict[str, Any]:
    failures = [{"itemIdentifier": record["messageId"]} for record in event["Records"]]
    return {"batchItemFailures": failures}


def _method(event: Any) -> str:
    """Return the method of a request, or nothing if the event is none."""
    method = _context(event).get("http", {}).get("method")
    return str(method or _section(event).get("httpMethod") or "")


def _is_forwarded(event: Any) -> bool:
    headers = _section(event).get("headers") or {}
    return any(name.lower() == FORWARDED for name in headers)


def _query(event: Any) -> Mapping[str, str]:
    return _section(event).get("queryStringParameters") or {}


def _context(event: Any) -> Mapping[str, Any]:
    return _section(event).get("requestContext") or {}


def _section(event: Any) -> Mapping[str, Any]:
    return event if isinstance(event, dict) else {}
