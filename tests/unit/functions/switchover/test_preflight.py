"""What a preflight sees of two Regions: each question on its own, and of whom it is asked."""

from __future__ import annotations

import dataclasses
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client import http
from pilot_light_client.heartbeat import KEYS, Heartbeat
from pilot_light_client.heartbeat_table import Heartbeats
from pilotlight.sentinel import probes
from pilotlight.switchover.preflight import Preflight

from tests.unit.functions.fakes import (
    ITEMS,
    JOURNAL,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    FakeDynamoDB,
    FakeLambda,
    aws_error,
)

if TYPE_CHECKING:
    from pilotlight.shared.settings import Deployment

both_ways = pytest.mark.parametrize(
    ("source", "target"), [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)]
)


class World:
    """Two Regions that are well, until a test breaks one of them."""

    def __init__(self, known: Deployment) -> None:
        self.known = dataclasses.replace(known, region=SECONDARY)
        self.tables = {r: FakeDynamoDB() for r in (PRIMARY, SECONDARY)}
        self.healths: dict[str, Any] = {
            r: {"status": "healthy", "release": f"release of {r}"} for r in (PRIMARY, SECONDARY)
        }
        self.status = 200
        self.lambdas = {r: FakeLambda({"app:live": self._app}) for r in (PRIMARY, SECONDARY)}
        self.lost: set[str] = set()

    def _app(self, _event: Any) -> dict[str, Any]:
        return {"statusCode": self.status}

    def client(self, region: str, service: str) -> Any:
        if region in self.lost:
            raise aws_error("Unreachable")
        return self.lambdas[region] if service == "lambda" else self.tables[region]

    def request(self, _method: str, url: str, *, timeout: float, **_: Any) -> http.Response:
        assert timeout == 2.0
        region = url.removeprefix("https://").split(".")[0]
        if region in self.lost:
            raise http.Unreachable("refused")
        body = json.dumps(self.healths[region]).encode()
        return http.Response(self.status, body, {}, 0.1)

    def beat(self, of: str, there: str, age: float, keys: int) -> None:
        """Let one Region hold some of the heartbeats of another."""
        at = int((time.time() - age) * 1000)
        replica, beat = self.tables[there], Heartbeat(1, at, "test")
        beats: Any = Heartbeats(replica, JOURNAL)
        beats.beat(of, None, beat)
        beats.copy(beat, of)
        for n in range(keys, KEYS):
            key = {"pk": {"S": f"H#{of}#{n}"}, "sk": {"S": "heartbeat"}}
            replica.delete_item(TableName=JOURNAL, Key=key)

    def preflight(self, source: str = PRIMARY, target: str = SECONDARY) -> Preflight:
        return Preflight(self.known, source, target, self.client, RECOVERIES)


