"""The screen of `status`: the verdict, every fact, and what did not answer."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pilot_light_client.timestamps import parse, try_parse
from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from cli.asking.problem import Problem, sentences
from cli.screens import STYLES, badge, grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

TITLES = {
    "users": "Users",
    "control": "Active Region",
    "primary": "Primary",
    "secondary": "Secondary",
    "control_table": "Control table",
    "pulse": "Pulse",
    "beacon": "Beacon",
    "sentinel": "Sentinel",
    "to_secondary": "To Secondary",
    "to_primary": "To Primary",
    "machine": "Automation",
    "executions": "Executions",
    "last_resort": "Last resort",
    "readiness": "Readiness",
    "rehearsal": "Rehearsal",
    "rto": "RTO",
    "ledger": "Ledger",
    "recoveries": "Recoveries",
}


def screen(document: Mapping[str, Any]) -> RenderableType:
    """Return the whole screen, which fits any width from 80 columns on."""
    parts: list[RenderableType] = [_head(document), _active(document), Text(""), _facts(document)]
    if document["problems"]:
        parts += [Text(""), *_problems(document)]
    return Group(*parts)


def _head(document: Mapping[str, Any]) -> Text:
    verdict = document["verdict"]
    return Text.assemble(
        (verdict.upper(), STYLES[verdict]),
        f"  {document['app_name']}, {document['primary_region']} to {document['secondary_region']}"
        f", {document['at'].partition('.')[0]}Z",
    )


def _active(document: Mapping[str, Any]) -> Text:
    active = document["active"]
    if active is None:
        return Text("Which Region is active is not known.")
    since = try_parse(active["since"])
    age = f" since {active['since']} ({ago(since, parse(document['at']))})" if since else ""
    return Text.assemble(
        (f"{active['active_region']}, the {active['role']}", "bold"),
        f", {active['state']}{age}, epoch {active['epoch']}",
    )


def _facts(document: Mapping[str, Any]) -> RenderableType:
    rows = grid({"no_wrap": True}, {"no_wrap": True}, {"ratio": 1})
    for name, fact in document["facts"].items():
        rows.add_row(badge(fact["verdict"]), TITLES[name], Text(fact["detail"]))
        for check in fact.get("checks", []):
            if check["state"] != "ok":
                kind = "required" if check["required"] else "advisory"
                state = Text(
                    f"  {check['state']}", STYLES["attention"] if check["required"] else ""
                )
                rows.add_row("", state, Text(f"{check['name']} ({kind}): {check['detail']}"))
    return rows


def _problems(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what could not be read: once for each Region that answers nothing, and each cause."""
    yield Text("Not read:", style="bold")
    silent = [r["region"] for r in document["regions"] if not r["answered"]]
    for region in silent:
        kinds = sorted({p["detail"] for p in document["problems"] if p["region"] == region})
        yield Padding(f"{region} answered nothing: {'; '.join(kinds)}.", (0, 0, 0, 2))
    names = [f.name for f in dataclasses.fields(Problem)]
    others = [p for p in document["problems"] if p["region"] not in silent]
    for text in sentences(Problem(**{name: p[name] for name in names}) for p in others):
        yield Padding(text, (0, 0, 0, 2))


def ago(at: Any, now: Any) -> str:
    """Return how long ago something was, in its largest unit."""
    seconds = max(0, round((now - at).total_seconds()))
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return f"{seconds} s ago"
