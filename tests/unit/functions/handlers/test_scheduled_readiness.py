"""Scheduled readiness: what is looked at, what is stored, and that nothing waits for ever."""

from __future__ import annotations

import io
import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pilot_light_client import heartbeat, http, ulid
from pilot_light_client.heartbeat_table import Heartbeats
from pilot_light_client.timestamps import now
from pilotlight.control.table import ControlTable
from pilotlight.hooks.hook import read_hooks
from pilotlight.readiness import checks

from tests.handlers import context, load_handler
from tests.messages import checked
from tests.unit.functions.fakes import (
    CONTROL,
    JOURNAL,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    aws_error,
    control_item,
)

MODULE: Any = load_handler("scheduled_readiness")
PUBLIC_HEALTH = "https://app.pilotlight.example/health"
REQUIRED = {
    "automation",
    "table pilot-light-journal",
    "table pilot-light-app-items",
    "control_table",
    "control_item",
    "recoveries_table",
    "functions",
    "recovery_functions",
    "concurrency_quota",
    "certificate",
    "public_name",
    "notification_key",
    "bucket_replication",
}
ADVISORY = {
    "control_witness",
    "subscribers",
    "concurrency_parity",
    "api_quota_parity",
    "release_parity",
    "backup_copies",
    "primary_bucket_replication",
    "primary_heartbeats",
    "last_rehearsal",
    "rto_forecast",
    "journal_compared",
}


FORECAST = {"reads": {"p50": 31, "p99": 42}, "writes": {"p50": 32, "p99": 45}}


def rules(bucket: str) -> dict[str, Any]:
    rule = {"Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"}}
    return {"ReplicationConfiguration": {"Rules": [rule]}}


def pong(answer: Any, **more: str) -> dict[str, Any]:
    return {"Payload": io.BytesIO(json.dumps(answer).encode()), **more}


class World:
    """Two Regions in which everything is well, until a test breaks it."""

    def __init__(self, recoveries: Any) -> None:
        self.answers: dict[str, Any] = {
            "describe_table": {
                "Table": {
                    "TableStatus": "ACTIVE",
                    "Replicas": [{"RegionName": PRIMARY, "ReplicaStatus": "ACTIVE"}],
                    "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"},
                    ],
                    "AttributeDefinitions": [
                        {"AttributeName": "pk", "AttributeType": "S"},
                        {"AttributeName": "sk", "AttributeType": "S"},
                    ],
                    "MultiRegionConsistency": "STRONG",
                    "GlobalTableWitnesses": [
                        {"RegionName": "us-east-1", "WitnessStatus": "ACTIVE"}
                    ],
                }
            },
            "get_function_configuration": {"State": "Active", "LastUpdateStatus": "Successful"},
            "get_account_settings": {
                "AccountLimit": {
                    "ConcurrentExecutions": 1000,
                    "UnreservedConcurrentExecutions": 1000,
                }
            },
            "invoke": lambda: pong({"environment": "e1"}),
            "get_service_quota": {"Quota": {"Value": 10000.0}},
            "generate_data_key": {"Plaintext": b"key"},
            "list_subscriptions_by_topic": {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:"}]},
            "get_item": {
                "Item": {
                    "verdict": {"S": "PASS"},
                    "at": {"S": "2026-01-01T00:00:00Z"},
                    "last_pass_at": {"S": (datetime.now(UTC) - timedelta(days=7)).isoformat()},
                    "watermark": {"S": ulid.new()},
                    "forecast": {"S": json.dumps(FORECAST)},
                }
            },
            "list_recovery_points_by_backup_vault": {
                "RecoveryPoints": [{"CreationDate": datetime.now(UTC) - timedelta(hours=3)}]
            },
        }
        self.asked: list[tuple[str, str]] = []
        self.public_answer: Any = (200, {"region": SECONDARY})
        self.releases = {PRIMARY: "r1", SECONDARY: "r1"}
        self.stored: dict[str, Any] = {}
        self.control: dict[str, Any] | None = control_item(PRIMARY, 1, changed_at=now())
        self.written_ago = 5.0
        self.recoveries = recoveries
        self.told: list[dict[str, Any]] = []
        self.refuses = False

    def client(self, region: str, service: str) -> Any:
        def call(operation: str) -> Any:
            def answer(**given: Any) -> Any:
                self.asked.append((region, f"{service}:{operation}"))
                if operation == "get_bucket_replication":
                    assert given["Bucket"].endswith(region)
                    other = PRIMARY if given["Bucket"].endswith(SECONDARY) else SECONDARY
                    return rules(f"pilot-light-123456789012-{other}")
                found = self.answers[operation]
                if isinstance(found, Exception):
                    raise found
                return found() if callable(found) else found

            return answer

        class Client:
            def __getattr__(self, operation: str) -> Any:
                return call(operation)

        return Client()

    def dynamodb(self) -> Any:
        return SimpleNamespace(
            get_item=self.read_control,
            batch_get_item=self.heartbeats,
            put_item=lambda TableName, Item: self.stored.update({TableName: Item}),
            update_item=self.recoveries.update_item,
        )

    def publish(self, **message: Any) -> None:
        if self.refuses:
            raise aws_error("KMSDisabledException")
        self.told.append(message)

    def read_control(self, ConsistentRead: bool, **_: Any) -> dict[str, Any]:
        assert ConsistentRead
        return {"Item": self.control} if self.control else {}

    def heartbeats(self, **_: Any) -> dict[str, Any]:
        at = int((time.time() - self.written_ago) * 1000)
        beat = heartbeat.attributes(heartbeat.Heartbeat(1, at, "check"))
        rows = [{**heartbeat.key(PRIMARY, n), **beat} for n in range(heartbeat.KEYS)]
        return {"Responses": {JOURNAL: rows}}

    def request(self, _method: str, url: str, at: str = "", **_: Any) -> http.Response:
        if at:
            assert (url, at) == (PUBLIC_HEALTH, f"origin-{SECONDARY}.pilotlight.example")
            if isinstance(self.public_answer, Exception):
                raise self.public_answer
            status, body = self.public_answer
            return http.Response(status, json.dumps(body).encode(), {}, 0.1)
        release = next(r for region, r in self.releases.items() if f"//{region}." in url)
        return http.Response(200, json.dumps({"release": release}).encode(), {}, 0.1)

    def look(self) -> tuple[str, dict[str, str]]:
        """Return the verdict, and the state of everything that is not well."""
        found = MODULE.lambda_handler({}, context("scheduled-readiness"))
        return found["verdict"], {
            c["name"]: c["state"] for c in found["checks"] if c["state"] != "ok"
        }


