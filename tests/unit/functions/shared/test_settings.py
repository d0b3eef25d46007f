"""Settings: read by name, and missed by name."""

from __future__ import annotations

import pytest
from pilotlight.shared.settings import Deployment, MissingSetting, required

from tests.unit.functions.fakes import PRIMARY, SECONDARY

VARIABLES = [
    "AWS_REGION",
    "PRIMARY_REGION",
    "SECONDARY_REGION",
    "ZONE_NAME",
    "PUBLIC_NAME",
    "ITEMS_TABLE",
    "CONTROL_TABLE",
    "RELEASE",
]


def test_a_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOT_LIGHT_TEST", "value")
    assert required("PILOT_LIGHT_TEST") == "value"


def test_a_given_environment_counts_and_not_the_process_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PILOT_LIGHT_TEST", "value")
    with pytest.raises(MissingSetting):
        required("PILOT_LIGHT_TEST", {})


@pytest.mark.parametrize("environment", [{}, {"TOPIC_ARN": ""}])
def test_a_missing_or_empty_setting_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(MissingSetting, match=r"TOPIC_ARN is missing or empty.*template\.yaml"):
        required("TOPIC_ARN", environment)


def test_a_deployment_knows_its_names(known: Deployment) -> None:
    assert known.region == SECONDARY
    assert (known.primary_region, known.secondary_region) == (PRIMARY, SECONDARY)
    assert known.region_name(PRIMARY) == f"{PRIMARY}.pilotlight.example"
    assert known.origin_name(SECONDARY) == f"origin-{SECONDARY}.pilotlight.example"
    assert known.beacon_name == "beacon.pilotlight.example"


@pytest.mark.parametrize("name", VARIABLES)
def test_a_deployment_that_lacks_a_variable_fails_and_names_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(MissingSetting, match=name):
        Deployment.from_environment()


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_lands_in_the_field_of_its_name(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "marked")
    field = name.lower().removeprefix("aws_")
    assert getattr(Deployment.from_environment(), field) == "marked"
