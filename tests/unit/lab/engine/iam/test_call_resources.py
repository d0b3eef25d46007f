"""Account settings, backup vaults and streams are checked as what they are."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from lab.engine.iam import call_resources

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "/2015-03-31/functions/pilot-light-app/code"


@pytest.fixture
def installed() -> Iterator[Any]:
    import ministack.core.iam_actions as actions

    kept = actions._lambda_action, actions.extract_resource_arn
    call_resources.install()
    yield actions
    actions._lambda_action, actions.extract_resource_arn = kept


@pytest.mark.parametrize("path", ["/2016-08-19/account-settings", "/2016-08-19/account-settings/"])
def test_who_reads_the_accounts_settings_needs_a_permission(installed: Any, path: str) -> None:
    found = installed.extract_iam_action("lambda", "GET", path, {}, b"", {})
    assert found == "lambda:GetAccountSettings"


def test_other_calls_stay_as_they_are(installed: Any) -> None:
    assert installed._lambda_action("PUT", OTHER) == "UpdateFunctionCode"
    found = installed.extract_resource_arn(
        "lambda", "GET", OTHER, {}, b"", {}, "us-east-2", "000000000000"
    )
    assert found.endswith(":pilot-light-app")


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
    found = installed.extract_resource_arn(
        service, "GET", path, {}, b"", {}, "us-east-2", "000000000000"
    )
    assert found == expected


STREAM = "arn:aws:dynamodb:us-east-2:000000000000:table/orders/stream/2026"


def iterator(**holds: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(holds).encode()).decode()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"StreamArn": STREAM}, STREAM),
        ({"ShardIterator": iterator(arn=STREAM)}, STREAM),
        ({"ShardIterator": iterator(t="orders")}, "*"),
        ({"ShardIterator": "none"}, "*"),
        ({}, "*"),
        ([], "*"),
    ],
)
def test_the_stream_of_a_table_is_the_resource(installed: Any, asked: Any, expected: str) -> None:
    body = json.dumps(asked).encode()
    found = installed.extract_resource_arn(
        "dynamodbstreams", "POST", "/", {}, body, {}, "us-east-2", "000000000000"
    )
    assert found == expected
