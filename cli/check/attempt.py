"""Runs checks side by side, bounded in time. What AWS did not answer is unknown, never ok."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli.check.aws import code_of
from cli.check.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.check.result import Check, CheckResult

SECONDS = 40.0
AT_ONCE = 16
DENIED = ("AccessDenied", "NotAuthorized", "UnauthorizedOperation", "403")
# Where sts answered, these mean that the Region does not know the account.
NOT_ENABLED = ("UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired")


def side_by_side(checks: Sequence[Check], seconds: float = SECONDS) -> list[CheckResult]:
    """Run checks at once. What was not answered in time is unknown."""
    pool = ThreadPoolExecutor(AT_ONCE)
    futures = [pool.submit(attempt, check) for check in checks]
    wait(futures, timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    late = Outcome("unknown", f"no answer within {seconds:g} s", "Try again.")
    return [
        f.result() if f.done() and not f.cancelled() else check.result(late)
        for f, check in zip(futures, checks, strict=True)
    ]


def attempt(check: Check) -> CheckResult:
    """Run one check. What AWS refused, or did not answer, is unknown."""
    try:
        return check.result(check.run())
    except ClientError as error:
        return check.result(_refused(error, check))
    except BotoCoreError as error:
        return check.result(Outcome("unknown", f"no answer: {error}", "Try again."))


def _refused(error: ClientError, check: Check) -> Outcome:
    code, operation = code_of(error), error.operation_name
    if code in NOT_ENABLED:
        remedy = "Enable the Region in the account, and use a session that is valid there."
        return Outcome("failed", f"the Region does not know this account ({code})", remedy)
    detail = f"{operation} was answered with {code}"
    if operation == "HeadBucket" and code == "403":
        detail += ": the bucket is another account's, or not yours to see"
    if any(word in code for word in DENIED):
        return Outcome("unknown", detail, f"Allow {', '.join(check.permissions)}.")
    return Outcome("unknown", detail, "Try again, or see for yourself in the console.")
