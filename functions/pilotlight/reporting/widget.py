"""The overview as HTML for a CloudWatch custom widget: no scripts, which CloudWatch takes out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_security.html
"""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING, Any

from pilotlight.reporting.markup import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DESCRIPTION = """\
## Pilot Light: overview
Who is active, the sentinel's probes, readiness, rehearsals, the RTO target beside its forecast,
replication, the ledger, and the latest recoveries, read from the Secondary's own tables.

### Widget parameters
Param | Description
---|---
**view** | `widget` for this page, `facts` for the same as JSON

### Example parameters
``` yaml
view: widget
```
"""
# CloudWatch adds `widgetContext` to the widget's own parameters, and asks for documentation by
# `describe`. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "view": {"enum": ["facts", "widget"]},
        "describe": {"const": True},
        "widgetContext": {"type": "object"},
    },
    "anyOf": [{"required": ["view"]}, {"required": ["describe"]}],
}
TITLES = {
    "control": "Who is active",
    "machine": "Recovery",
    "sentinel": "Primary, as the sentinel sees it",
    "readiness": "Readiness of the Secondary",
    "rehearsal": "Last rehearsal",
    "rto": "RTO: target, forecast, last actual",
    "replication": "Replication, by heartbeats",
    "ledger": "Ledger",
    "recoveries": "Latest recoveries",
}
# Text on background, each pair at a contrast of at least 4.5 to 1.
LIGHT = {
    "ok": "#fff;background:#1a7f37",
    "attention": "#fff;background:#b3261e",
    "unknown": "#fff;background:#5f6b7a",
}
DARK = {
    "ok": "#000;background:#5fd38d",
    "attention": "#000;background:#ff8a80",
    "unknown": "#000;background:#b6bec9",
}
STATES = {"ok": "ok", "failed": "attention"}
TABLE_STYLE = "width:100%;text-align:left"

BADGE = Template(
    '<span style="color:$colours;padding:1px 8px;border-radius:9px;white-space:nowrap">$text</span>'
)
PAGE = Template(
    "<p>$badge <strong>$summary</strong></p>"
    "$facts$checks$recoveries"
    "<p><small>$app_name, $primary_region to $secondary_region, $at</small></p>"
)


def html(facts: Mapping[str, Any], *, dark: bool) -> str:
    """Return the page. Every value is escaped: reasons and errors are other people's text."""
    colours = DARK if dark else LIGHT
    rows = [
        [TITLES[name], _badge(fact["verdict"], colours), escape(fact["detail"])]
        for name, fact in facts["facts"].items()
    ]
    plain = ("app_name", "primary_region", "secondary_region", "at", "summary")
    return PAGE.substitute(
        badge=_badge(facts["verdict"], colours),
        facts=table([], rows, named=0, style=TABLE_STYLE),
        checks=_checks(facts["facts"]["readiness"].get("checks", []), colours),
        recoveries=_recoveries(facts["facts"]["recoveries"]["recent"]),
        **{name: escape(facts[name]) for name in plain},
    )


def _checks(checks: Iterable[Mapping[str, Any]], colours: Mapping[str, str]) -> str:
    rows = [
        (
            escape(str(c["name"])),
            "required" if c["required"] else "advisory",
            _badge(STATES.get(str(c["state"]), "unknown"), colours, str(c["state"])),
            escape(str(c["detail"])),
        )
        for c in checks
    ]
    return _section("Readiness, one by one", ("Check", "", "State", "Detail"), rows)


def _recoveries(recent: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            escape(str(r["epoch"])),
            escape(f"{r['outcome']} ({r['mode']})"),
            escape(_rto(r)),
            _seconds(r["rpo_seconds"]),
            escape(str(r["recorded_at"])),
            escape(str(r["reason"])),
        )
        for r in recent
    ]
    heads = ("Epoch", "Outcome", "RTO of the machine", "RPO estimate", "Recorded", "Reason")
    return _section("Latest recoveries", heads, rows)


def _rto(recovery: Mapping[str, Any]) -> str:
    rto = _seconds(recovery["rto_seconds"])
    if recovery["rto_from"]:
        rto += f", from the {recovery['rto_from']}"
    within, target = recovery["within_target"], _seconds(recovery["rto_target_seconds"])
    return rto if within is None else f"{rto}; target {target}{'' if within else ', missed'}"


def _seconds(value: object) -> str:
    """Return seconds as text, or that they are unknown."""
    return f"{value:g} s" if isinstance(value, int | float) else "unknown"


def _section(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"<h4>{title}</h4>{table(heads, rows, style=TABLE_STYLE)}" if rows else ""


def _badge(verdict: str, colours: Mapping[str, str], text: str | None = None) -> str:
    return BADGE.substitute(colours=colours[verdict], text=escape(text or verdict))