def inspect(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setattr(MODULE, "INSPECTOR", replace(MODULE.INSPECTOR, **changes))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, moto_client: Any) -> World:
    moto_client.delete_item(TableName=RECOVERIES, Key={"pk": {"S": "sentinel"}})
    found = World(moto_client)
    monkeypatch.setattr(MODULE, "DYNAMODB", found.dynamodb())
    monkeypatch.setattr(MODULE, "SNS", found)
    inspect(
        monkeypatch,
        client=found.client,
        control=ControlTable(found.dynamodb(), CONTROL),
        heartbeats=Heartbeats(found.dynamodb(), JOURNAL),
    )
    monkeypatch.setattr(http, "request", found.request)
    end = datetime.now(UTC) + timedelta(days=60)
    monkeypatch.setattr(http, "certificate_end", lambda _host, timeout: end)
    return found


def test_a_well_secondary_is_ready_and_its_verdict_is_stored(world: World) -> None:
    assert world.look() == ("ready", {})
    item = world.stored[RECOVERIES]
    assert (item["pk"], item["verdict"]) == ({"S": "readiness"}, {"S": "ready"})
    assert item["findings"]["S"] == ""
    assert len(json.loads(item["checks"]["S"])) == len(REQUIRED | ADVISORY)


def test_what_is_required_and_what_is_advisory_is_as_documented(world: World) -> None:
    found = MODULE.lambda_handler({}, context("scheduled-readiness"))["checks"]
    assert {c["name"] for c in found if c["required"]} == REQUIRED
    assert {c["name"] for c in found if not c["required"]} == ADVISORY


def test_nothing_that_is_required_asks_the_other_region(world: World) -> None:
    """A lost Primary may not make the Secondary look unready."""
    world.look()
    elsewhere = {call for region, call in world.asked if region != SECONDARY}
    assert elsewhere == {
        "lambda:get_account_settings",
        "service-quotas:get_service_quota",
        "s3:get_bucket_replication",
    }


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        (
            "describe_table",
            {
                "table pilot-light-journal",
                "table pilot-light-app-items",
                "control_table",
                "control_witness",
                "recoveries_table",
            },
        ),
        ("get_function_configuration", {"functions"}),
        ("invoke", {"recovery_functions"}),
        ("generate_data_key", {"notification_key"}),
        ("get_account_settings", {"concurrency_quota", "concurrency_parity"}),
    ],
)
def test_what_is_required_and_not_answered_is_unknown_and_not_ready(
    world: World, operation: str, names: set[str]
) -> None:
    world.answers[operation] = aws_error("AccessDeniedException")
    assert world.look() == ("not_ready", dict.fromkeys(names, "unknown"))


