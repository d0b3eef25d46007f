"""What a drill reads from the lab's AWS, by clients that answer as AWS does."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lab.config import LabError
from lab.drill.observations import Change, ControlItem, Notification, required_sentence
from lab.drill.watching import Watch
from tests.unit.lab.drill.samples import execution
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything

ACCOUNT = "000000000000"
MACHINES = f"arn:aws:states:{SECONDARY}:{ACCOUNT}:stateMachine:"
TOPICS = f"arn:aws:sns:{SECONDARY}:{ACCOUNT}:"


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


class Lab:
    """The lab's AWS: what is told here is answered, what is sent is kept."""

    def __init__(self, *machines: str) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.subscribed: list[dict[str, Any]] = []
        self.policy: dict[str, Any] = {}
        self.actions: list[tuple[str, dict[str, Any]]] = []
        self.regions: set[str] = set()
        self.ledger: dict[str, Any] = {"open": 0, "entries": []}
        self.overview: dict[str, Any] = {}
        self.asked_of_the_ledger: list[dict[str, Any]] = []
        self.refuses = False
        self.points: dict[float, float] = {}
        self.started: list[dict[str, Any]] = []
        self._machines = [{"name": m, "stateMachineArn": MACHINES + m} for m in machines]

    def act(self, action: str, **given: Any) -> Any:
        self.actions.append((action, given))
        return [{"at": 5.0, "what": "alarm a", "state": "ALARM"}]

    def client(self, service: str, region: str) -> Any:
        self.regions.add(region)
        return getattr(self, f"_{service}")()

    def _dynamodb(self) -> Any:
        def get_item(TableName: str, Key: Any, ConsistentRead: bool) -> dict[str, Any]:
            assert ConsistentRead
            found = self.items.get((TableName, Key["pk"]["S"]))
            return {"Item": found} if found else {}

        def scan(TableName: str, ConsistentRead: bool) -> dict[str, Any]:
            keys = [key for table, key in self.items if table == TableName]
            return {"Items": [{"pk": {"S": key}} for key in keys]}

        def pages(operation: str) -> Any:
            def paginate(**given: Any) -> list[dict[str, Any]]:
                assert operation == "scan"
                return [scan(**given), {"Items": [{"pk": {"S": "of the second page"}}]}]

            return Anything(paginate=paginate)

        return Anything(get_item=get_item, scan=scan, get_paginator=pages)

    def _cloudwatch(self) -> Any:
        def statistics(**given: Any) -> dict[str, Any]:
            assert given["MetricName"] == "PrimaryUnhealthy"
            assert given["Dimensions"][0]["Value"] == "pilot-light-sentinel"
            assert (given["StartTime"], given["Period"]) == (5.0, 1)
            (asked,) = given["Statistics"]
            found = [{"Timestamp": moment(at), asked: n} for at, n in self.points.items()]
            return {"Datapoints": found}

        return Anything(get_metric_statistics=statistics)

    def _lambda(self) -> Any:
        def invoke(FunctionName: str, Payload: bytes) -> dict[str, Any]:
            if FunctionName == "pilot-light-overview:live":
                assert json.loads(Payload) == {"view": "facts"}
                return {"Payload": io.BytesIO(json.dumps(self.overview).encode())}
            assert FunctionName == "pilot-light-ledger:live"
            self.asked_of_the_ledger.append(json.loads(Payload))
            body = io.BytesIO(json.dumps(self.ledger).encode())
            return {"Payload": body, **({"FunctionError": "Unhandled"} if self.refuses else {})}

        return Anything(invoke=invoke)

    def _stepfunctions(self) -> Any:
        def executions(stateMachineArn: str) -> dict[str, Any]:
            assert stateMachineArn == MACHINES + "pilot-light-failover"
            return {"executions": self.runs}

        def describe(executionArn: str) -> dict[str, Any]:
            return next(r for r in self.runs if r["executionArn"] == executionArn)

        return Anything(
            list_state_machines=lambda: {"stateMachines": self._machines},
            list_executions=executions,
            describe_execution=describe,
            start_execution=lambda **given: (
                self.started.append(given) or {"executionArn": "a new run"}
            ),
            get_execution_history=lambda executionArn, maxResults: {"events": []},
        )

    def _sqs(self) -> Any:
        def receive(QueueUrl: str, MaxNumberOfMessages: int) -> dict[str, Any]:
            found, self.messages = self.messages[:2], self.messages[2:]
            return {"Messages": found} if found else {}

        return Anything(
            create_queue=lambda QueueName: {"QueueUrl": f"http://queue/{QueueName}"},
            get_queue_attributes=lambda QueueUrl, AttributeNames: {
                "Attributes": {"QueueArn": "arn:queue"}
            },
            set_queue_attributes=lambda QueueUrl, Attributes: self.policy.update(
                json.loads(Attributes["Policy"])
            ),
            receive_message=receive,
            delete_message=lambda QueueUrl, ReceiptHandle: self.deleted.append(ReceiptHandle),
        )

    def _sns(self) -> Any:
        topics = ["other", "pilot-light-recovery"]
        return Anything(
            list_topics=lambda: {"Topics": [{"TopicArn": TOPICS + t} for t in topics]},
            subscribe=lambda **given: self.subscribed.append(given),
        )


