"""The lab's page: what it shows, what it says of a silent Region, and that it only reads."""

from __future__ import annotations

import io
import json
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from lab.engine.proxy import page as page_module
from lab.engine.proxy.page import CHANGES_SHOWN, HTML, POLICY, Page, Poll, in_plain_words
from tests.unit.functions.reporting.overview_facts import FAILED_OVER, NOW, PAIR, overview
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS = overview(FAILED_OVER, PAIR, NOW)


class World:
    """A lab whose parts say what a test lets them say."""

    def __init__(self) -> None:
        self.lost: dict[str, Any] = {}
        self.leads_to: str | None = PRIMARY
        self.stalled = 0.0
        self.tables: dict[str, Any] = {
            "pilot-light-control-quorum": {
                "witness": "us-east-1",
                "regions": {
                    PRIMARY: {"strong_calls": "InternalServerError"},
                    SECONDARY: {"strong_calls": "answers"},
                },
            }
        }
        self.changes: list[dict[str, Any]] = []
        self.invoke: Callable[..., Any] = lambda **_: self.answer(FACTS)
        self.asked: list[tuple[str, str]] = []
        self.invoked: list[dict[str, Any]] = []
        actions: dict[str, Callable[..., Any]] = {
            "state": lambda: {
                "speed": 1.0,
                "lost": self.lost,
                "outages": ["region"] if self.lost else [],
                "cut_off": [],
            },
            "dns": self._dns,
            "health": lambda: [{"name": "pilot-light-off", "healthy": True, "checkers": 6}],
            "transitions": lambda: self.changes,
            "quorum": lambda: {"stalled_seconds": self.stalled, "tables": self.tables},
        }
        self.page = Page(CONFIG, actions, self._client)

    @staticmethod
    def answer(payload: Any, **more: Any) -> dict[str, Any]:
        return {"Payload": io.BytesIO(json.dumps(payload).encode()), **more}

    def _dns(self, name: str) -> list[dict[str, Any]]:
        assert name == CONFIG.public_name
        return [{"value": CONFIG.addresses[self.leads_to]}] if self.leads_to else []

    def _client(self, service: str, region: str) -> Any:
        self.asked.append((service, region))

        def invoke(**given: Any) -> Any:
            self.invoked.append(given)
            return self.invoke(**given)

        return Anything(invoke=invoke)

    def state(self, until: str = "facts") -> Any:
        """What the page shows once the background has told what is waited for."""
        assert eventually(lambda: self.page.state()[until])
        return json.loads(self.page.answer("/state.json")[2])


@pytest.fixture
def world() -> World:
    return World()


def test_the_page_shows_what_the_overview_tells_of_the_secondary_s_region(world: World) -> None:
    state = world.state()
    assert state["facts"] == FACTS
    assert state["facts_error"] is None and state["facts_at"]
    assert {region for _, region in world.asked} == {SECONDARY}
    (given, *_) = world.invoked
    assert (given["FunctionName"], given["Qualifier"]) == ("pilot-light-overview", "live")
    assert json.loads(given["Payload"]) == {"view": "facts"}


def test_the_page_shows_what_only_the_lab_knows(world: World) -> None:
    world.lost = {PRIMARY: {"mode": "region", "style": "reset", "services": []}}
    world.leads_to = SECONDARY
    state = world.state()
    assert (state["outages"], state["lost"]) == (["region"], {PRIMARY: "region"})
    assert state["leads_to"] == SECONDARY
    assert state["health_checks"] == [{"name": "pilot-light-off", "healthy": True}]
    assert state["application_url"] == f"http://127.0.0.1:{CONFIG.browser_port}/"
    world.leads_to = None
    assert world.page.state()["leads_to"] is None


def test_the_page_shows_who_has_a_quorum_and_which_region_is_the_witness(world: World) -> None:
    quorum = world.page.state()["quorum"]
    assert (quorum["witness_region"], quorum["witness_lost"]) == ("us-east-1", False)
    assert quorum["strong_calls"] == {PRIMARY: "InternalServerError", SECONDARY: "answers"}
    world.lost, world.stalled = {"us-east-1": {"mode": "region"}}, 1.5
    quorum = world.page.state()["quorum"]
    assert quorum["witness_lost"]
    assert quorum["strong_calls"] == {PRIMARY: "silent", SECONDARY: "silent"}