@pytest.fixture
def world(known: Deployment, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(known)
    monkeypatch.setattr(http, "request", found.request)
    monkeypatch.setattr(probes, "read_beacon", lambda name: f"asked of {name}")
    return found


@both_ways
def test_each_region_is_asked_by_its_own_name_for_health_and_release(
    world: World, source: str, target: str
) -> None:
    world.healths[target]["status"] = "unhealthy"
    found = world.preflight(source, target).look()["health"]
    assert found[source] == {"status": 200, "health": "healthy", "release": f"release of {source}"}
    other = {"health": "unhealthy", "release": f"release of {target}"}
    assert found[target] == found[source] | other


@both_ways
def test_it_is_always_the_primary_that_is_probed(world: World, source: str, target: str) -> None:
    assert world.preflight(source, target).look()["beacon"] == "asked of beacon.pilotlight.example"
    world.lost = {SECONDARY}
    assert [p["ok"] for p in world.preflight(source, target).look()["probes"]] == [True] * 3
    world.lost = {PRIMARY}
    assert [p["ok"] for p in world.preflight(source, target).look()["probes"]] == [False] * 3


@pytest.mark.parametrize("body", [[], "healthy", None])
def test_an_answer_that_is_no_object_says_nothing(world: World, body: Any) -> None:
    world.healths[PRIMARY] = body
    found = world.preflight().look()["health"][PRIMARY]
    assert found == {"status": 200, "health": None, "release": None}


@both_ways
def test_the_target_holds_every_heartbeat_of_the_source_and_the_source_the_others_pulse(
    world: World, source: str, target: str
) -> None:
    world.beat(source, target, age=7, keys=KEYS)
    world.beat(target, source, age=40, keys=1)
    found = world.preflight(source, target).look()["replication"]
    assert (found["to_target"]["keys"], found["to_target"]["held"]) == (KEYS, KEYS)
    assert found["to_target"]["age_seconds"] == pytest.approx(7, abs=1)
    assert (found["to_source"]["keys"], found["to_source"]["held"]) == (1, 1)
    assert found["to_source"]["age_seconds"] == pytest.approx(40, abs=1)


def test_a_heartbeat_that_is_not_held_has_no_age(world: World) -> None:
    world.beat(PRIMARY, SECONDARY, age=7, keys=KEYS - 1)
    found = world.preflight().look()["replication"]
    assert found["to_target"] == {"keys": KEYS, "held": KEYS - 1, "age_seconds": None}
    assert found["to_source"] == {"keys": 1, "held": 0, "age_seconds": None}


def test_the_oldest_heartbeat_counts(world: World) -> None:
    world.beat(PRIMARY, SECONDARY, age=3, keys=KEYS)
    late = {"pk": {"S": f"H#{PRIMARY}#5"}, "sk": {"S": "heartbeat"}}
    held = world.tables[SECONDARY].get_item(TableName=JOURNAL, Key=late)["Item"]
    held["written_at"] = {"N": str(int((time.time() - 90) * 1000))}
    world.tables[SECONDARY].put_item(TableName=JOURNAL, Item=held)
    found = world.preflight().look()["replication"]["to_target"]
    assert found["age_seconds"] == pytest.approx(90, abs=1)


def test_witnesses_are_read_where_the_machine_runs(world: World) -> None:
    rows = {"sentinel": {"observed_at": "then"}, "readiness": {"verdict": "ready"}}
    for pk, row in rows.items():
        item = {k: {"S": v} for k, v in {"pk": pk, **row}.items()}
        world.tables[SECONDARY].put_item(TableName=RECOVERIES, Item=item)
    found = world.preflight().look()
    assert (found["sentinel"], found["scheduled"]) == (rows["sentinel"], rows["readiness"])


def test_a_region_that_is_lost_is_an_error_where_it_was_asked_and_nowhere_else(
    world: World,
) -> None:
    world.beat(PRIMARY, SECONDARY, age=7, keys=KEYS)
    world.lost = {PRIMARY}
    found = world.preflight().look()
    assert found["health"][PRIMARY] == {"error": "Unreachable: refused"}
    assert found["health"][SECONDARY]["health"] == "healthy"
    assert "Unreachable" in found["replication"]["to_source"]["error"]
    assert found["replication"]["to_target"]["held"] == KEYS


# --- checks of the target ------------------------------------------------------------------------
@both_ways
def test_the_target_is_tried_in_its_own_region_and_nothing_is_left_behind(
    world: World, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = datetime.now(UTC) + timedelta(days=7, minutes=1)
    certificates = {f"{target}.pilotlight.example": ends}
    monkeypatch.setattr(http, "certificate_end", lambda host, **_: certificates[host])
    checks = {name: run for name, _, run in world.preflight(source, target).target_checks()}
    world.lost = {source}
    assert [checks[name]() for name in ("journal_table", f"table {ITEMS}", "endpoint")] == [
        ("ok", "put, read and deleted a canary"),
        ("ok", "put, read and deleted a canary"),
        ("ok", f"https://{target}.pilotlight.example/health answered 200"),
    ]
    assert world.tables[target].rows(ITEMS) == world.tables[target].rows(JOURNAL) == []
    assert checks["certificate"]() == ("ok", f"ends on {ends:%Y-%m-%d}")


def test_only_the_certificate_is_advisory(world: World) -> None:
    found = world.preflight().target_checks()
    assert [(name, is_required) for name, is_required, _ in found] == [
        ("journal_table", True),
        (f"table {ITEMS}", True),
        ("endpoint", True),
        ("certificate", False),
    ]


# --- after the claim -----------------------------------------------------------------------------
@both_ways
@pytest.mark.parametrize(
    ("change", "shows"),
    [({}, True), ({"epoch": 2}, False), ({"epoch": None}, False), ({"active_region": None}, False)],
)
def test_the_claim_is_handed_over_once_the_source_itself_shows_it(
    world: World, source: str, target: str, change: dict[str, Any], shows: bool
) -> None:
    said = {"active_region": target, "epoch": 3, "state": "claimed", **change}
    world.healths[source] = {**world.healths[source], **said}
    world.lost = {target}
    assert world.preflight(source, target).handed_over(3) == {"shows_claim": shows, **said}


def test_a_source_that_still_shows_itself_as_active_does_not_show_the_claim(world: World) -> None:
    world.healths[PRIMARY] |= {"active_region": PRIMARY, "epoch": 3, "state": "serving"}
    assert world.preflight().handed_over(3)["shows_claim"] is False
    world.healths[PRIMARY] = ["no object"]
    found = world.preflight().handed_over(3)
    assert found == {"shows_claim": False, "active_region": None, "epoch": None, "state": None}
