"""Managed policies of AWS that a role may name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.engine.iam import managed_policies
from lab.engine.iam.managed_policies import PREFIX
from tests.unit.lab.engine.fakes import Anything

POLICIES = {
    "QueueRole": {"Path": "/service-role/", "Document": {"Statement": ["queues"]}},
    "AllOfIt": {"Path": "/", "Document": {"Statement": ["all"]}},
}


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(managed_policies, "_policies", lambda: POLICIES)
    iam = Anything(
        _lookup_policy={"arn:mine": "mine", f"{PREFIX}Seeded": "seeded"}.get,
        _make_aws_managed_record=lambda name, document: {"name": name, "document": document},
        _aws_managed_policies={},
    )
    managed_policies.install(Anything(iam=iam))
    return iam


def test_a_policy_that_ministack_lacks_has_aws_s_document(lookup: Any) -> None:
    arn = f"{PREFIX}service-role/QueueRole"
    found = lookup._lookup_policy(arn)
    assert found["name"] == "service-role/QueueRole"
    assert json.loads(found["document"]) == {"Statement": ["queues"]}
    assert lookup._aws_managed_policies == {arn: found}
    assert lookup._lookup_policy(f"{PREFIX}AllOfIt")["name"] == "AllOfIt"


@pytest.mark.parametrize("name", ["QueueRole", "service-role/AllOfIt", "Nothing", ""])
def test_a_name_or_path_that_aws_does_not_have_stays_unknown(lookup: Any, name: str) -> None:
    assert lookup._lookup_policy(PREFIX + name) is None


def test_what_ministack_has_is_its_own(lookup: Any) -> None:
    assert lookup._lookup_policy("arn:mine") == "mine"
    assert lookup._lookup_policy(f"{PREFIX}Seeded") == "seeded"
    assert lookup._lookup_policy("arn:other") is None


def test_the_policy_that_sam_gives_consumers_of_queues_is_among_moto_s() -> None:
    document = managed_policies.document_of(f"{PREFIX}service-role/AWSLambdaSQSQueueExecutionRole")
    assert document
    assert "sqs:ReceiveMessage" in document["Statement"][0]["Action"]