@pytest.fixture
def lab() -> Lab:
    return Lab("pilot-light-switchover", "pilot-light-failover")


@pytest.fixture
def watch(lab: Lab) -> Watch:
    return Watch(CONFIG, lab)  # type: ignore[arg-type]


def message(event: str | None, at: str, number: int, text: str = "", **more: str) -> dict[str, Any]:
    given = ({"event": event} if event else {}) | more
    attributes = {name: {"Type": "String", "Value": value} for name, value in given.items()}
    body = {"Timestamp": at, "Subject": f"Subject {number}", "MessageAttributes": attributes}
    body["Message"] = text
    return {"Body": json.dumps(body), "ReceiptHandle": f"handle {number}"}


def run(name: str, started: float, **more: Any) -> dict[str, Any]:
    found = {"executionArn": name, "startDate": moment(started), "input": '{"mode": "drill"}'}
    return {**found, "status": "RUNNING", **more}


def test_all_is_read_in_the_secondarys_region(watch: Watch, lab: Lab) -> None:
    assert lab.regions == {SECONDARY}
    assert watch.machine == MACHINES + "pilot-light-failover"


def test_a_queue_subscribes_to_the_recoverys_topic_and_lets_only_it_in(
    watch: Watch, lab: Lab
) -> None:
    watch.subscribe()
    topic = TOPICS + "pilot-light-recovery"
    assert lab.subscribed == [{"TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:queue"}]
    (allowed,) = lab.policy["Statement"]
    assert allowed["Resource"] == "arn:queue"
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": topic}}


def test_every_message_is_taken_off_the_queue(watch: Watch, lab: Lab) -> None:
    lab.messages = [message("started", f"2026-03-14T10:22:3{i}.250Z", i) for i in range(5)]
    found = watch.notifications()
    at = moment(1773483750.25).timestamp()
    assert found[0] == Notification(at, "started", "Subject 0")
    assert len(found) == 5
    assert lab.deleted == [f"handle {i}" for i in range(5)]
    assert watch.notifications() == []


def test_a_message_that_names_no_event_is_unknown(watch: Watch, lab: Lab) -> None:
    lab.messages = [message(None, "2026-03-14T10:22:31Z", 0)]
    assert [n.event for n in watch.notifications()] == ["unknown"]


def test_a_message_is_read_with_all_its_fields_and_a_request_with_its_token(
    watch: Watch, lab: Lab
) -> None:
    fields = {"version": "1", "kind": "held", "text": 'It answered {"ready": false}.\nWait.'}
    lab.messages = [
        message("held", "2026-03-14T10:22:31Z", 0, json.dumps(fields), task_token="a token")
    ]
    (found,) = watch.notifications()
    assert found.message == '1\nheld\nIt answered {"ready": false}.\nWait.'
    assert found.token == "a token"


@pytest.mark.parametrize("text", ['{"AlarmName": "silent"}', "[]", "text"])
def test_the_message_of_an_alarm_stays_as_it_is(watch: Watch, lab: Lab, text: str) -> None:
    lab.messages = [message(None, "2026-03-14T10:22:31Z", 0, text)]
    assert [n.message for n in watch.notifications()] == [text]


def test_the_control_item_says_who_is_active(watch: Watch, lab: Lab) -> None:
    assert watch.control() is None
    item = {"active_region": {"S": SECONDARY}, "epoch": {"N": "7"}, "state": {"S": "claimed"}}
    lab.items["pilot-light-control-quorum", "control"] = {**item, "revision": {"N": "12"}}
    assert watch.control() == ControlItem(SECONDARY, 7, 12, "claimed")


def test_a_last_resort_is_read_as_the_region_holds_it(watch: Watch, lab: Lab) -> None:
    assert watch.last_resort() == {}
    lab.items["pilot-light-last-resort", "last-resort"] = {"until": {"N": "9"}, "by": {"S": "run"}}
    assert watch.last_resort() == {"until": "9", "by": "run"}


def test_the_sentinel_s_points_are_counted_for_each_second(watch: Watch, lab: Lab) -> None:
    lab.points = {6.0: 1.0, 7.0: 2.0}
    assert watch.probe_results(5.0) == {6: 1, 7: 2}


def test_the_last_good_probe_is_the_last_tick_at_which_nothing_was_wrong(
    watch: Watch, lab: Lab
) -> None:
    lab.points = {4.0: 0.0, 6.0: 0.0, 8.0: 0.0, 7.0: 1.0, 9.0: 1.0, 12.0: 0.0}
    assert watch.last_good_probe(5.0, 10.0) == 8.0
    assert watch.last_good_probe(5.0, 5.5) is None


