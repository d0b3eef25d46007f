"""The overview as HTML: everything is shown, and other people's text stays text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from pilotlight.reporting import widget
from pilotlight.reporting.overview import overview

from tests.unit.functions.reporting.overview_facts import FAILED_OVER, NOW, PAIR, RECORD, told
from tests.unit.functions.reporting.parsed_page import ParsedPage

EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'


def page(document: dict[str, Any]) -> ParsedPage:
    return ParsedPage(widget.html(document, dark=False))


def test_every_fact_is_shown_with_its_verdict_in_words() -> None:
    document = told(rehearsal={})
    words = " ".join(page(document).words)
    for name, fact in document["facts"].items():
        assert widget.TITLES[name] in words
        assert fact["detail"] in words
    assert "unknown" in words and "items_table" in words and "advisory" in words


def test_recoveries_are_shown_with_rto_and_rpo_and_what_they_were_measured_from() -> None:
    words = " ".join(page(overview(FAILED_OVER, PAIR, NOW)).words)
    rto = "60.5 s, from the first failed probe (sentinel); target 60 s, missed"
    for part in ("promoted (drill)", rto, "12.5 s"):
        assert part in words
    bare = replace(FAILED_OVER, recoveries=[RECORD | {"timeline": None, "rpo_estimate": None}])
    assert "unknown" in page(overview(bare, PAIR, NOW)).words


def test_text_of_others_is_escaped_wherever_it_is_shown() -> None:
    evil = replace(
        FAILED_OVER,
        control=dict(FAILED_OVER.control),
        recoveries=[RECORD | dict.fromkeys(("reason", "outcome", "mode", "recorded_at"), EVIL)],
        readiness=dict(FAILED_OVER.readiness)
        | {
            "findings": EVIL,
            "checks": json.dumps([{"name": EVIL, "required": True, "state": EVIL, "detail": EVIL}]),
        },
        sentinel={"error": EVIL},
        rehearsal=dict(FAILED_OVER.rehearsal) | {"verdict": EVIL, "last_pass_at": EVIL},
    )
    found = page(overview(evil, replace(PAIR, app_name=EVIL), NOW))
    assert "".join(found.words).count(EVIL) >= 10
    assert not {"script", "img"} & set(found.tags)


def test_the_page_has_nothing_that_cloudwatch_would_take_out() -> None:
    found = page(overview(FAILED_OVER, PAIR, NOW))
    assert not {"script", "iframe", "use", "link"} & set(found.tags)
    assert found.attributes <= {"style", "scope"}


@pytest.mark.parametrize("dark", [False, True])
def test_verdicts_can_be_read_on_their_background(dark: bool) -> None:
    def light(colour: str) -> float:
        digits = colour if len(colour) == 6 else "".join(c * 2 for c in colour)
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    palette = widget.DARK if dark else widget.LIGHT
    shown = widget.html(told(), dark=dark)
    assert palette["ok"] in shown
    for colours in palette.values():
        low, high = sorted(light(c) for c in re.findall("#([0-9a-f]{6}|[0-9a-f]{3})", colours))
        assert (high + 0.05) / (low + 0.05) >= 4.5
