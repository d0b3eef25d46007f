"""What a message says, and the form in which each kind of subscriber gets it.

The state machines build the same by the template's JSONata; a test compares both.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Form = Literal["Json", "Chat"]
VERSION = "1"
# A message is sent four times over in one publication, of which SNS takes 256 KB.
LONGEST_TEXT = 8_000
# Chat clients cut or refuse what is much longer.
LONGEST_CHAT_TEXT = 3_000


@dataclass(frozen=True)
class Kind:
    """One row of kinds.json: what a message of this kind asks of people."""

    severity: str
    what_to_do: str
    runbook: str
    command: str


# By who sends it, and kind.
KINDS: dict[str, dict[str, Kind]] = {
    sender: {name: Kind(**row) for name, row in kinds.items()}
    for sender, kinds in json.loads(
        Path(__file__).with_name("kinds.json").read_text(encoding="utf-8")
    ).items()
}


@dataclass(frozen=True)
class Sender:
    """The deployment that sends, its Region, and the form that https subscribers get."""

    app: str
    region: str
    form: Form = "Json"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message: a subject without the product's name, a text, and what filters go by."""

    subject: str
    text: str
    kind: str
    row: Kind
    mode: str
    execution: str | None = None
    outage_id: str | None = None


def outage_id(first_failed_at: object) -> str | None:
    """Return the id of the outage whose first probe failed then, or None if there is none."""
    found = "".join(c for c in str(first_failed_at) if c.isascii() and c.isalnum())
    return found or None if isinstance(first_failed_at, str) else None


def publication(message: Message, sender: Sender, at: str) -> dict[str, Any]:
    """Return the arguments of SNS's Publish, but the topic."""
    fields = _fields(message, sender, at)
    data = _json(fields)
    forms = {
        "default": _plain(fields),
        "https": data if sender.form == "Json" else _json(_chat(fields)),
        "sqs": data,
        "lambda": data,
    }
    attributes = {"event": message.kind, "mode": message.mode, "severity": message.row.severity}
    return {
        "Subject": f"Pilot Light: {message.subject}"[:100],
        "MessageStructure": "json",
        "Message": _json(forms),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }


def _json(value: dict[str, Any]) -> str:
    """Return JSON that takes no more bytes than it has to."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fields(message: Message, sender: Sender, at: str) -> dict[str, Any]:
    """Return what message.schema.json describes."""
    row = asdict(message.row)
    return row | {
        "version": VERSION,
        "kind": message.kind,
        "app": sender.app,
        "region": sender.region,
        "mode": message.mode,
        "execution": message.execution,
        "outage_id": message.outage_id,
        "text": message.text[:LONGEST_TEXT],
        "command": message.row.command.replace("<execution>", message.execution or "<execution>"),
        "at": at,
    }


def _plain(fields: dict[str, Any]) -> str:
    execution = f"\nExecution: {fields['execution']}" if fields["execution"] else ""
    return (
        f"{fields['text']}\n\nWhat to do: {fields['what_to_do']}\nCommand: {fields['command']}"
        f"\nRunbook: {fields['runbook']}{execution}\n"
    )


def _chat(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a custom notification of Amazon Q Developer in chat applications.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    words = fields["kind"].replace("_", " ")
    title = f"{fields['app']}: {fields['mode']} {words} ({fields['severity']})"
    names = ("severity", "region", "runbook", "command", "at")
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": fields["text"][:LONGEST_CHAT_TEXT],
            "nextSteps": [fields["what_to_do"], f"`{fields['command']}`", fields["runbook"]],
            "keywords": [fields["severity"], fields["mode"], fields["kind"]],
        },
        "metadata": {
            "threadId": f"{fields['app']} {fields['outage_id'] or fields['execution'] or words}",
            "summary": title,
            "eventType": fields["kind"],
            "relatedResources": [fields["execution"]] if fields["execution"] else [],
            "additionalContext": {name: fields[name] for name in names}
            | {"outage_id": fields["outage_id"] or ""},
        },
    }
