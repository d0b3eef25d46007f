"""A world for the failover machine: moto's AWS, the real handlers, and a network to lose."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from botocore import useragent
from botocore.loaders import JSONFileLoader
from moto import mock_aws
from moto.core import responses
from moto.sns.models import Subscription
from pilot_light_client import http
from pilotlight.failover import primary_check
from pilotlight.sentinel import probes
from pilotlight.shared import dns_lookup, other_region

from tests.handlers import context, load_handler
from tests.integration.machine import (
    ACCOUNT,
    FUNCTIONS,
    MOVE_FUNCTIONS,
    PRIMARY,
    SECONDARY,
    STARTED,
    Faults,
    InProcessLambda,
    Machine,
    client,
    function_arn,
    interpreter,
)
from tests.integration.torn import Torn
from tests.integration.two_regions import TwoRegions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


REGIONS = (PRIMARY, SECONDARY)


def pytest_configure() -> None:
    """Do once what moto and botocore would do for each test."""
    read = cache(JSONFileLoader().load_file)
    JSONFileLoader.load_file = lambda _self, path: read(path)
    responses.method_names_from_class = cache(responses.method_names_from_class)
    useragent.sanitize_user_agent_string_component = cache(
        useragent.sanitize_user_agent_string_component
    )
    # moto signs the messages of each subscription with a key of its own, which takes 36 ms to make.
    key = Subscription.private_key(Mock())
    Subscription.private_key = lambda _self: key


@dataclass
class Network:
    """What the names of the deployment lead to. The one thing moto has not: users' side of AWS."""

    primary_up: bool = True
    secondary_up: bool = True
    beacon: str = "healthy"
    switch_works: bool = True
    releases: dict[str, str] = field(default_factory=lambda: dict.fromkeys(REGIONS, "test"))
    active: Callable[[], str] = lambda: PRIMARY
    # The control item, as each Region's health shows it.
    control: Callable[[], dict[str, str]] = dict

    def lose_primary(self) -> None:
        self.primary_up, self.beacon = False, "unhealthy"

    def heal_primary(self) -> None:
        self.primary_up, self.beacon = True, "healthy"

    def leads_to(self, _name: str, _lifetime: float = 2.0) -> list[str]:
        region = self.active() if self.switch_works else PRIMARY
        return [f"origin-{region}.pilotlight.example"]

    def request(self, _method: str, url: str, **_: Any) -> http.Response:
        host = url.split("/")[2]
        region = self.leads_to(host)[0].split(".")[0].removeprefix("origin-")
        if host.startswith((PRIMARY, SECONDARY)):
            region = host.split(".")[0]
        if not (self.primary_up if region == PRIMARY else self.secondary_up):
            raise http.Unreachable("ConnectionRefusedError")
        body: dict[str, Any] = {"region": region, "release": self.releases[region]}
        shown = self.control()
        if shown:
            body |= {name: shown.get(name) for name in ("active_region", "state")}
            body["epoch"] = int(shown["epoch"])
        body["status"] = "healthy"
        writes = shown and (shown["active_region"], shown["state"]) == (region, "serving")
        if url.endswith("?for=writes") and not writes:
            return http.Response(503, b"{}", {}, 0.01)
        return http.Response(200, json.dumps(body).encode(), {}, 0.01)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    net = Network()
    monkeypatch.setattr(http, "request", net.request)
    monkeypatch.setattr(probes, "read_beacon", lambda _name: net.beacon)
    monkeypatch.setattr(dns_lookup, "leads_to", net.leads_to)
    return net


