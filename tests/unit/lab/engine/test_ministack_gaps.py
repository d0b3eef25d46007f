"""Small gaps of MiniStack: buses across Regions, roles of machines, functions defined anew."""

from __future__ import annotations

import importlib
import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from lab.engine import aws as aws_module, patching
from lab.engine.clock import Clock
from lab.engine.events import event_buses
from lab.engine.step_functions import machine_roles
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, VIRGINIA, Anything, FakeAws

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


class Buses:
    """EventBridge, and where events arrived."""

    def __init__(self) -> None:
        self.here: list[Any] = []
        self.there: list[tuple[str, Any]] = []
        eventbridge = Anything(
            _dispatch_to_event_bus=lambda *given: self.here.append(given),
            _dispatch_event=lambda event: self.there.append((self.aws.region(), event)),
        )
        self.aws = FakeAws(eventbridge=eventbridge)
        event_buses.install(self.aws)

    def send(self, region: str, event: dict[str, Any], payload: Any = None) -> None:
        spec = Anything(region=region, resource="event-bus/default")
        dispatch = self.aws.eventbridge._dispatch_to_event_bus
        self.aws.within(VIRGINIA, dispatch, spec, event, {}, (), payload)


def test_an_event_for_another_region_arrives_there_unchanged() -> None:
    buses = Buses()
    event = {"Detail": "{}", "region": VIRGINIA, "_DispatchPath": ("loop",)}
    buses.send(SECONDARY, event)
    arrived = {"Detail": "{}", "region": VIRGINIA, "EventBusName": "default"}
    assert buses.there == [(SECONDARY, arrived)]
    assert buses.here == []
    assert "_DispatchPath" in event, "the source's event is another's"


def test_what_a_target_makes_of_an_event_is_what_arrives() -> None:
    buses = Buses()
    buses.send(SECONDARY, {"Detail": "{}"}, payload='{"made": 1}')
    assert buses.there[0][1]["Detail"] == '{"made": 1}'


def test_an_event_for_a_bus_of_the_same_region_is_ministacks() -> None:
    buses = Buses()
    buses.send(VIRGINIA, {"Detail": "{}"})
    assert len(buses.here) == 1
    assert buses.there == []


def trusts(statement: dict[str, Any] | None, *, encoded: bool = False) -> bool:
    document: Any = {"Statement": [statement]}
    if encoded:
        document = quote(json.dumps(document))
    role = None if statement is None else {"AssumeRolePolicyDocument": document}
    roles = Anything(get_scoped=lambda account, _region, name: role if name == "Machine" else None)
    aws: Any = FakeAws(iam=Anything(_roles=roles))
    return machine_roles._trusts(aws, "000000000000", "Machine")


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize(
    "service", ["states.amazonaws.com", ["lambda.amazonaws.com", "states.amazonaws.com"]]
)
def test_a_role_that_trusts_step_functions_may_be_a_machines(service: Any, encoded: bool) -> None:
    assert trusts({"Effect": "Allow", "Principal": {"Service": service}}, encoded=encoded)


@pytest.mark.parametrize(
    "statement",
    [
        None,
        {"Effect": "Deny", "Principal": {"Service": "states.amazonaws.com"}},
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}},
    ],
)
def test_any_other_role_may_not(statement: dict[str, Any] | None) -> None:
    assert not trusts(statement)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    source = tmp_path / "patched_sample.py"
    source.write_text("FACTOR = 2\n\n\ndef twice(x):\n    return x * FACTOR\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "patched_sample", raising=False)
    return importlib.import_module("patched_sample")


def test_a_function_is_defined_anew_in_its_own_module(module: ModuleType) -> None:
    patching.edit(module, "twice", ("x * FACTOR", "x * FACTOR + 1"))
    module.__dict__["FACTOR"] = 10
    assert module.twice(1) == 11


def test_a_text_that_is_not_there_is_another_version(module: ModuleType) -> None:
    with pytest.raises(AssertionError, match="twice is not the version this lab knows"):
        patching.edit(module, "twice", ("x + FACTOR", "0"))
    assert module.twice(2) == 4


class Clients:
    """boto3, and the keys it was asked to use."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}

    def client(self, service: str, **given: Any) -> str:
        self.made = {"service": service, **given}
        return "client"


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ((), ("test", "test", None)),
        (("key", "secret", "token"), ("key", "secret", "token")),
    ],
)
def test_a_client_is_the_accounts_root_unless_it_is_given_a_session(
    monkeypatch: pytest.MonkeyPatch, credentials: tuple[str, ...], expected: tuple[Any, ...]
) -> None:
    clients = Clients()
    monkeypatch.setattr(aws_module, "boto3", clients)
    aws_module.Aws(CONFIG, Clock(), {}).client("dynamodb", PRIMARY, *credentials)
    keys = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    assert tuple(clients.made[k] for k in keys) == expected
    assert clients.made["endpoint_url"] == CONFIG.endpoint
    assert clients.made["region_name"] == PRIMARY


def test_a_service_that_is_not_served_is_known_without_a_look_at_any_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from botocore.loaders import Loader
    from ministack.core import router

    monkeypatch.setattr(router, "_KNOWN_AWS_SERVICE_NAMES", None)
    aws_module.know_service_names()
    monkeypatch.setattr(Loader, "load_service_model", lambda *_: pytest.fail("read a model"))
    assert router._is_aws_service_name("servicequotas") is True
    assert router._is_aws_service_name("my-bucket") is False