def test_the_lock_and_the_records_are_read_from_the_recoveries_table(
    watch: Watch, lab: Lab
) -> None:
    assert (watch.lock(), watch.recoveries(), watch.recovery(2)) == ({}, [], {})
    table = "pilot-light-recoveries"
    lab.items[table, "lock"] = {"pk": {"S": "lock"}, "owner": {"S": "run"}}
    lab.items[table, "recovery#3"] = {"pk": {"S": "recovery#3"}}
    lab.items[table, "recovery#2"] = {"pk": {"S": "recovery#2"}, "evidence": {"S": "{}"}}
    assert watch.lock() == {"pk": "lock", "owner": "run"}
    assert watch.recoveries() == ["recovery#2", "recovery#3"]
    assert watch.recovery(2) == {"pk": "recovery#2", "evidence": "{}"}


def test_changes_are_asked_for_since_a_moment(watch: Watch, lab: Lab) -> None:
    assert watch.changes(3.5) == [Change(5.0, "alarm a", "ALARM")]
    assert lab.actions == [("transitions", {"since": 3.5})]


def test_executions_since_a_moment_are_told_oldest_first(watch: Watch, lab: Lab) -> None:
    lab.runs = [run("newest", 30), run("older", 20), run("too old", 10)]
    assert [e.arn for e in watch.executions(15.0)] == ["older", "newest"]


def test_an_execution_that_runs_has_no_end_and_no_outcome(watch: Watch, lab: Lab) -> None:
    lab.runs = [run("a", 20)]
    (found,) = watch.executions(0)
    assert (found.status, found.ended, found.outcome) == ("RUNNING", None, "none")
    assert found.input == {"mode": "drill"}


def test_an_execution_that_ended_says_how(watch: Watch, lab: Lab) -> None:
    lab.runs = [run("a", 20, status="SUCCEEDED", stopDate=moment(25), output='{"outcome": "held"}')]
    (found,) = watch.executions(0)
    assert (found.started, found.ended, found.outcome) == (20, 25, "held")


def test_an_execution_that_failed_says_why(watch: Watch, lab: Lab) -> None:
    lab.runs = [run("a", 20, status="FAILED", stopDate=moment(25), error="E", cause="C")]
    (found,) = watch.executions(0)
    assert (found.outcome, found.output) == ("failed", {"error": "E", "cause": "C"})


def test_a_machine_is_started_by_its_name_as_a_person_would(watch: Watch, lab: Lab) -> None:
    assert watch.start("switchover", {"mode": "failback", "reason": "why"}) == "a new run"
    (started,) = lab.started
    assert started["stateMachineArn"] == MACHINES + "pilot-light-switchover"
    assert json.loads(started["input"]) == {"mode": "failback", "reason": "why"}


@pytest.mark.parametrize(("status", "ended"), [("RUNNING", False), ("FAILED", True)])
def test_a_run_has_ended_once_it_runs_no_more(
    watch: Watch, lab: Lab, status: str, ended: bool
) -> None:
    lab.runs = [run("a", 1.0, status=status)]
    assert watch.ended("a") is ended


def test_a_machine_is_run_until_its_execution_has_ended(watch: Watch, lab: Lab) -> None:
    lab.runs = [run("a new run", 1.0, status="SUCCEEDED", output='{"outcome": "refused"}')]
    assert watch.run("switchover", {"mode": "failback"}).outcome == "refused"
    assert len(lab.started) == 1


@pytest.mark.parametrize(
    ("action", "sentence"), [("take-over", "MAKE A ACTIVE"), ("last-resort", "LET B WRITE")]
)
def test_the_sentence_that_a_refusal_names_is_read_by_its_action(
    action: str, sentence: str
) -> None:
    cause = '{"action": "take-over", "confirm": "MAKE A ACTIVE"} or {"action": "last-resort", '
    refused = execution(status="FAILED", output={"cause": f'{cause}"confirm": "LET B WRITE"}}'})
    assert required_sentence(refused, action) == sentence
    assert required_sentence(execution(output={}), action) == ""


def test_the_ledger_is_asked_by_its_function(watch: Watch, lab: Lab) -> None:
    lab.ledger = {"open": 1, "entries": [{"write_id": "w"}]}
    assert watch.ledger(action="accept", write_ids="all", by="me") == lab.ledger
    assert lab.asked_of_the_ledger == [{"action": "accept", "write_ids": "all", "by": "me"}]


def test_the_state_of_the_deployment_is_that_of_its_own_overview(watch: Watch, lab: Lab) -> None:
    lab.overview = {"facts": {"ledger": {"verdict": "unknown"}}}
    assert watch.overview() == lab.overview


def test_what_the_ledger_refuses_is_told(watch: Watch, lab: Lab) -> None:
    lab.refuses, lab.ledger = True, {"errorMessage": "Not active"}
    with pytest.raises(LabError, match=r"refused replay: .*Not active"):
        watch.ledger(action="replay")


def test_all_pages_of_a_regions_items_and_of_its_journal_are_read(watch: Watch, lab: Lab) -> None:
    lab.items["pilot-light-app-items", "I#1"] = {}
    lab.items["pilot-light-journal", "J#us-west-2#1#0"] = {}
    lab.items["pilot-light-recoveries", "lock"] = {}
    found = [row["pk"]["S"] for row in watch.rows(PRIMARY)]
    assert found == ["I#1", "of the second page", "J#us-west-2#1#0", "of the second page"]
    assert PRIMARY in lab.regions
