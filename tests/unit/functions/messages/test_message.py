"""A message in each form: text for people, JSON for programs, a custom notification for chat."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pilotlight.messages.message import (
    KINDS,
    LONGEST_CHAT_TEXT,
    LONGEST_TEXT,
    Message,
    Sender,
    outage_id,
    publication,
)

from tests.messages import checked

AT = "2026-01-31T12:00:07.000Z"
RUN = "arn:aws:states:us-east-2:123456789012:execution:shop-failover:20260131T120005000Z-1"
FAILED = Message(
    subject="failover FAILED",
    text="The failover failed at Decide.\n\nBoom",
    kind="failed",
    row=KINDS["failover"]["failed"],
    mode="failover",
    execution=RUN,
    outage_id="20260131T120005000Z",
)
PAUSED = Message(
    subject="the automation is paused",
    text="The automation is paused.",
    kind="paused",
    row=KINDS["scheduled_readiness"]["paused"],
    mode="automation",
)
SENDER = Sender("shop", "us-east-2")
CHAT = replace(SENDER, form="Chat")


def forms(message: Message, sender: Sender = SENDER) -> dict[str, str]:
    found: dict[str, str] = json.loads(publication(message, sender, AT)["Message"])
    return found


def chat(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(forms(message, CHAT)["https"])
    return found


def test_programs_get_every_field() -> None:
    attributes = {"event": "failed", "mode": "failover", "severity": "critical"}
    assert checked(forms(FAILED)["sqs"], attributes) == {
        "version": "1",
        "kind": "failed",
        "severity": "critical",
        "app": "shop",
        "region": "us-east-2",
        "mode": "failover",
        "execution": RUN,
        "outage_id": "20260131T120005000Z",
        "text": "The failover failed at Decide.\n\nBoom",
        "what_to_do": KINDS["failover"]["failed"].what_to_do,
        "runbook": "docs/runbook/failed.md",
        "command": f"pilot-light logs {RUN}",
        "at": AT,
    }


def test_the_three_protocols_of_programs_get_the_same() -> None:
    found = forms(FAILED)
    assert found["https"] == found["sqs"] == found["lambda"]
    assert set(found) == {"default", "https", "sqs", "lambda"}


def test_filters_go_by_attributes() -> None:
    found = publication(FAILED, SENDER, AT)
    assert found["MessageStructure"] == "json"
    assert found["MessageAttributes"]["severity"] == {
        "DataType": "String",
        "StringValue": "critical",
    }


def test_people_get_the_text_with_what_to_do_and_the_command() -> None:
    assert forms(FAILED)["default"] == (
        f"The failover failed at Decide.\n\nBoom\n\nWhat to do: {FAILED.row.what_to_do}\n"
        f"Command: pilot-light logs {RUN}\nRunbook: docs/runbook/failed.md\nExecution: {RUN}\n"
    )


def test_a_message_about_no_run_names_none() -> None:
    assert forms(PAUSED)["default"].endswith("\nRunbook: docs/runbook/pause.md\n")
    attributes = {"event": "paused", "mode": "automation", "severity": "warning"}
    assert checked(forms(PAUSED)["lambda"], attributes)["execution"] is None


@pytest.mark.parametrize("message", [FAILED, PAUSED], ids=lambda m: m.kind)
def test_chat_changes_what_https_gets_and_nothing_else(message: Message) -> None:
    plain, for_chat = forms(message), forms(message, CHAT)
    assert {n: t for n, t in for_chat.items() if n != "https"} == {
        n: t for n, t in plain.items() if n != "https"
    }
    found = json.loads(for_chat["https"])
    assert (found["version"], found["source"]) == ("1.0", "custom")
    assert set(found["content"]) == {"textType", "title", "description", "nextSteps", "keywords"}
    assert all(isinstance(v, str) for v in found["metadata"]["additionalContext"].values())


def test_chat_names_the_command_and_keeps_an_outage_in_one_thread() -> None:
    found = chat(FAILED)
    assert found["content"]["title"] == "shop: failover failed (critical)"
    assert found["content"]["nextSteps"] == [
        FAILED.row.what_to_do,
        f"`pilot-light logs {RUN}`",
        "docs/runbook/failed.md",
    ]
    assert found["metadata"]["threadId"] == "shop 20260131T120005000Z"
    assert chat(replace(FAILED, outage_id=None))["metadata"]["threadId"] == f"shop {RUN}"
    assert chat(PAUSED)["metadata"]["threadId"] == "shop paused"


def test_a_long_text_is_cut() -> None:
    long = replace(FAILED, text="x" * 20_000, subject="y" * 200)
    assert len(json.loads(forms(long)["sqs"])["text"]) == LONGEST_TEXT
    assert len(chat(long)["content"]["description"]) == LONGEST_CHAT_TEXT
    assert len(publication(long, SENDER, AT)["Subject"]) == 100, "SNS refuses longer ones"


@pytest.mark.parametrize(
    ("first_failed_at", "found"),
    [("2026-01-31T12:00:05.000Z", "20260131T120005000Z"), ("", None), (None, None), (4711, None)],
)
def test_the_id_of_an_outage_is_what_its_runs_names_begin_with(
    first_failed_at: object, found: str | None
) -> None:
    assert outage_id(first_failed_at) == found
