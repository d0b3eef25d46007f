"""The report as one page for people: no other file, no script, no library beyond Python's own."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any

from pilotlight.reporting.markup import table

TICK, CROSS = "M2 7.5 5.5 11 12 3.5", "M3 3l8 8M11 3l-8 8"
DASH = "M2.5 7h9"
FORECAST_MEANS = (
    "It is for users whose resolver keeps to the TTL. Own probes and Route 53's checkers run side "
    "by side, and so do DNS and the lease, so that the stages do not add up."
)


def page(report: Mapping[str, Any], template: str) -> str:
    """Return the page. Values of the report are shown as text, never as markup."""
    sections = [
        ("recovery", "Stages", _stages(report)),
        ("forecast", "RTO forecast", _forecast(report)),
        ("conditions", "Conditions", _conditions(report)),
        ("evidence", "Evidence", _evidence(report["evidence"])),
        ("control", "Who is active", _control(report)),
        ("moments", "Moments", _moments(report)),
        ("more", "What else is known", _more(report)),
    ]
    shown = [s for s in sections if s[2]]
    return Template(template).substitute(
        title=f"{report['kind'].title()}: {_text(report['outcome'])} · {_text(report['id'])}",
        verdict=_text(report["verdict"]),
        top=_top(report),
        contents="".join(f'<li><a href="#{i}">{title}</a></li>' for i, title, _ in shown),
        sections="".join(_section(*s) for s in shown),
        footer=f"Execution <code>{_text(report['evidence']['execution'])}</code>",
    )


def _text(value: object) -> str:
    return escape("nothing" if value is None else str(value))


def _mark(word: str, tone: str) -> str:
    path = {"good": TICK, "bad": CROSS}.get(tone, DASH)
    icon = f'<svg aria-hidden="true" viewBox="0 0 14 14"><path d="{path}"/></svg>'
    return f'<span class="mark {tone}">{icon}{escape(word)}</span>'


def _section(name: str, title: str, body: str) -> str:
    head = f'<div class="head"><h2 id="{name}-title">{title}</h2></div>'
    return (
        f'<section id="{name}" aria-labelledby="{name}-title">{head}'
        f'<div class="body">{body}</div></section>'
    )


def _seconds(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, int | float) else "n/a"


def _figure(name: str, value: str, unit: str, note: str) -> str:
    small = f"<small> {escape(unit)}</small>" if value != "n/a" else ""
    return (
        f'<div><dt>{escape(name)}</dt><dd class="value">{escape(value)}{small}</dd>'
        f'<dd class="note">{escape(note)}</dd></div>'
    )


def _top(report: Mapping[str, Any]) -> str:
    tone = {"pass": "good", "fail": "bad"}.get(report["verdict"], "neutral")
    word = report["verdict"].upper() if report["kind"] == "rehearsal" else report["outcome"]
    request, regions = report["request"], report["regions"]
    facts = {
        "Regions": f"{regions['primary']} (Primary), {regions['secondary']} (Secondary)",
        "Public name": report["public_name"],
        "Outcome": report["outcome"],
        "Started by": request.get("trigger", "unknown"),
        "Reason": request.get("reason", "unknown"),
        "When": f"{report['started_at']} to {report['ended_at']}",
    }
    met = [c for c in report["checks"] if c["passed"]]
    figures = [
        _figure(
            "Recovery time, RTO",
            _seconds(report["rto_seconds"]),
            "s",
            f"{report['rto_detail']} {report['rto_target_detail']}".strip(),
        ),
        _figure(
            "Data loss, RPO estimate",
            _seconds(report["rpo_estimate_seconds"]),
            "s",
            f"{report['rpo_estimate_detail']} {report['rpo_detail']}".strip(),
        ),
        _figure(
            "Conditions met",
            str(len(met)) if report["checks"] else "n/a",
            f"of {len(report['checks'])}",
            "Required and advisory ones." if report["checks"] else "Nothing was judged.",
        ),
    ]
    listed = "".join(f"<div><dt>{k}</dt><dd>{_text(v)}</dd></div>" for k, v in facts.items())
    return (
        f"<h1>{report['kind'].title()}: {_mark(word, tone)}</h1>"
        f'<p class="lead">{_text(report["summary"])}</p>'
        f'<dl class="facts">{listed}</dl><dl class="figures">{"".join(figures)}</dl>'
    )


def _stages(report: Mapping[str, Any]) -> str:
    stages = report["stages"]
    whole = sum(s["seconds"] for s in stages)
    if whole <= 0:
        return "<p>No stage was passed.</p>"
    begin, rows = stages[0]["starts_at"], []
    for stage in stages:
        x = 100 * (stage["starts_at"] - begin) / whole
        width = max(100 * stage["seconds"] / whole, 0.4)
        bar = (
            '<svg class="bar" aria-hidden="true" height="22">'
            f'<rect class="solid" x="{min(x, 99.6):.2f}%" y="3" width="{width:.2f}%" height="16"/>'
            "</svg>"
        )
        name = f'{_text(stage["name"])}<br><span class="small soft">{_text(stage["detail"])}</span>'
        rows.append([bar, name, f"{stage['seconds']:.1f} s"])
    rows.append(["", "together", f"{whole:.1f} s"])
    heads = ["Place", "Stage", "Took"]
    return table(heads, rows, caption="In seconds, measured by the machine", named=1)


def _forecast(report: Mapping[str, Any]) -> str:
    stages = (report["rto_forecast"] or {}).get("stages")
    if not stages:
        return ""
    rows = [
        [_text(s["name"]), _text(s["basis"]), *(f"{s[p]:.1f} s" for p in ("p50", "p99"))]
        for s in stages
    ]
    caption = "Not measured: an outage in which the Primary answers nothing"
    heads = ["Stage", "Basis", "p50", "p99"]
    said = f"<p>{_text(report['rto_target_detail'])} {FORECAST_MEANS}</p>"
    return said + table(heads, rows, caption=caption, named=0)


def _conditions(report: Mapping[str, Any]) -> str:
    if not report["checks"]:
        return "<p>Nothing was judged.</p>"
    rows = []
    for c in report["checks"]:
        word, tone = ("met", "good") if c["passed"] else ("not met", "bad")
        if not c["observed"]:
            word, tone = "not observed", "neutral"
        elif not c["passed"] and not c["required"]:
            tone = "neutral"
        weight = "required" if c["required"] else "advisory"
        name = _text(c["name"]).replace("_", "_<wbr>")
        shown = f'<span class="weight soft">{weight}</span>'
        rows.append([_mark(word, tone), name, shown, _text(c["detail"])])
    action = _text(report["evidence"]["decision"].get("action"))
    heads = ["Result", "Condition", "Weight", "Detail"]
    return f"<p>The machine decided: <strong>{action}</strong>.</p>" + table(
        heads, rows, caption="Conditions of a promotion", named=1
    )


def _evidence(evidence: Mapping[str, Any]) -> str:
    return "".join(f"<h3>{_text(name)}</h3>{_tree(e)}" for name, e in evidence["checks"].items())


def _tree(value: object) -> str:
    """Return what a step returned: mappings as lists of terms, lists of them as tables."""
    if isinstance(value, Mapping):
        items = "".join(f"<dt>{_text(k)}</dt><dd>{_tree(v)}</dd>" for k, v in value.items())
        return f'<dl class="tree">{items}</dl>'
    if isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
        heads = list(dict.fromkeys(k for v in value for k in v))
        rows = [[_tree(v.get(h)) for h in heads] for v in value]
        return f'<div class="wide">{table([str(h) for h in heads], rows)}</div>'
    if isinstance(value, list):
        return ", ".join(_tree(v) for v in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _text("none" if value is None or value == "" else value)


def _control(report: Mapping[str, Any]) -> str:
    names = ("active_region", "epoch", "state")
    rows = [
        [when, *(_text((item or {}).get(name, "not known")) for name in names)]
        for when, item in report["control"].items()
    ]
    heads = ["When", "Active Region", "Epoch", "State"]
    return table(heads, rows, caption="The control item, before and after", named=0)


def _moments(report: Mapping[str, Any]) -> str:
    rows = [
        [f"{m['at']:.1f} s", _text(m["what"]), f"<time>{_text(m['time'])}</time>"]
        for m in report["timeline"]
    ]
    return table(["At", "What", "UTC"], rows, caption="From the first of them", named=1)


def _more(report: Mapping[str, Any]) -> str:
    names = ("failure", "hooks", "drain", "proof", "traffic", "approval")
    return "".join(f"<h3>{n}</h3>{_tree(report[n])}" for n in names if report[n])
