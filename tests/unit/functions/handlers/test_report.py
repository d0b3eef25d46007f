"""The report's two files, and that nothing a person wrote becomes markup."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pilotlight.reporting.store import ReportNotStored

from tests.handlers import context, load_handler
from tests.unit.functions.failover.decision_cases import evidence
from tests.unit.functions.fakes import aws_error
from tests.unit.functions.reporting.parsed_page import ParsedPage
from tests.unit.functions.reporting.test_report import told

MODULE: Any = load_handler("report")


class Bucket:
    """A bucket that keeps what is put, or refuses it."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.error: Exception | None = None

    def put_object(self, **given: Any) -> None:
        if self.error:
            raise self.error
        self.objects[given["Key"]] = given


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    found = Bucket()
    monkeypatch.setattr(MODULE, "S3", found)
    return found


def read(bucket: Bucket, **changes: Any) -> tuple[str, ParsedPage, str]:
    address = MODULE.lambda_handler(told(**changes), context("report"))["report"]
    html = next(o["Body"].decode() for k, o in bucket.objects.items() if k.endswith(".html"))
    return address, ParsedPage(html), html


def test_both_files_are_written_where_the_answer_says(bucket: Bucket) -> None:
    address, _, _ = read(bucket)
    prefix = "reports/failover/20260131T120028Z-4f1c-aa"
    assert address == f"s3://pilot-light-123456789012-us-east-2/{prefix}/"
    assert {k: o["ContentType"] for k, o in bucket.objects.items()} == {
        f"{prefix}/report.json": "application/json",
        f"{prefix}/report.html": "text/html; charset=utf-8",
    }
    found = json.loads(bucket.objects[f"{prefix}/report.json"]["Body"])
    assert (found["outcome"], found["rto_seconds"]) == ("promoted", 54.0)


def test_the_page_needs_no_other_file_and_runs_no_script(bucket: Bucket) -> None:
    _, parsed, html = read(bucket)
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)
    assert not re.search(r"url\(|@import|src=|https?://", html)


def test_nothing_that_a_run_tells_becomes_markup(bucket: Bucket) -> None:
    nasty = '"><script>alert(1)</script>&amp;$title'
    confirm = {**evidence()["confirm"], nasty: [{nasty: nasty}]}
    _, parsed, html = read(
        bucket,
        summary=nasty,
        outcome=nasty,
        request={"reason": nasty, "trigger": nasty},
        evidence={nasty: confirm},
        failure={"step": nasty},
        control={"active_region": nasty},
        decision={"action": nasty, "conditions": [{"name": nasty, "detail": nasty}]},
    )
    assert "script" not in parsed.tags
    assert "<script" not in html
    assert html.count("alert(1)") > 8
    assert "".join(parsed.words).count("$title") > 8, "a template inside a value is a text"


@pytest.mark.parametrize(
    "changes",
    [
        {"decision": {}, "evidence": {}, "traffic": {}, "control": {}},
        {"kind": "rehearsal", "outcome": "held", "verdict": "INCONCLUSIVE"},
        {"kind": "switchover", "outcome": "switched_over", "proof": {"proven": True, "writes": 7}},
        {"outcome": "failed", "failure": {"step": "Promote", "error": "E", "cause": "C"}},
        {"evidence": {"confirm": {"error": {"Error": "E", "Cause": None}}, "warm": [1, "a", []]}},
    ],
)
def test_every_kind_of_run_has_a_page(bucket: Bucket, changes: dict[str, Any]) -> None:
    assert "h1" in read(bucket, **changes)[1].tags


def test_a_bucket_that_refuses_is_told(bucket: Bucket) -> None:
    bucket.error = aws_error("AccessDenied")
    with pytest.raises(ReportNotStored, match=r"report\.json: .*AccessDenied"):
        MODULE.lambda_handler(told(), context("report"))
