"""Words for the states that a person cares about, by their names in statemachines/."""

from __future__ import annotations

import json
import re

# What each does, for a person who has not read the machine. Those left out are shown by --all.
STATES = {
    "Intake": "reads the request",
    "HandOver": "hands the request over to the switchover machine",
    "AcquireLock": "takes the lock: one recovery at a time",
    "ReadLock": "another run holds the lock: reads which",
    "AwaitSwitchover": "lets a planned move end first",
    "ReadControl": "reads which Region is active",
    "ReconcileLedger": "reviews what the last failover left behind, while users are served",
    "GatherEvidence": "gathers evidence, side by side:",
    "ConfirmOutage": "probes the Primary, and reads the beacon and the pulse",
    "VerifyReadiness": "tries whether the Secondary can serve",
    "LookAtBothRegions": "looks at both Regions",
    "TryTarget": "tries whether the Primary can serve",
    "CallReadyHook": "asks the application's hook",
    "WarmFunctions": "warms the functions",
    "WarmTarget": "warms the functions of the target",
    "ProveUpToNow": "compares the journals up to now, while users write",
    "Decide": "judges the conditions",
    "Announce": "notifies people that it started",
    "LetTheBeaconFollow": "lets Route 53's checkers follow; nobody is notified yet",
    "NotifyHold": "notifies people that it is on hold",
    "WaitToJudgeAgain": "is on hold, and judges again",
    "AskApproval": "asks people to approve",
    "ReadAnswer": "reads the answer",
    "CallBeforeFailbackHook": "calls the application's hook",
    "CallBeforeClaimHook": "calls the application's hook",
    "CallAfterClaimHook": "calls the application's hook",
    "Drain": "drains: the active Region takes no more writes",
    "LetWritesEnd": "waits until the last writes have ended",
    "ReconcileInDrain": "reviews what came late",
    "Prove": "compares the journals to their end",
    "UndoDrain": "ends the drain: the old Region serves again",
    "RehearseClaim": "tries the claim's write, which changes nothing",
    "Claim": "claims: the Region becomes the active one",
    "PlannedClaim": "claims: the target becomes the active Region",
    "WaitOutLease": "waits until the other Region's last writes have ended",
    "Serve": "lets the Region take writes",
    "ConfirmTraffic": "confirms that the public name leads to the active Region",
    "KeepRehearsal": "records the rehearsal",
    "RecordRecovery": "records the recovery",
    "RecordMove": "records the move",
    "ReleaseLock": "frees the lock",
    "WriteReport": "writes the report",
    "NotifyOutcome": "notifies people of the outcome",
    "NotifyFailure": "notifies people of the failure",
    "AskTable": "asks the control table",
    "WaitForTable": "asks the control table again for half a minute",
    "RecordLastResort": "records the last resort",
    "GrantLastResort": "lets the Region write without a quorum",
    "NotifyTakenOver": "notifies people",
    "NotifyLastResort": "notifies people",
}
# The states of a judgement, which a hold passes again every few seconds.
JUDGEMENT = {
    *("ReadControl", "GatherEvidence", "ConfirmOutage", "VerifyReadiness", "CallReadyHook"),
    *("WarmFunctions", "Decide", "LetTheBeaconFollow", "WaitToJudgeAgain"),
}
# What a write means whose condition was not met. The machines reckon with these.
NOT_WRITTEN = {
    "AcquireLock": "another run holds the lock",
    "RehearseClaim": "the claim's write reached the quorum, and changed nothing, as it should",
    "Claim": "the control item has changed since it was judged: reads it again",
    "Serve": "the control item has changed: reads it again",
    "Drain": "the control item has changed since it was judged",
    "PlannedClaim": "the drain of this run is over",
    "UndoDrain": "the drain is over already",
    "RecordRecovery": "it is on record already",
    "RecordMove": "it is on record already",
    "RecordRehearsal": "the verdict of a later rehearsal stays",
    "ReleaseLock": "the lock is another run's",
    "KeepFailure": "people were notified of this failure within the hour",
}
_LONGEST = 300
# A task token has about a thousand characters without a blank.
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_-]{100,}")


def failure(state: str, error: str, cause: str) -> str:
    """Return what a failure means."""
    if "ConditionalCheckFailed" in error and state in NOT_WRITTEN:
        return NOT_WRITTEN[state]
    return f"{error}: {one_line(cause)}".rstrip(": ")


def one_line(cause: str, longest: int = _LONGEST) -> str:
    """Return the cause of a failure in one line, without what could be a secret."""
    try:
        told = json.loads(cause)
    except ValueError:
        told = None
    # A Lambda function's error, with its stack trace.
    text = told.get("errorMessage", cause) if isinstance(told, dict) else cause
    text = _OPAQUE.sub("…", " ".join(str(text).split()))
    return text if len(text) <= longest else f"{text[:longest]} …"
