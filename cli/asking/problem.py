"""Why a call has no answer, in words for a person at night."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
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

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON documents have it."""
        return {**asdict(self), "text": str(self)}

    def __str__(self) -> str:
        """Return one sentence: what is missing, on what, and what it is needed for."""
        if self.kind == "denied":
            return (
                f"{self.region}: permission {self.permission} on {self.resource} is missing, "
                f"to read {self.why}."
            )
        if self.kind == "silent":
            return f"{self.region}: no answer, {self.detail}; wanted was {self.why}."
        return f"{self.region}: {self.why} could not be read: {self.detail}."


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
