"""A world for the failover machine: moto's AWS, the real handlers, and a network to lose."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from pilotlight.adapters import clients, https, names

from tests.handlers import context, load_handler
from tests.integration.machine import (
    ACCOUNT,
    FUNCTIONS,
    PRIMARY,
    SECONDARY,
    Faults,
    InProcessLambda,
    Machine,
    function_arn,
    interpreter,
)
from tests.integration.provisioned import ProvisionedConcurrency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Network:
    """What the names of the deployment lead to. The one thing moto has not: users' side of AWS."""

    primary_up: bool = True
    secondary_up: bool = True
    beacon: str = "healthy"
    switch_works: bool = True
    active: Callable[[], str] = lambda: PRIMARY

    def lose_primary(self) -> None:
        self.primary_up, self.beacon = False, "unhealthy"

    def heal_primary(self) -> None:
        self.primary_up, self.beacon = True, "healthy"

    def leads_to(self, _name: str, _lifetime: float = 2.0) -> list[str]:
        region = self.active() if self.switch_works else PRIMARY
        return [f"origin-{region}.pilotlight.example"]

    def request(self, _method: str, url: str, **_: Any) -> https.Response:
        host = url.split("/")[2]
        region = self.leads_to(host)[0].split(".")[0].removeprefix("origin-")
        if host.startswith((PRIMARY, SECONDARY)):
            region = host.split(".")[0]
        if not (self.primary_up if region == PRIMARY else self.secondary_up):
            raise https.Unreachable("ConnectionRefusedError")
        return https.Response(200, f'{{"region": "{region}"}}'.encode(), {}, 0.01)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    net = Network()
    monkeypatch.setattr(https, "request", net.request)
    monkeypatch.setattr(names, "beacon", lambda _name: net.beacon)
    monkeypatch.setattr(names, "leads_to", net.leads_to)
    return net


@pytest.fixture
def lambda_api() -> ProvisionedConcurrency:
    return ProvisionedConcurrency()


@pytest.fixture
def machine(
    faults: Faults,
    network: Network,
    lambda_api: ProvisionedConcurrency,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Machine]:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", ACCOUNT)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        clients.client.cache_clear()
        handlers = {function_arn(name): _handler(name) for name in FUNCTIONS}
        app = {os.environ["APP_FUNCTION"]: _app, os.environ["SWITCH_FUNCTION"]: _app}
        lambda_client = InProcessLambda({**handlers, **app})
        real = clients.client

        def client(service: str) -> Any:
            return lambda_client if service == "lambda" else real(service)

        for module in ("confirm", "readiness", "warm", "decide", "traffic", "report", "janitor"):
            loaded = _loaded(module)
            if hasattr(loaded, "client"):
                monkeypatch.setattr(loaded, "client", client)
        monkeypatch.setattr(_loaded("warm"), "ping_client", lambda: lambda_client)
        boto3.client("s3", region_name=SECONDARY).create_bucket(
            Bucket=os.environ["BUCKET"],
            CreateBucketConfiguration={"LocationConstraint": SECONDARY},
        )
        with interpreter(handlers, faults, {"lambda": lambda_api}):
            found = Machine(faults)
            network.active = lambda: found.active()[0]
            yield found
            found.stop_all()


_MODULES: dict[str, Any] = {}


def _loaded(name: str) -> Any:
    if name not in _MODULES:
        _MODULES[name] = load_handler(name)
    return _MODULES[name]


def _handler(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda event: _loaded(name.lower()).lambda_handler(event, context(name))


def _app(event: dict[str, Any]) -> dict[str, Any]:
    """The app and the switch as readiness and warm see them."""
    if "pilot_light" in event:
        return {"environment": str(uuid.uuid4())}
    return {"statusCode": 200}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The coverage of states is judged after all other tests, and only if they all run."""
    last = [i for i in items if i.path.name == "test_coverage.py"]
    others = [i for i in items if i not in last]
    whole = {i.path.name for i in others} >= {
        "test_outcomes.py",
        "test_failures.py",
        "test_interruptions.py",
        "test_capacity.py",
        "test_rehearsals.py",
        "test_break_glass.py",
        "test_approval.py",
        "test_reports.py",
    }
    items[:] = others + (last if whole else [])