@pytest.fixture
def machine(
    faults: Faults,
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Machine]:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", ACCOUNT)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        handlers = {function_arn(name): _handler(name) for name in FUNCTIONS}
        handlers |= {function_arn(name): _handler(name, seconds=60) for name in STARTED}
        app = {os.environ["APP_FUNCTIONS"]: _app, os.environ["SWITCH_FUNCTION"]: _app}
        handlers |= app
        lambda_client = InProcessLambda(handlers)
        for name in ("readiness", "warm"):
            monkeypatch.setattr(loaded(name), "LAMBDA", lambda_client)
        # Machines judge again at once. What confirm waits for has tests of its own.
        monkeypatch.setattr(primary_check, "FOLLOW_SECONDS", 0.0)
        client("s3").create_bucket(
            Bucket=os.environ["BUCKET"],
            CreateBucketConfiguration={"LocationConstraint": SECONDARY},
        )
        with interpreter(handlers, faults):
            found = Machine(faults, lambda_client)
            network.active = lambda: found.active()[0]
            network.control = found.control
            yield found
            found.stop_all()


@pytest.fixture
def regions(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoRegions]:
    """The switchover machine beside the failover machine, and a replica of each table in each."""
    found, preflight = TwoRegions(machine), loaded("preflight")
    functions, real = machine.functions, other_region.client_of

    def client_of(region: str, service: str) -> Any:
        return functions if service == "lambda" else real(region, service)

    monkeypatch.setattr(preflight, "client_of", client_of)
    monkeypatch.setattr(preflight, "ping_client_of", lambda _region: functions)
    monkeypatch.setattr(loaded("janitor"), "MACHINE_ARNS", [machine.arn, found.arn])
    monkeypatch.setattr(loaded("janitor"), "TOPIC_ARN", machine.topic)
    for name in MOVE_FUNCTIONS:
        functions.handlers[function_arn(name)] = _replicating(found, name)
    functions.handlers["pilot-light-app:live"] = _app
    yield found
    for execution in found.executions():
        machine.stop(execution)


@pytest.fixture
def world() -> Iterator[Torn]:
    """Two Regions after a failover, for the ledger."""
    with mock_aws():
        yield Torn()


def _replicating(regions: TwoRegions, name: str) -> Callable[[dict[str, Any]], Any]:
    """Let replication go on while a function is called."""
    handler = _handler(name, seconds=60)

    def called(event: dict[str, Any]) -> Any:
        regions.called.append((name, event.get("step") or event.get("action")))
        if event.get("step") == "tails":
            regions.let_writes_end()
        regions.replication.step()
        return handler(event)

    return called


@cache
def loaded(name: str) -> Any:
    return load_handler(name)


def _handler(name: str, seconds: int = 10) -> Callable[[dict[str, Any]], Any]:
    """A function under its time limit."""
    given = context(name)
    given.get_remaining_time_in_millis = lambda: seconds * 1000
    return lambda event: loaded(name.lower()).lambda_handler(event, given)


def _app(event: dict[str, Any]) -> dict[str, Any]:
    """The app and the switch as readiness and warm see them."""
    if "pilot_light" in event:
        return {"environment": str(uuid.uuid4())}
    return {"statusCode": 200}


# By machine, the files whose tests together enter all of its states.
ENTERED_BY = {
    "failover": {
        "test_hooks.py",
        "test_outcomes.py",
        "test_failures.py",
        "test_interruptions.py",
        "test_hand_over.py",
        "test_claims.py",
        "test_level.py",
        "test_rehearsals.py",
        "test_approval.py",
        "test_reports.py",
    },
    "emergency": {"test_emergency.py"},
    "switchover": {
        "test_hooks.py",
        "test_switchover.py",
        "test_switchover_drains.py",
        "test_switchover_failures.py",
        "test_switchover_interruptions.py",
        "test_switchover_refusals.py",
        "test_switchover_reports.py",
    },
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The coverage of states is judged last, of each machine whose tests all run."""
    last = [i for i in items if i.path.name == "test_coverage.py"]
    others = [i for i in items if i not in last]
    here = {i.path.name for i in others}
    whole = [machine for machine, files in ENTERED_BY.items() if files <= here]
    items[:] = others + [i for i in last if any(f"[{m}.asl" in i.nodeid for m in whole)]
