"""The page of a drill's report: one HTML file that needs nothing else to be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from lab.drill.report.charts import LABEL_HEIGHT, PLOT_HEIGHT, Report, bars, chart, ticks


def render(report: Report) -> str:
    """Return the page of a report that report.schema.json describes."""
    env = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(seconds=seconds, bare=bare, tenths=tenths, signed=signed, moment=moment)
    env.filters["grouped"] = "{:,}".format
    evidence, stages = report["evidence"], report["stages"]
    decision = evidence_part(evidence, "decision")
    checks = {n: evidence_part(evidence["checks"], n) for n in ("confirm", "readiness", "warm")}
    return env.get_template("report.html.j2").render(
        report=report,
        sentence=sentence(report),
        stayed=report["outage"]["expected"] != "recovers" and report["rto_write_seconds"] is None,
        bars=bars(stages),
        stage_ticks=ticks(0, sum(s["seconds"] for s in stages)),
        chart=chart(report),
        decision=decision,
        evidence=checks,
        plot_height=PLOT_HEIGHT,
        label_height=LABEL_HEIGHT,
    )


def sentence(report: Report) -> str:
    """Return what happened, in one sentence."""
    outage = report["outage"]
    if outage["result"] in ("holds", "stays") and outage["expected"] != "recovers":
        writes = "no acknowledged write was lost" if report["verdict"] == "pass" else ""
        parts = [outage["happened"], f"the application {outage['verdict']}", writes]
    else:
        parts = [outage["happened"], *_parts_of_a_recovery(report)]
    return "; ".join(part for part in parts if part) + "."


def _parts_of_a_recovery(report: Report) -> tuple[str, str, str]:
    secondary = report["regions"]["secondary"]
    read, write = report["rto_read_seconds"], report["rto_write_seconds"]
    rpo, client = report["rpo_seconds"], report["client"]
    if write is not None:
        place = "again" if rpo is None else f"from {secondary}"
        reads = f"users could read {place} after {seconds(read)}" if read else "no read failed"
        users = f"{reads} and {'users could ' if not read else ''}write after {seconds(write)}"
    elif client["failed"]:
        users = "users were not served again while the drill ran"
    else:
        users = "no user request failed"
    ended = {
        "held": "the recovery was on hold when the drill ended",
        "hold_ended": "the recovery ended its hold",
        "failed": "the recovery failed",
        "none": "no run of the recovery ended",
    }.get(report["outcome"], "")
    missing, written = client["missing_writes"], client["acknowledged_writes"]
    if rpo is None:
        promoted = any(m["name"] == "claimed" for m in report["milestones"])
        writes = "what was lost is not known" if promoted else "nothing was promoted"
    elif missing:
        oldest = f", at most {seconds(rpo)} old at the outage," if rpo else ""
        writes = f"{missing} of {written} acknowledged writes{oldest} had not reached {secondary}"
    else:
        writes = "no acknowledged write was lost"
    return users, ended, writes


def evidence_part(checks: Report, name: str) -> dict[str, Any]:
    """Return one part of the evidence; `missing` or `error` mark that there is none."""
    part = checks.get(name)
    if not isinstance(part, Mapping) or not part:
        return {"missing": True}
    error = part.get("error")
    if error is None:
        return dict(part)
    if isinstance(error, Mapping) and "Error" in error:
        return {"error": f"{error['Error']}: {error.get('Cause', 'no cause given')}"}
    return {"error": error if isinstance(error, str) else json.dumps(error)}


def seconds(value: float) -> str:
    """Write a duration: 66.8 s, 5 s, 0.42 s."""
    text = f"{value:.{2 if value < 1 else 1}f}".rstrip("0").rstrip(".")
    return f"{text}\N{NO-BREAK SPACE}s"


def bare(value: float) -> str:
    """Write a duration as `seconds` does, without its unit."""
    return seconds(value)[:-2]


def tenths(value: Any) -> str:
    """Write a number of a column that is read downwards; nothing where there is none."""
    if not isinstance(value, int | float):
        return ""
    return "<0.1" if 0 < value < 0.05 else f"{value:.1f}"


def signed(value: float) -> str:
    """Write a moment before or after the outage."""
    rounded = round(value, 1)
    return f"{rounded:+.1f}".replace("-", "\N{MINUS SIGN}") if rounded else "0.0"


def moment(text: str) -> str:
    """Write an ISO 8601 moment for people, in UTC as it came."""
    at = datetime.fromisoformat(text)
    return f"{at.day} {at:%B %Y, %H:%M:%S}"
