"""What a lab is made of, and where it is read from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.config import ROOT, LabConfig, from_samconfig
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, VIRGINIA
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

PARAMETERS = {
    "PrimaryRegion": "us-west-2",
    "SecondaryRegion": "us-east-2",
    "ZoneName": "example.org",
    "HostedZoneId": "Z9",
}
ROLES = {
    "secondary-first": "Secondary",
    "primary": "Primary",
    "secondary": "Secondary",
    "monitor": "Monitor",
}
ENVS = tuple(ROLES)


def written(path: Path, overrides: Callable[[dict[str, str]], str], **parameters: str) -> Path:
    """Write a samconfig.toml whose environments give these parameters."""
    text = "version = 0.1\n"
    for env in parameters.pop("envs", " ".join(ENVS)).split():
        regions = {"Primary": parameters.get("PrimaryRegion"), "Monitor": "us-east-1"}
        region = regions.get(ROLES[env], parameters.get("SecondaryRegion"))
        text += (
            f"[{env}.deploy.parameters]\n"
            f'stack_name = "{env}"\nregion = "{region}"\n'
            f"parameter_overrides = {overrides({'Role': ROLES[env], **parameters})}\n"
        )
    file = path / "samconfig.toml"
    file.write_text(text)
    return file


def plain(parameters: dict[str, str]) -> str:
    return "'" + " ".join(f"{k}={v}" for k, v in parameters.items()) + "'"


def samconfig(
    path: Path, envs: tuple[str, ...] = ENVS, without: str = "", **more: str
) -> LabConfig:
    given = {k: v for k, v in {**PARAMETERS, **more}.items() if k != without}
    file = written(path, plain, envs=" ".join(envs), **given)
    return from_samconfig(file, path / ".lab")


def test_the_lab_is_the_deployment_that_samconfig_describes(tmp_path: Path) -> None:
    found = samconfig(tmp_path, AppName="shop", PublicLabel="www")
    assert (found.primary_region, found.secondary_region) == ("us-west-2", "us-east-2")
    assert (found.app_name, found.zone_name, found.hosted_zone_id) == ("shop", "example.org", "Z9")
    assert found.public_name == "www.example.org"
    assert found.config_envs == ENVS
    assert found.state_dir == str(tmp_path / ".lab")


def test_the_witness_is_the_templates_default_unless_it_is_given(tmp_path: Path) -> None:
    assert samconfig(tmp_path).witness_region == "us-east-1"
    given = samconfig(tmp_path, WitnessRegion="us-west-1")
    assert given.witness_region == "us-west-1"
    given.save(tmp_path / "lab.json")
    assert LabConfig.load(tmp_path / "lab.json").witness_region == "us-west-1"


def test_names_that_are_not_given_are_the_templates_defaults(tmp_path: Path) -> None:
    found = samconfig(tmp_path)
    assert (found.app_name, found.public_label) == ("pilot-light", "app")


def test_a_pair_with_us_east_1_needs_no_monitor(tmp_path: Path) -> None:
    found = samconfig(tmp_path, ENVS[:3], PrimaryRegion="us-east-1", WitnessRegion="us-west-2")
    assert found.config_envs == ENVS[:3]
    assert found.regions == ("us-east-1", "us-east-2")


def test_the_repositorys_own_samconfig_describes_a_lab() -> None:
    assert from_samconfig(ROOT / "samconfig.toml", ROOT / ".lab").zone_name


@pytest.mark.parametrize("missing", ENVS)
def test_a_missing_config_environment_is_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"samconfig.toml has no config environment {missing}"):
        samconfig(tmp_path, tuple(e for e in ENVS if e != missing))


@pytest.mark.parametrize("name", ["ZoneName", "HostedZoneId"])
def test_a_missing_parameter_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"environment secondary: {name} is missing"):
        samconfig(tmp_path, without=name)


def test_a_zone_that_route_53_could_not_have_is_refused_with_its_rule(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        samconfig(tmp_path, ZoneName="BAD_ZONE.")
    assert str(refused.value).startswith(
        'samconfig.toml, environment secondary: ZoneName is "BAD_ZONE."; it must match '
    )
    assert "without a dot at its end" in str(refused.value)


@pytest.mark.parametrize("text", ["not toml at all =", "[secondary.deploy.parameters]\n"])
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "samconfig.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"samconfig\.toml"):
        from_samconfig(file, tmp_path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        from_samconfig(tmp_path / "samconfig.toml", tmp_path)


def quoted(parameters: dict[str, str]) -> str:
    return "'" + " ".join(f'{k}="{v}"' for k, v in parameters.items()) + "'"


def listed(parameters: dict[str, str]) -> str:
    return "[" + ", ".join(f'"{k}={v}"' for k, v in parameters.items()) + "]"


@pytest.mark.parametrize("overrides", [plain, quoted, listed])
def test_overrides_are_read_in_every_spelling_that_sam_takes(
    tmp_path: Path, overrides: Callable[[dict[str, str]], str]
) -> None:
    file = written(tmp_path, overrides, **PARAMETERS)
    assert from_samconfig(file, tmp_path).zone_name == "example.org"


def test_a_value_with_blanks_is_one_value(tmp_path: Path) -> None:
    file = written(tmp_path, quoted, **PARAMETERS, RehearsalSchedule="cron(0 4 ? * TUE *)")
    assert from_samconfig(file, tmp_path).zone_name == "example.org"


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    saved = CONFIG.with_options(speed=4, entry_port=9441)
    saved.save(tmp_path / "lab.json")
    assert LabConfig.load(tmp_path / "lab.json") == saved


def test_options_that_are_not_given_stay_as_they_are() -> None:
    assert CONFIG.with_options(speed=None, api_port=4000) == CONFIG.with_options(api_port=4000)
    assert CONFIG.with_options(api_port=4000).endpoint == "http://127.0.0.1:4000"


def test_the_lab_has_the_pair_and_us_east_1() -> None:
    assert CONFIG.regions == (PRIMARY, SECONDARY, VIRGINIA)


def test_every_region_has_an_entry_and_an_address_of_its_own() -> None:
    assert CONFIG.entries == {PRIMARY: 8441, SECONDARY: 8442, VIRGINIA: 8443}
    assert CONFIG.addresses == {
        PRIMARY: "127.0.1.1",
        SECONDARY: "127.0.2.1",
        VIRGINIA: "127.0.3.1",
    }


def test_the_authority_is_kept_in_the_state_directory() -> None:
    assert CONFIG.ca_file == Path("nowhere/ca.pem")
