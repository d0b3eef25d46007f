"""The record of calls: by which role, from where, to where."""

from __future__ import annotations

from typing import Any

from lab.engine.iam import call_record
from lab.engine.journal import MOST, Journal
from lab.engine.outages.outage import Outage
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, Anything, FakeAws

SESSION = {"Arn": "arn:aws:sts::0:assumed-role/PromoteRole/states-us-east-2"}


class World:
    """A CloudTrail that knows one session."""

    def __init__(self) -> None:
        self.trail: list[dict[str, Any]] = []
        self.record = Journal()
        outage = Outage()
        outage.home["ASIA1"] = SECONDARY
        self.aws = FakeAws(
            cloudtrail=Anything(record_event=lambda **given: self.trail.append(given)),
            sts=Anything(_sessions={"ASIA1": SESSION, "ASIA2": SESSION}),
        )
        call_record.install(self.aws, outage, self.record)

    def call(
        self, key: str = "ASIA1", service: str = "dynamodb", region: str = PRIMARY, **given: str
    ) -> None:
        self.aws.cloudtrail.record_event(
            access_key_id=key,
            service=service,
            event_name="UpdateItem",
            region=region,
            request_params=given,
        )


def test_a_call_is_recorded_with_its_role_and_both_regions() -> None:
    world = World()
    world.call()
    [found] = world.record.since(0)
    assert found.pop("at") > 0
    assert found == {
        "region": PRIMARY,
        "service": "dynamodb",
        "operation": "UpdateItem",
        "role": "PromoteRole",
        "from": SECONDARY,
    }


def test_a_call_of_a_global_service_goes_to_us_east_1() -> None:
    world = World()
    world.call(service="route53", region=SECONDARY)
    assert world.record.since(0)[0]["region"] == "us-east-1"


def test_a_session_whose_home_is_unknown_comes_from_nowhere() -> None:
    world = World()
    world.call("ASIA2")
    assert world.record.since(0)[0]["from"] == ""


def test_a_call_of_a_query_protocol_is_known_by_its_action() -> None:
    world = World()
    world.call(service="sns", Action="Publish")
    assert world.record.since(0)[0]["operation"] == "Publish"


def test_calls_of_a_person_are_left_to_the_trail() -> None:
    world = World()
    world.call("test")
    assert world.record.since(0) == []
    assert len(world.trail) == 1


def test_the_record_is_read_from_a_moment_on() -> None:
    record = Journal()
    for at in (1, 2, 3):
        record.add({"at": at})
    assert record.since(2) == [{"at": 2}, {"at": 3}]


def test_a_full_record_forgets_its_oldest_calls() -> None:
    record = Journal()
    for at in range(MOST + 1):
        record.add({"at": at})
    assert record.since(0)[0] == {"at": 1}


class Refusal:
    principal_arn = "arn:aws:sts::0:assumed-role/stack-WarmRole-1/warm"


def test_what_iam_refuses_is_recorded_with_role_action_and_resource() -> None:
    record = Journal()
    answers = [None, Refusal(), "the key is unknown"]
    evaluator = Anything(EvalResult=Refusal, enforce=lambda *_, **__: answers.pop(0))
    call_record.install_refusals(evaluator, record)
    found = [
        evaluator.enforce("ASIA1", "lambda:InvokeFunction", "lambda", SECONDARY, resource_arn=arn)
        for arn in ("allowed", "refused", "unknown")
    ]
    assert found[0] is None
    assert isinstance(found[1], Refusal)
    [refusal] = record.since(0)
    assert (refusal["role"], refusal["action"]) == ("stack-WarmRole-1", "lambda:InvokeFunction")
    assert refusal["resource"] == "refused"
    assert record.since(refusal["at"] + 1) == []
