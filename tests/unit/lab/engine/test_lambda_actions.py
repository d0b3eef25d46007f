"""Provisioned concurrency is checked and recorded as what it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from lab.engine import lambda_actions

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/2019-09-30/functions/pilot-light-app/provisioned-concurrency"
OTHER = "/2015-03-31/functions/pilot-light-app/code"


@pytest.fixture
def installed() -> Iterator[Any]:
    import ministack.core.iam_actions as actions

    kept = actions._lambda_action, actions.extract_resource_arn
    app = SimpleNamespace(_ct_event_name=lambda *_: "MiniStack's")
    lambda_actions.install(SimpleNamespace(app=app))  # type: ignore[arg-type]
    yield SimpleNamespace(actions=actions, app=app)
    actions._lambda_action, actions.extract_resource_arn = kept


def resource(installed: Any, path: str, query: dict[str, Any]) -> str:
    return installed.actions.extract_resource_arn(
        "lambda", "GET", path, {}, b"", query, "us-east-2", "000000000000"
    )


@pytest.mark.parametrize(("method", "verb"), [("PUT", "Put"), ("GET", "Get"), ("DELETE", "Delete")])
def test_the_action_has_its_own_name(installed: Any, method: str, verb: str) -> None:
    named = f"{verb}ProvisionedConcurrencyConfig"
    found = installed.actions.extract_iam_action("lambda", method, PATH, {}, b"", {})
    assert found == f"lambda:{named}"
    assert installed.app._ct_event_name("lambda", method, PATH, {}, {}) == named


@pytest.mark.parametrize("qualifier", ["live", ["live"]])
def test_the_resource_is_the_alias(installed: Any, qualifier: Any) -> None:
    found = resource(installed, PATH, {"Qualifier": qualifier})
    assert found == "arn:aws:lambda:us-east-2:000000000000:function:pilot-light-app:live"


def test_other_calls_stay_as_they_are(installed: Any) -> None:
    assert installed.actions._lambda_action("PUT", OTHER) == "UpdateFunctionCode"
    assert resource(installed, OTHER, {"Qualifier": "live"}).endswith(":pilot-light-app")
    assert resource(installed, PATH, {}).endswith(":pilot-light-app")
    assert installed.app._ct_event_name("lambda", "PUT", OTHER, {}, {}) == "MiniStack's"
