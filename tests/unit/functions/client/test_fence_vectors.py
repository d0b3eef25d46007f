"""The fence does what docs/fence-vectors.json says that every fence does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pilot_light_client.control_item import ControlItem
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.fence import (
    AnswerTooLate,
    Fence,
    Permit,
    Stamp,
    WriteDecision,
    WriteTooLate,
)
from pilot_light_client.last_resort import LastResort

VECTORS = json.loads((Path(__file__).parents[4] / "docs/fence-vectors.json").read_text("utf-8"))
CASES = VECTORS["cases"]


class Surroundings:
    """The clocks, the table and the last resort of one case, and how often the table was read."""

    def __init__(self, case: dict[str, Any]) -> None:
        given = {**VECTORS["defaults"], **case}
        self.at = Stamp(0, 0)
        self.answers: list[dict[str, Any]] = []
        self.granted: LastResort | None = None
        self.reads, self.ended = 0, False
        self.permits: list[Permit] = []
        self.fence = Fence(
            self.read,
            given["region"],
            fence_seconds=given["fence_seconds"],
            without_quorum=given["without_quorum"],
            last_resort=lambda: self.granted,
            end_last_resort=self.end,
            clock=lambda request: Stamp(self.at.wall, self.at.boot, request),
            sleep=self.wait,
        )

    def wait(self, seconds: float) -> None:
        self.at = Stamp(self.at.wall + seconds, self.at.boot + seconds)

    def read(self) -> ControlItem:
        """Answer as the case says; the last answer is repeated."""
        self.reads += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.wait(answer["after"])
        if "error" in answer:
            raise ControlUnread(answer["error"], answer["error"])
        return ControlItem(**answer["item"])

    def end(self) -> None:
        self.ended = True

    def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.at = Stamp(asked["at"]["wall"], asked["at"]["boot"])
        self.answers, self.reads, self.ended = list(asked["table"]), 0, False
        granted = asked.get("last_resort")
        self.granted = LastResort(2_000_000_000, granted["epoch"], "a person") if granted else None
        self.request = asked["at"]["request"]
        decision, permit = self.fence.decide(forwarded=asked["forwarded"], request=self.request)
        self.permits.append(permit)
        return {**_told(decision), "reads": self.reads, "ends_last_resort": self.ended}

    def check(self, name: str, at: dict[str, Any], of: int | None) -> str:
        self.at = Stamp(at["wall"], at["boot"])
        permit = self.permits[-1 if of is None else of - 1]
        try:
            getattr(permit, name)()
        except (WriteTooLate, AnswerTooLate):
            return "too_late"
        return "ok"


def _told(decision: WriteDecision) -> dict[str, Any]:
    names = ("action", "code", "region", "epoch", "authority")
    return {name: getattr(decision, name) for name in names}


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_vector(case: dict[str, Any]) -> None:
    there = Surroundings(case)
    for step in case["steps"]:
        if "ask" in step:
            found = there.ask(step["ask"])
            expected = {"ends_last_resort": False, **step["expect"]}
            assert {k: found[k] for k in expected} == expected
        for name in ("check_sending", "check_answer"):
            if name in step:
                assert there.check(name, step[name]["at"], step.get("of")) == step["expect"]


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({c["name"] for c in CASES}) == len(CASES)