@pytest.mark.parametrize(
    "answer",
    [
        lambda: pong({"errorType": "ImportError", "errorMessage": "-"}, FunctionError="Unhandled"),
        lambda: pong({"hello": "world"}),
    ],
    ids=["it raises", "it does not know pings"],
)
def test_a_function_of_the_recovery_path_that_does_not_run_is_found_before_a_disaster(
    world: World, answer: Any
) -> None:
    world.answers["invoke"] = answer
    assert world.look() == ("not_ready", {"recovery_functions": "failed"})


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"ok": True}, "ready"),
        ({"ok": False, "error": "no alias. Deploy it"}, "not_ready"),
        ({}, "not_ready"),
    ],
)
def test_a_hook_that_is_not_there_is_found_before_a_disaster(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], verdict: str
) -> None:
    hooks = read_hooks("shop-ready:live required,shop-pause:live,,")
    inspect(monkeypatch, hooks=hooks)
    world.answers["invoke"] = lambda: pong({"environment": "e1", **answer})
    found, failed = world.look()
    assert found == verdict
    named = {"hook ready", "hook before_claim"}
    assert named & set(failed) == (set() if verdict == "ready" else named)
    if answer.get("error"):
        told = MODULE.lambda_handler({}, context("scheduled-readiness"))["findings"]
        assert "hook ready failed: shop-ready:live: no alias. Deploy it" in told


def test_a_hook_that_is_not_required_makes_nothing_unready(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect(monkeypatch, hooks=read_hooks(",,shop-resume:live,"))
    world.answers["invoke"] = lambda: pong({"environment": "e1", "ok": False, "error": "no alias"})
    assert world.look() == ("ready", {"hook after_claim": "failed"})


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("get_service_quota", "api_quota_parity"),
        ("list_subscriptions_by_topic", "subscribers"),
        ("list_recovery_points_by_backup_vault", "backup_copies"),
    ],
)
def test_what_is_advisory_and_not_answered_is_told(world: World, operation: str, name: str) -> None:
    world.answers[operation] = aws_error("AccessDeniedException")
    assert world.look() == ("ready", {name: "unknown"})


@pytest.mark.parametrize("state", ["claimed", "draining"])
def test_a_control_item_that_a_run_left_behind_is_found(world: World, state: str) -> None:
    world.control = control_item(PRIMARY, 2, state)
    assert world.look() == ("not_ready", {"control_item": "failed"})


def test_a_missing_control_item_makes_the_secondary_unready(world: World) -> None:
    """Nobody can say either whether the Primary should write heartbeats."""
    world.control = None
    unknown = dict.fromkeys(("control_item", "primary_heartbeats", "journal_compared"), "unknown")
    assert world.look() == ("not_ready", unknown)


def test_a_control_table_that_is_not_strong_makes_the_secondary_unready(world: World) -> None:
    world.answers["describe_table"]["Table"]["MultiRegionConsistency"] = "EVENTUAL"
    assert world.look() == ("not_ready", {"control_table": "failed"})


def test_a_witness_in_another_region_than_the_template_says_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect(monkeypatch, witness_region="eu-west-1")
    assert world.look() == ("ready", {"control_witness": "failed"})


@pytest.mark.parametrize("written_ago", [121.0, -5.0])
def test_heartbeats_that_are_old_or_from_the_future_are_told(
    world: World, written_ago: float
) -> None:
    world.written_ago = written_ago
    assert world.look() == ("ready", {"primary_heartbeats": "failed"})
    world.control = control_item(SECONDARY, 2)
    assert world.look() == ("ready", {})


def test_a_rehearsal_that_passed_too_long_ago_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect(monkeypatch, rehearsal_max_age=timedelta(days=6))
    assert world.look() == ("ready", {"last_rehearsal": "failed"})


def test_that_no_rehearsal_ever_ended_is_told(world: World) -> None:
    world.answers["get_item"] = {}
    expected = {"last_rehearsal": "failed", "rto_forecast": "unknown"}
    assert world.look() == ("ready", expected)


def test_a_forecast_that_misses_the_target_is_told_and_the_secondary_is_ready_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect(monkeypatch, rto_target=44.0)
    assert world.look() == ("ready", {"rto_forecast": "failed"})
    assert "The p99 of writes misses the target" in world.stored[RECOVERIES]["findings"]["S"]


def test_a_journal_that_is_not_compared_is_told_weeks_before_its_entries_expire(
    world: World,
) -> None:
    world.answers["get_item"]["Item"]["watermark"] = {"S": ulid.new(time.time() - 7 * 3600)}
    assert world.look() == ("ready", {"journal_compared": "failed"})


