"""How a run ended, what that means for an exit code, and what to do next. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import section

from cli import exits
from cli.watch.words import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.watch.ends import End
    from cli.watch.run import Run

# Longer than on a line of the run: it is all that is known of the end.
_LONGEST = 2000
_REPORT, _LOGS = "pilot-light report {name}", "pilot-light logs {name}"
# What was asked for is so.
_WELL = {
    *("promoted", "switched_over", "already_promoted", "already_there"),
    *("taken_over", "already_active", "last_resort"),
}
_NEXT = {
    "promoted": (
        "When the other Region is back: pilot-light ledger list, then pilot-light failback "
        "(docs/runbook/primary-is-back.md)",
    ),
    "already_promoted": ("pilot-light status",),
    "switched_over": ("pilot-light status",),
    "already_there": ("pilot-light status",),
    "refused": (
        "Repair what is unmet, and start the move again (docs/runbook/planned-moves.md)",
        "If the active Region is lost, this is no planned move: pilot-light failover",
    ),
    "duplicate": ("pilot-light watch {owner}",),
    "dropped": ("pilot-light status",),
    "taken_over": ("pilot-light status", "docs/runbook/secondary-lost.md"),
    "already_active": ("pilot-light status",),
    "last_resort": ("pilot-light status", "docs/runbook/control-table-silent.md"),
}
_HELD = {
    "deadline": "Remove the cause. While the outage goes on, the sentinel starts the next run.",
    "rejected": (
        "Nothing starts by itself for this outage until: pilot-light resume. "
        "To promote: pilot-light failover"
    ),
    "primary_healthy": "pilot-light status",
}
_PROMOTE = "To promote after all: pilot-light failover (docs/runbook/hold-ended.md)"
_FAILED = {
    "failover": "docs/runbook/failed.md",
    "switchover": "docs/runbook/planned-move-failed.md",
    "emergency": "docs/runbook/secondary-lost.md",
}


@dataclass(frozen=True)
class Verdict:
    """How a run ended. `headline` is one line, `exit_code` is `watch`'s."""

    status: str
    outcome: str
    headline: str
    exit_code: int
    summary: str = ""
    # PASS, FAIL or INCONCLUSIVE of a rehearsal.
    rehearsal: str | None = None
    # The address of the report's folder.
    report: str | None = None
    next: list[str] = field(default_factory=list)
    # The execution that does the work instead, by its ARN or its name.
    handed_to: str | None = None


def verdict(end: End, run: Run, machine: str, name: str, mode: str | None = None) -> Verdict:
    """Return the verdict on an end.

    Parameters
    ----------
    machine
        `failover`, `switchover` or `emergency`.
    name
        The execution's name, for commands.
    mode
        What its input asked for, where Intake's answer was not read.
    """
    mode = str(end.output.get("mode") or run.request.get("mode") or mode or machine)
    if end.status != "SUCCEEDED":
        return _not_succeeded(end, run, machine, name, mode)
    output = end.output
    outcome = str(output.get("outcome", "unknown"))
    rehearsal = str(output.get("verdict") or "INCONCLUSIVE") if mode == "rehearsal" else None
    well = rehearsal == "PASS" if rehearsal else outcome in _WELL
    report = str(output["report"]) if output.get("report") else None
    handed = output.get("execution") if outcome == "handed_over" else None
    return Verdict(
        end.status,
        outcome,
        _headline(mode, outcome, rehearsal, output),
        exits.OK if well else exits.ATTENTION,
        str(output.get("summary") or output.get("why") or ""),
        rehearsal,
        report,
        [text.format(name=name, owner=_owner(output)) for text in _next(outcome, rehearsal, output)]
        + ([_REPORT.format(name=name)] if report else []),
        str(handed) if handed else None,
    )


def _headline(mode: str, outcome: str, rehearsal: str | None, output: Mapping[str, Any]) -> str:
    if rehearsal:
        return f"rehearsal: {rehearsal}"
    proof = section(output, "proof")
    unproven = (
        ", unproven" if outcome == "switched_over" and proof.get("proven") is not True else ""
    )
    ended_by = section(output, "decision").get("ended_by")
    because = f" ({str(ended_by).replace('_', ' ')})" if outcome == "held" and ended_by else ""
    return f"{mode}: {outcome.replace('_', ' ')}{unproven}{because}"


def _next(outcome: str, rehearsal: str | None, output: Mapping[str, Any]) -> tuple[str, ...]:
    if rehearsal:
        rehearse = ("Repair what is unmet, then: pilot-light rehearse",)
        return () if rehearsal == "PASS" else rehearse
    if outcome == "held":
        return (_HELD.get(str(section(output, "decision").get("ended_by")), _PROMOTE),)
    if outcome == "already_promoted" and output.get("completing") is True:
        return ("The promotion is not on record. To complete it: pilot-light failover",)
    if outcome == "duplicate" and not _owner(output):
        return ("pilot-light status",)
    return _NEXT.get(outcome, ())


def _owner(output: Mapping[str, Any]) -> str:
    return str(output.get("owner") or "").rsplit(":", 1)[-1]


def _not_succeeded(end: End, run: Run, machine: str, name: str, mode: str) -> Verdict:
    """Return the verdict on a run that failed, timed out, or was stopped."""
    report = str(run.variables.get("report") or "") or None
    summary = f"{end.error}: {one_line(end.cause, _LONGEST)}".strip(": ")
    after = [_REPORT.format(name=name)] if report else []
    if end.status == "ABORTED":
        summary = f"Stopped. {summary}".strip()
        advice = ["pilot-light status"]
        if machine != "emergency":
            advice = ["The janitor frees its lock within seconds: pilot-light status"]
        if machine == "failover" and mode != "rehearsal":
            advice.append("Nothing starts by itself for this outage until: pilot-light resume")
        return Verdict(
            end.status,
            "stopped",
            f"{mode}: stopped",
            exits.ATTENTION,
            summary,
            None,
            report,
            advice,
        )
    timed_out = end.status == "TIMED_OUT"
    runbook = "docs/runbook/timed-out-or-aborted.md" if timed_out else _FAILED.get(machine, "")
    rehearsal = "FAIL" if mode == "rehearsal" else None
    return Verdict(
        end.status,
        "timed_out" if timed_out else "failed",
        f"{mode}: {end.status.replace('_', ' ')}",
        # A rehearsal changes nothing, so users are served as before.
        exits.ATTENTION if rehearsal else exits.FAILING,
        summary,
        rehearsal,
        report,
        [f"It is safe to run again. {runbook}".strip(), _LOGS.format(name=name), *after],
    )