def test_before_there_is_a_control_table_its_witness_is_the_one_of_the_lab(world: World) -> None:
    world.tables = {}
    quorum = world.page.state()["quorum"]
    assert quorum == {
        "witness_region": CONFIG.witness_region,
        "witness_lost": False,
        "strong_calls": {},
    }


def test_a_claimed_region_and_the_revision_are_shown_by_the_page() -> None:
    source = HTML.read_text(encoding="utf-8")
    assert "claimed, waits out the lease" in source
    assert "revision ${control.revision" in source
    assert '"Witness"' in source


def test_a_region_that_does_not_answer_is_told_and_the_last_facts_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.state()

    def lost(**_: Any) -> Any:
        raise ConnectionClosedError(endpoint_url="http://127.0.0.1")

    world.invoke = lost
    world.page._facts._every = 0
    state = world.state(until="facts_error")
    assert state["facts_error"] == "It does not answer (ConnectionClosedError)."
    assert state["facts"] == FACTS


def test_a_region_that_hangs_holds_up_nothing_and_is_asked_by_one_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def hang(**_: Any) -> Any:
        released.wait(20)
        return world.answer(FACTS)

    world.invoke = hang
    world.page._facts._every = 0
    try:
        for _ in range(5):
            assert world.page.state()["facts"] is None
        assert eventually(lambda: world.invoked)
        assert len(world.invoked) == 1
        monkeypatch.setattr(page_module, "PATIENCE", 0)
        assert "has not answered" in world.page.state()["facts_error"]
    finally:
        released.set()


def test_an_overview_that_fails_is_told_by_its_error(world: World) -> None:
    world.invoke = lambda **_: world.answer({"errorMessage": "boom"}, FunctionError="Unhandled")
    assert world.state(until="facts_error")["facts_error"] == "The overview function failed: boom"


def test_before_it_is_deployed_the_page_says_so() -> None:
    error = ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Invoke")
    assert in_plain_words(error) == "The deployment is not there yet."
    other = ClientError({"Error": {"Code": "ServiceUnavailable"}}, "Invoke")
    assert in_plain_words(other) == "It refuses: ServiceUnavailable."


def test_an_answer_is_asked_for_again_when_its_time_has_come() -> None:
    answers = iter([1, 2, 3])
    poll = Poll(lambda: next(answers), every=3600)
    assert eventually(lambda: poll.latest()["answer"] == 1)
    assert poll.latest()["answer"] == 1
    poll._every = 0
    assert eventually(lambda: poll.latest()["answer"] == 2)


def test_only_the_latest_changes_are_shown(world: World) -> None:
    world.changes = [{"at": i, "what": "alarm", "state": "OK"} for i in range(100)]
    shown = world.page.state()["changes"]
    assert [c["at"] for c in shown] == list(range(100 - CHANGES_SHOWN, 100))


def test_there_are_a_page_and_its_state_and_nothing_else(world: World) -> None:
    status, kind, body = world.page.answer("/")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert body == HTML.read_bytes()
    assert world.page.answer("/state.json")[1] == "application/json"
    assert world.page.answer("/etc/passwd")[0] == 404


# --- the file -------------------------------------------------------------------------------------
def test_the_page_is_one_file_that_asks_nobody_else() -> None:
    text = HTML.read_text()
    assert not re.search(r"https?://|//cdn|<link(?! rel=\"icon\")|<img|@import|src=", text)
    assert "default-src 'none'" in POLICY and "connect-src 'self'" in POLICY


def test_the_page_never_takes_text_for_html() -> None:
    text = HTML.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_the_page_has_a_title_for_every_fact() -> None:
    titles = re.search(r"const TITLES = \{(.*?)\};", HTML.read_text(), re.S)
    assert titles
    assert set(FACTS["facts"]) <= set(re.findall(r"(\w+): \"", titles[1]))


def test_every_element_that_the_page_fills_is_there() -> None:
    text = HTML.read_text()
    wanted = set(re.findall(r"(?:by|fill|say)\(\"([a-z-]+)\"", text))
    assert len(wanted) >= 12
    assert wanted <= set(re.findall(r"\bid=\"([a-z-]+)\"", text))
