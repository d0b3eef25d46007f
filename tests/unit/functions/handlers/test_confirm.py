"""Confirm: three probes of the Primary's own name, and the beacon's word."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import http
from pilotlight.control import assembly
from pilotlight.failover import confirmation, primary_check
from pilotlight.sentinel import probes
from pilotlight.sentinel.item import SentinelItem

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    FakeDynamoDB,
    aws_error,
    control_item,
)

MODULE: Any = load_handler("confirm")


@pytest.fixture
def world(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {
        "beacon": "unhealthy",
        "answers": [],
        "asked": [],
        "beacons": 0,
        "turns_after": float("inf"),
        "back_after": float("inf"),
    }

    def request(method: str, url: str, timeout: float, headers: Any) -> http.Response:
        assert headers == {"Connection": "close"}, "a connection of before proves nothing"
        found["asked"].append((method, url, timeout))
        back = len(found["asked"]) > found["back_after"]
        answers = [200] if back else found["answers"]
        answer = answers[len(found["asked"]) % len(answers)]
        if isinstance(answer, Exception):
            raise answer
        return http.Response(answer, b"", {}, 0.12345)

    def beacon(name: str) -> str:
        found["beacon_name"] = name
        found["beacons"] += 1
        return "unhealthy" if found["beacons"] > found["turns_after"] else found["beacon"]

    class Time:
        """A clock that only sleeping moves."""

        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds

    found["clock"] = Time()
    monkeypatch.setattr(primary_check, "time", found["clock"])
    monkeypatch.setattr(http, "request", request)
    monkeypatch.setattr(probes, "read_beacon", beacon)
    for module in (primary_check, assembly):
        monkeypatch.setattr(module, "best_effort_client", lambda: fake)
    monkeypatch.setattr(MODULE, "SENTINEL", SentinelItem(fake, RECOVERIES))
    return found


@pytest.fixture
def quorum(world: dict[str, Any], fake: FakeDynamoDB) -> FakeDynamoDB:
    """A Primary whose probes fail, a beacon that stays healthy, and a pulse that stands still."""
    world["answers"], world["beacon"] = [DEAD], "healthy"
    since = {"S": (datetime.now(UTC) - timedelta(seconds=40)).isoformat()}
    fake.put_item(CONTROL, control_item(PRIMARY))
    fake.put_item(CONTROL, {"pk": {"S": "pulse"}, "beat": {"N": "7"}})
    kept = {"pulse_beat": {"N": "7"}, "pulse_still_since": since, "observed_at": since}
    fake.put_item(RECOVERIES, {"pk": {"S": "sentinel"}, **kept})
    return fake


def confirm() -> dict[str, Any]:
    return MODULE.lambda_handler({}, context("confirm"))


DEAD = http.Unreachable("NewConnectionError: refused")


@pytest.mark.parametrize(
    ("answers", "beacon", "verdict"),
    [
        ([DEAD], "unhealthy", "outage"),
        ([503], "unhealthy", "outage"),
        ([301], "unhealthy", "outage"),
        ([204], "unhealthy", "outage"),
        ([200], "healthy", "healthy"),
        ([200], "unhealthy", "unclear"),
        ([DEAD], "healthy", "unclear"),
        ([DEAD], "unknown", "unclear"),
        ([200, DEAD, DEAD], "unhealthy", "unclear"),
        ([200, 503, 200], "healthy", "unclear"),
    ],
)
def test_the_verdict_follows_from_the_probes_and_the_beacon(
    world: dict[str, Any], answers: list[Any], beacon: str, verdict: str
) -> None:
    world["answers"], world["beacon"] = answers, beacon
    assert confirm()["verdict"] == verdict


def test_it_asks_the_names_that_only_the_primary_has(world: dict[str, Any]) -> None:
    world["answers"] = [200]
    confirm()
    url = f"https://{PRIMARY}.pilotlight.example/health"
    assert world["asked"] == [("GET", url, confirmation.TIMEOUT)] * confirmation.PROBES
    assert world["beacon_name"] == "beacon.pilotlight.example"


def test_a_probe_that_got_no_answer_says_why(world: dict[str, Any]) -> None:
    world["answers"] = [DEAD]
    probe = confirm()["probes"][0]
    assert (probe["ok"], probe["status"]) == (False, None)
    assert probe["error"] == "NewConnectionError: refused"
    assert 0 <= probe["seconds"] < 5
    assert probe["at"].endswith("Z")


@pytest.mark.parametrize(("status", "ok"), [(200, True), (201, False), (302, False), (500, False)])
def test_anything_but_200_is_a_failed_probe(world: dict[str, Any], status: int, ok: bool) -> None:
    world["answers"] = [status]
    probe = confirm()["probes"][0]
    assert (probe["ok"], probe["status"], probe["error"]) == (ok, status, None)
    assert probe["seconds"] == 0.123


@pytest.mark.parametrize("before", ["healthy", "unknown"])
def test_a_beacon_that_turns_a_little_later_is_waited_for(
    world: dict[str, Any], before: str
) -> None:
    world["answers"], world["beacon"], world["turns_after"] = [DEAD], before, 4
    found = confirm()
    assert (found["verdict"], found["beacon"]) == ("outage", "unhealthy")
    assert world["clock"].now == 4 * confirmation.READ_SECONDS, "not a moment longer"
    assert len(found["probes"]) == confirmation.PROBES


def test_probes_that_get_no_answer_do_not_hold_up_a_beacon_that_turned(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    world["answers"], world["beacon"], world["turns_after"] = [DEAD], "healthy", 2
    request = http.request

    def silent(*given: Any, **more: Any) -> http.Response:
        if world["beacons"] > 1:
            answered.wait(10)
        return request(*given, **more)

    monkeypatch.setattr(http, "request", silent)
    begun = time.monotonic()
    assert confirm()["verdict"] == "outage"
    assert time.monotonic() - begun < 5
    answered.set()


def test_a_primary_that_is_back_while_the_beacon_is_waited_for_is_no_outage(
    world: dict[str, Any],
) -> None:
    world["answers"], world["beacon"], world["turns_after"] = [DEAD], "healthy", 10_000
    world["back_after"] = confirmation.PROBES
    found = confirm()
    assert found["verdict"] == "unclear"
    assert any(probe["ok"] for probe in found["probes"])


def test_a_beacon_that_stays_healthy_is_waited_for_within_the_function_s_time(
    world: dict[str, Any],
) -> None:
    world["answers"], world["beacon"] = [DEAD], "healthy"
    assert confirm()["verdict"] == "unclear"
    assert world["clock"].now == confirmation.FOLLOW_SECONDS


@pytest.mark.parametrize(
    ("answers", "beacon"),
    [([200], "healthy"), ([200, DEAD, DEAD], "healthy"), ([DEAD], "unhealthy")],
)
def test_nothing_is_waited_for_that_would_change_no_verdict(
    world: dict[str, Any], answers: list[Any], beacon: str
) -> None:
    world["answers"], world["beacon"] = answers, beacon
    confirm()
    assert world["clock"].now == 0


# --- the pulse -----------------------------------------------------------------------------------
def test_a_primary_that_is_cut_off_from_the_quorum_is_an_outage_although_users_reach_it(
    world: dict[str, Any], quorum: FakeDynamoDB
) -> None:
    found = confirm()
    assert (found["verdict"], found["beacon"]) == ("outage", "healthy")
    assert (found["pulse"]["still"], found["pulse"]["seconds"] >= 40) == (True, True)
    assert world["clock"].now == 0, "the beacon is not waited for"
    reads = [given for given in quorum.asked("get_item") if given["TableName"] == CONTROL]
    assert [given["ConsistentRead"] for given in reads] == [True, True]


def moves(quorum: FakeDynamoDB) -> None:
    quorum.put_item(CONTROL, {"pk": {"S": "pulse"}, "beat": {"N": "8"}})


def is_elsewhere(quorum: FakeDynamoDB) -> None:
    quorum.put_item(CONTROL, control_item(SECONDARY, 2))


def is_silent(quorum: FakeDynamoDB) -> None:
    quorum.failing["get_item"] = aws_error("InternalServerError")


def is_forgotten(quorum: FakeDynamoDB) -> None:
    quorum.delete_item(RECOVERIES, {"pk": {"S": "sentinel"}})


def has_no_item(quorum: FakeDynamoDB) -> None:
    quorum.delete_item(CONTROL, {"pk": {"S": "control"}})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (moves, "The pulse moves."),
        (is_forgotten, "The pulse moves."),
        (is_elsewhere, "The Primary is not active."),
        (is_silent, "The pulse was not read"),
        (has_no_item, "The pulse was not read"),
    ],
)
def test_a_pulse_that_moves_or_is_not_read_stands_in_for_nothing(
    quorum: FakeDynamoDB, change: Any, told: str
) -> None:
    change(quorum)
    found = confirm()
    assert (found["verdict"], found["pulse"]["still"]) == ("unclear", False)
    assert told in found["pulse"]["detail"]
