"""Provisioned concurrency and backup vaults are checked and recorded as what they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from lab.engine import call_resources

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/2019-09-30/functions/pilot-light-app/provisioned-concurrency"
OTHER = "/2015-03-31/functions/pilot-light-app/code"


@pytest.fixture
def installed() -> Iterator[Any]:
    import ministack.core.iam_actions as actions

    kept = actions._lambda_action, actions.extract_resource_arn
    app = SimpleNamespace(_ct_event_name=lambda *_: "MiniStack's")
    call_resources.install(SimpleNamespace(app=app))  # type: ignore[arg-type]
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


@pytest.mark.parametrize("path", ["/2016-08-19/account-settings", "/2016-08-19/account-settings/"])
def test_who_reads_the_accounts_settings_needs_a_permission(installed: Any, path: str) -> None:
    found = installed.actions.extract_iam_action("lambda", "GET", path, {}, b"", {})
    assert found == "lambda:GetAccountSettings"


@pytest.mark.parametrize("qualifier", ["live", ["live"]])
def test_the_resource_is_the_alias(installed: Any, qualifier: Any) -> None:
    found = resource(installed, PATH, {"Qualifier": qualifier})
    assert found == "arn:aws:lambda:us-east-2:000000000000:function:pilot-light-app:live"


def test_other_calls_stay_as_they_are(installed: Any) -> None:
    assert installed.actions._lambda_action("PUT", OTHER) == "UpdateFunctionCode"
    assert resource(installed, OTHER, {"Qualifier": "live"}).endswith(":pilot-light-app")
    assert resource(installed, PATH, {}).endswith(":pilot-light-app")
    assert installed.app._ct_event_name("lambda", "PUT", OTHER, {}, {}) == "MiniStack's"


@pytest.mark.parametrize(
    ("service", "path", "expected"),
    [
        (
            "backup",
            "/backup-vaults/pilot-light-backups/recovery-points/",
            "arn:aws:backup:us-east-2:000000000000:backup-vault:pilot-light-backups",
        ),
        ("backup", "/backup/plans/", "*"),
        ("sts", "/backup-vaults/pilot-light-backups", "*"),
    ],
)
def test_a_backup_vault_in_the_path_is_the_resource(
    installed: Any, service: str, path: str, expected: str
) -> None:
    found = installed.actions.extract_resource_arn(
        service, "GET", path, {}, b"", {}, "us-east-2", "000000000000"
    )
    assert found == expected