def test_an_application_without_a_journal_is_not_asked_for_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect(monkeypatch, deployment=replace(MODULE.DEPLOYMENT, level=1))
    found = MODULE.lambda_handler({}, context("scheduled-readiness"))["checks"]
    assert "journal_compared" not in {c["name"] for c in found}


def test_releases_that_differ_are_told(world: World) -> None:
    world.releases[PRIMARY] = "r2"
    assert world.look() == ("ready", {"release_parity": "failed"})


@pytest.mark.parametrize(("free", "state"), [(7, "ok"), (6, "failed")])
def test_the_quota_has_room_for_two_warmed_functions_and_each_alias(
    world: World, free: int, state: str
) -> None:
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": free}
    world.answers["get_account_settings"] = {"AccountLimit": limit}
    assert world.look()[1].get("concurrency_quota", "ok") == state


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (http.Unreachable("SSLCertVerificationError: mismatch"), "SSLCertVerificationError"),
        ((403, {"message": "Forbidden"}), "answered 403 from None"),
        ((503, {"region": SECONDARY}), "answered 503 from us-east-2"),
        ((200, {"region": PRIMARY}), "answered 200 from us-west-2"),
        ((200, None), "answered 200 from None"),
    ],
)
def test_a_region_that_does_not_serve_the_public_name_is_found_before_it_leads_there(
    world: World, answer: Any, told: str
) -> None:
    world.public_answer = answer
    assert world.look() == ("not_ready", {"public_name": "failed"})
    findings = world.stored[RECOVERIES]["findings"]["S"]
    assert f"public_name failed: {PUBLIC_HEALTH}, asked in us-east-2" in findings
    assert told in findings


@pytest.mark.parametrize(("minutes", "state"), [(1, "ok"), (-1, "failed")])
def test_a_certificate_has_to_last_for_three_weeks(
    world: World, monkeypatch: pytest.MonkeyPatch, minutes: int, state: str
) -> None:
    end = datetime.now(UTC) + timedelta(days=21, minutes=minutes)
    monkeypatch.setattr(http, "certificate_end", lambda _host, timeout: end)
    assert world.look()[1].get("certificate", "ok") == state


def test_what_hangs_is_unknown_and_holds_up_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(MODULE, "SECONDS", 0.2)
    world.answers["generate_data_key"] = lambda: released.wait(20)
    try:
        assert world.look() == ("not_ready", {"notification_key": "unknown"})
    finally:
        released.set()


def test_the_inspection_ends_before_the_function_does() -> None:
    assert MODULE.SECONDS + 2 * checks.HTTPS_SECONDS < 60


# --- the automation -------------------------------------------------------------------------------
def paused(world: World, hours: float) -> None:
    until = {"N": str(int(time.time() + hours * 3600))}
    world.answers["get_item"]["Item"] |= {"paused_until": until, "by": {"S": "Ada"}}


def test_a_pause_is_a_finding_and_people_are_reminded_of_it(world: World) -> None:
    paused(world, 2)
    assert world.look() == ("not_ready", {"automation": "failed"})
    (message,) = world.told
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    fields = checked(json.loads(message["Message"])["sqs"], attributes)
    assert "paused until" in fields["text"]
    assert "by Ada: no recovery starts by itself" in fields["text"]
    assert (fields["kind"], fields["command"]) == ("paused", "pilot-light resume")
    assert (fields["execution"], fields["outage_id"]) == (None, None)


def test_an_automation_that_cannot_be_looked_at_is_unknown_and_nobody_is_reminded(
    world: World,
) -> None:
    world.answers["get_item"] = aws_error("AccessDeniedException")
    read = ("automation", "last_rehearsal", "rto_forecast", "journal_compared")
    unknown = dict.fromkeys(read, "unknown")
    assert world.look() == ("not_ready", unknown)
    assert world.told == []


@pytest.mark.parametrize(("hours_ago", "messages"), [(0, 0), (23, 0), (24, 1)])
def test_people_are_reminded_once_a_day(world: World, hours_ago: int, messages: int) -> None:
    paused(world, 2)
    then = {"N": str(int(time.time()) - hours_ago * 3600)}
    item = {"pk": {"S": "sentinel"}, "reminded_at": then}
    world.recoveries.put_item(TableName=RECOVERIES, Item=item)
    world.look()
    world.look()
    assert len(world.told) == messages


def test_a_reminder_that_sns_does_not_take_is_sent_at_the_next_look(world: World) -> None:
    paused(world, 2)
    world.refuses = True
    with pytest.raises(ClientError, match="KMSDisabled"):
        world.look()
    world.refuses = False
    world.look()
    assert len(world.told) == 1


def test_a_pause_that_is_over_is_no_finding(world: World) -> None:
    paused(world, -1)
    assert world.look() == ("ready", {})
    assert world.told == []
