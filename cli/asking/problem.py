"""Why a call has no answer, in words for a person at night."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cli.asking.call import Call

# silent: no answer in time. denied: a permission is missing. missing: there is no such resource.
# refused: AWS does not take these credentials. failed: anything else that was answered.
Kind = Literal["silent", "denied", "missing", "refused", "failed"]
_DENIED = ("AccessDenied", "NotAuthorized", "UnauthorizedOperation", "403")
_MISSING = (
    *("ResourceNotFoundException", "NoSuchBucket", "NoSuchKey", "404"),
    *("StateMachineDoesNotExist", "ExecutionDoesNotExist"),
)
_CREDENTIALS = (
    *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired"),
    *("UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException"),
    *("AuthFailure", "OptInRequired", "MissingAuthenticationToken", "InvalidAccessKeyId"),
)


@dataclass(frozen=True)
class Problem:
    """One call that has no answer."""

    kind: Kind
    region: str
    detail: str
    permission: str
    resource: str
    why: str

    @property
    def short(self) -> str:
        """Return why, without what it was wanted for."""
        if self.kind == "denied":
            return f"permission {self.permission} on {self.resource} is missing"
        return f"no answer, {self.detail}" if self.kind == "silent" else self.detail

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON documents have it."""
        return {**asdict(self), "text": str(self)}

    def __str__(self) -> str:
        """Return one sentence: what is missing, on what, and what it is needed for."""
        return sentence(self, [self.why])


def sentence(of: Problem, wanted: Sequence[str]) -> str:
    """Return what is wrong, and all that it is wrong for."""
    return f"{of.region}: {of.short}, to read {'; '.join(wanted)}."


def sentences(problems: Iterable[Problem]) -> list[str]:
    """Return a sentence for each cause, which names everything that it is the cause for."""
    wanted: dict[tuple[str, str], list[str]] = {}
    first: dict[tuple[str, str], Problem] = {}
    for one in problems:
        cause = one.region, one.short
        first.setdefault(cause, one)
        if one.why not in wanted.setdefault(cause, []):
            wanted[cause].append(one.why)
    return [sentence(first[cause], names) for cause, names in wanted.items()]


def problem(call: Call, kind: Kind, detail: str) -> Problem:
    """Return the problem of a call."""
    return Problem(kind, call.region, detail, call.permission, call.resource, call.why)


def late(call: Call, seconds: float) -> Problem:
    """Return the problem of a call that was not answered in time."""
    return problem(call, "silent", f"none within {seconds:g} s")


def translated(call: Call, error: Exception) -> Problem:
    """Return what an error of the SDK means."""
    from botocore import exceptions as errors

    if isinstance(error, errors.ClientError):
        return _answered(call, error.response.get("Error", {}))
    if isinstance(
        error,
        errors.NoCredentialsError
        | errors.PartialCredentialsError
        | errors.CredentialRetrievalError
        | errors.ProfileNotFound
        | errors.TokenRetrievalError
        | errors.SSOError,
    ):
        return problem(call, "refused", f"the credentials are missing or no longer valid ({error})")
    if isinstance(error, errors.ConnectionError | errors.HTTPClientError):
        return problem(call, "silent", f"{type(error).__name__}")
    return problem(call, "failed", f"{type(error).__name__}: {error}")


def _answered(call: Call, error: Any) -> Problem:
    code, message = str(error.get("Code", "no code")), str(error.get("Message", ""))
    if any(code.startswith(word) for word in _DENIED):
        return problem(call, "denied", code)
    if code in _MISSING:
        return problem(call, "missing", f"there is no {call.resource}")
    if code in _CREDENTIALS:
        return problem(call, "refused", f"AWS does not take the credentials ({code})")
    return problem(call, "failed", f"{code}: {message}".rstrip(": "))
