"""Calls are made side by side, and nothing is awaited longer than a Region's time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.asking.call import Call
from cli.asking.together import Answers, ask, ask_regions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 0.3


def call(name: str, region: str = "here", pages: str | None = None) -> Call:
    return Call(name, region, "svc", name, {}, f"svc:{name}", f"thing/{name}", "it", pages=pages)


class Service:
    """A client whose operations are functions. It stands for all clients."""

    def __init__(self, **operations: Callable[[], Any]) -> None:
        self.operations = operations

    def client(self, _service: str, _region: str) -> Any:
        return self

    def __getattr__(self, name: str) -> Callable[[], Any]:
        return self.operations[name]

    def get_paginator(self, name: str) -> Any:
        class Pages:
            paginate = staticmethod(self.operations[name])

        return Pages()


def hang() -> None:
    threading.Event().wait()


def asked(service: Any, *calls: Call, **more: Any) -> Answers:
    answers = Answers("here")
    ask(service, calls, SECONDS, answers, **more)
    return answers


def test_what_hangs_is_named_and_not_awaited() -> None:
    begun = time.monotonic()
    answers = asked(Service(good=lambda: 1, bad=hang), call("good"), call("bad"))
    assert time.monotonic() - begun < SECONDS + 1
    assert answers.values == {"good": 1}
    assert answers.problems["bad"].kind == "silent"
    assert str(answers.problems["bad"]) == "here: no answer, none within 0.3 s, to read it."
    assert not answers.silent, "one call was answered"


def test_a_call_that_hangs_does_not_delay_those_that_follow_from_another() -> None:
    service = Service(needed=lambda: 2, bad=hang, next=lambda: 3)

    def then(known: Answers) -> list[Call]:
        assert known.values == {"needed": 2}
        return [call("next")]

    answers = asked(service, call("needed"), call("bad"), then=then, needs=["needed"])
    assert answers.values == {"needed": 2, "next": 3}


def test_pages_that_came_before_the_time_was_up_are_kept_and_said_to_be_a_part() -> None:
    def pages() -> Iterator[Any]:
        yield {"Items": [1, 2]}
        hang()

    answers = asked(Service(read=pages), call("read", pages="Items"))
    assert answers.values["read"] == {"Items": [1, 2]}
    assert answers.problems["read"].kind == "silent"


def test_all_pages_are_one_list() -> None:
    answers = asked(
        Service(read=lambda: [{"Items": [1]}, {}, {"Items": [2]}]), call("read", pages="Items")
    )
    assert answers.values["read"] == {"Items": [1, 2]}
    assert not answers.problems


def test_a_region_that_hangs_does_not_delay_the_other() -> None:
    class Two:
        def client(self, _service: str, region: str) -> Any:
            return Service(read=hang if region == "there" else lambda: "well")

    begun = time.monotonic()
    calls = {region: [call("read", region)] for region in ("here", "there")}
    answers = ask_regions(Two(), calls, SECONDS)  # type: ignore[arg-type]
    assert time.monotonic() - begun < SECONDS + 1
    assert answers["here"].values == {"read": "well"}
    assert answers["here"].seconds < SECONDS
    assert answers["there"].silent


def test_an_error_of_aws_is_a_problem_with_the_permission_that_the_call_needs() -> None:
    def denied() -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Read")

    answers = asked(Service(read=denied), call("read"))
    problem = answers.problems["read"]
    assert (problem.kind, problem.permission) == ("denied", "svc:read")
    assert str(problem) == "here: permission svc:read on thing/read is missing, to read it."
