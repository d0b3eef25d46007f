"""The hooks in examples/hooks: what they do in each mode, and that they stay small."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.handlers import load_module
from tests.unit.lab.engine.fakes import Anything

SOURCES = Path(__file__).parents[2] / "examples" / "hooks" / "src"
OLD, NEW = "us-west-2", "us-east-2"
ID = "mapping-1"


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Which Region's consumer was switched, and how."""
    made: list[tuple[str, bool]] = []

    class Lambda:
        def __init__(self, region: str) -> None:
            self.region = region

        def list_event_source_mappings(self, FunctionName: str) -> Any:
            assert FunctionName == "shop-worker"
            return {"EventSourceMappings": [{"UUID": ID}]}

        def update_event_source_mapping(self, UUID: str, Enabled: bool) -> None:
            assert UUID == ID
            made.append((self.region, Enabled))

    monkeypatch.setattr(boto3, "client", lambda _service, region_name: Lambda(region_name))
    return made


def consumers(phase: str, mode: str) -> Any:
    module = load_module("consumers", SOURCES / "consumers.py", CONSUMER="shop-worker")
    event = {"phase": phase, "mode": mode, "regions": {"from": OLD, "to": NEW}}
    return module.handler(event, None)


@pytest.mark.parametrize("mode", ["switchover", "failback"])
def test_a_planned_move_pauses_the_old_consumer_and_resumes_the_new_one(
    changes: list[Any], mode: str
) -> None:
    assert consumers("before_claim", mode) == {"paused": [ID]}
    assert consumers("after_claim", mode) == {"resumed": [ID]}
    assert changes == [(OLD, False), (NEW, True)]


@pytest.mark.parametrize("mode", ["failover", "drill"])
def test_a_failover_asks_nothing_of_the_region_that_may_be_lost(
    changes: list[Any], mode: str
) -> None:
    consumers("before_claim", mode)
    consumers("after_claim", mode)
    assert changes == [(NEW, True)]


@pytest.mark.parametrize("phase", ["before_claim", "after_claim"])
def test_a_rehearsal_changes_nothing_and_shows_what_would_be(
    changes: list[Any], phase: str
) -> None:
    assert consumers(phase, "rehearsal") == {"would_resume": [ID]}
    assert changes == []


class Page:
    """A health page of the provider."""

    def __init__(self, status: int) -> None:
        self.status = status

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("status", "ready"), [(200, True), (204, False)])
def test_the_provider_s_answer_is_whether_the_application_is_ready(
    monkeypatch: pytest.MonkeyPatch, status: int, ready: bool
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda _url, timeout: Page(status))
    module = load_module("provider", SOURCES / "provider.py", PROVIDER_URL="https://example.com")
    assert module.handler({}, None) == {"ready": ready, "status": status}


def test_a_provider_that_does_not_answer_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_url: str, timeout: float) -> None:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(urllib.request, "urlopen", refused)
    module = load_module("provider", SOURCES / "provider.py", PROVIDER_URL="https://example.com")
    assert module.handler({}, None) == {"ready": False, "why": "refused"}


class Holds:
    """A Region that holds a secret, a parameter and a user pool, until one is taken away."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"shop/key": {}, "/shop/settings": {}, "pool_1": {}}

    def client(self, _service: str, config: Any) -> Any:
        assert config.retries == {"total_max_attempts": 1}

        def look(**name: str) -> Any:
            (found,) = name.values()
            answer = self.answers[found]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return Anything(describe_secret=look, get_parameter=look, describe_user_pool=look)


@pytest.fixture
def holds(monkeypatch: pytest.MonkeyPatch) -> Holds:
    made = Holds()
    monkeypatch.setattr(boto3, "client", made.client)
    return made


def dependencies(pools: str = "pool_1") -> Any:
    variables = {"SECRETS": "shop/key", "PARAMETERS": "/shop/settings", "USER_POOLS": pools}
    module = load_module("dependencies", SOURCES / "dependencies.py", **variables)
    return module.handler({}, None)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "Describe")


def test_a_region_that_holds_all_is_ready(holds: Holds) -> None:
    assert dependencies() == {"ready": True, "missing": {}}
    assert dependencies(pools="") == {"ready": True, "missing": {}}


@pytest.mark.parametrize(
    ("name", "answer", "missing"),
    [
        ("shop/key", refused("ResourceNotFoundException"), "ResourceNotFoundException"),
        ("shop/key", refused("AccessDeniedException"), "AccessDeniedException"),
        ("shop/key", {"DeletedDate": "2026-01-01"}, "is being deleted"),
        ("/shop/settings", refused("ParameterNotFound"), "ParameterNotFound"),
        ("pool_1", EndpointConnectionError(endpoint_url="x"), "EndpointConnectionError"),
    ],
)
def test_what_is_missing_in_the_region_is_named(
    holds: Holds, name: str, answer: Any, missing: str
) -> None:
    holds.answers[name] = answer
    found = dependencies()
    assert found["ready"] is False
    ((what, why),) = found["missing"].items()
    assert what.endswith(f" {name}")
    assert why == missing


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.py")), ids=lambda p: p.name)
def test_an_example_is_read_at_a_glance(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 40
