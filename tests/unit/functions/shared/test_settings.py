"""Settings: read by name, parsed, and missed by name."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pilot_light_client.settings import (
    InvalidSetting,
    comma_separated,
    days,
    minutes,
    one_of,
    seconds,
    variable,
)
from pilotlight.shared.settings import Deployment

from tests.conftest import ENVIRONMENT
from tests.unit.functions.fakes import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from collections.abc import Callable

GO_OR_HOLD = one_of(Literal["go", "hold"])


@pytest.mark.parametrize(
    ("text", "parse", "value"),
    [
        ("us-east-2", str, "us-east-2"),
        ("5", int, 5),
        ("0.5", seconds, timedelta(seconds=0.5)),
        ("5", minutes, timedelta(minutes=5)),
        ("8", days, timedelta(days=8)),
        ("one", comma_separated, ["one"]),
        ("one,two", comma_separated, ["one", "two"]),
        ("hold", GO_OR_HOLD, "hold"),
    ],
)
def test_a_setting_is_read_and_parsed(
    monkeypatch: pytest.MonkeyPatch, text: str, parse: Callable[[str], Any], value: Any
) -> None:
    monkeypatch.setenv("SETTING", text)
    assert variable("SETTING", parse) == value


@pytest.mark.parametrize(
    ("text", "parse"),
    [
        ("", str),
        ("", comma_separated),
        ("5.5", int),
        ("soon", seconds),
        ("nan", minutes),
        ("inf", days),
        ("perhaps", GO_OR_HOLD),
    ],
)
def test_a_setting_that_is_missing_or_none_is_named_with_the_place_that_must_set_it(
    monkeypatch: pytest.MonkeyPatch, text: str, parse: Callable[[str], Any]
) -> None:
    monkeypatch.setenv("SETTING", text)
    with pytest.raises(InvalidSetting, match=r"SETTING is invalid: .*its template must set it"):
        variable("SETTING", parse)


def test_an_unknown_choice_without_a_quorum_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WITHOUT_QUORUM", "perhaps")
    with pytest.raises(
        InvalidSetting, match=r"WITHOUT_QUORUM .* is none of refuse, continue\. The"
    ):
        Deployment.from_environment()


def test_a_deployment_knows_its_names(known: Deployment) -> None:
    assert known.region == SECONDARY
    assert (known.primary_region, known.secondary_region) == (PRIMARY, SECONDARY)
    assert known.region_name(PRIMARY) == f"{PRIMARY}.pilotlight.example"
    assert known.origin_name(SECONDARY) == f"origin-{SECONDARY}.pilotlight.example"
    assert known.beacon_name == "beacon.pilotlight.example"


def test_every_variable_lands_in_the_field_of_its_name() -> None:
    found = Deployment.from_environment()
    names = {"region": "AWS_REGION", "level": "APP_LEVEL"}
    for field in (f.name for f in fields(found) if f.name != "app_tables"):
        value, name = getattr(found, field), names.get(field, field.upper())
        assert value == type(value)(ENVIRONMENT[name]), field
    assert [table.name for table in found.app_tables] == ["pilot-light-app-items"]
