"""Clients ask once, briefly, and each Region at its own endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.asking.clients import Clients
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = ["dynamodb", "logs", "s3", "stepfunctions", "sts"]


@pytest.mark.parametrize("service", SERVICES)
def test_each_region_is_asked_at_its_own_endpoint(
    monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    for region in ("us-west-2", "eu-west-1"):
        url = Clients().client(service, region).meta.endpoint_url
        assert f".{region}.amazonaws.com" in url


def test_a_call_is_made_once_and_waits_for_two_seconds_at_most() -> None:
    config = Clients().client("dynamodb", "us-east-2").meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 2)
    assert config.retries["total_max_attempts"] == 1


def test_an_endpoint_stands_for_all_of_aws() -> None:
    clients = Clients(endpoint_url="http://127.0.0.1:4566")
    assert {clients.client(s, "us-east-2").meta.endpoint_url for s in SERVICES} == {
        "http://127.0.0.1:4566"
    }


def test_a_client_is_made_once() -> None:
    clients = Clients()
    first = clients.client("dynamodb", "us-east-2")
    assert clients.client("dynamodb", "us-east-2") is first


def test_a_profile_that_is_not_there_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(ConfigError, match="nope") as refused:
        Clients("nope")
    assert refused.value.exit_code == 2
