"""The deployment follows from samconfig.toml alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli import deployment
from tools.reader import ROOT
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

STACK = """
[{env}.deploy.parameters]
stack_name = "{stack}"
region = "{region}"
{more}
parameter_overrides = "Role={role} AppName={app} PrimaryRegion=eu-west-1 SecondaryRegion=eu-west-2 \
ZoneName={app}.example HostedZoneId=Z1 SentinelIntervalSeconds={interval}"
"""


def stack(role: str, app: str = "shop", interval: int = 10, env: str = "", more: str = "") -> str:
    region = "eu-west-2" if role == "Secondary" else "eu-west-1"
    names = {"env": env or role.lower(), "stack": f"{app}-{role.lower()}", "app": app}
    return STACK.format(role=role, region=region, interval=interval, more=more, **names)


def samconfig(folder: Path, *stacks: str) -> Path:
    file = folder / "samconfig.toml"
    file.write_text("version = 0.1\n" + "".join(stacks))
    return file


def test_names_follow_from_the_files_that_ship() -> None:
    found = deployment.find(ROOT / "samconfig.toml", None)
    assert (found.primary, found.secondary, found.witness) == (
        "us-west-2",
        "us-east-2",
        "us-east-1",
    )
    assert found.public_name == "app.pilotlight.example"
    assert found.name("recoveries") == "pilot-light-recoveries"
    assert found.bucket("123", "us-east-2") == "pilot-light-123-us-east-2"
    machine = "arn:aws:states:us-east-2:123:stateMachine:pilot-light-failover"
    assert found.machine("failover", "123", "us-east-2") == machine
    assert found.stacks["Secondary"] == "pilot-light-secondary"
    assert found.level == 2, "the example application is journaled"


def test_the_secondarys_parameters_count_because_it_owns_what_is_asked(tmp_path: Path) -> None:
    file = samconfig(
        tmp_path,
        stack("Secondary", env="secondary-first", interval=10),
        stack("Secondary", interval=20),
        stack("Primary", interval=30),
    )
    for env in (None, "primary", "secondary"):
        found = deployment.find(file, env)
        assert found.parameters["SentinelIntervalSeconds"] == "20"
        assert found.parameters["RpoObjectiveSeconds"] == "120", "the template's default"


def test_a_file_of_two_deployments_needs_a_choice(tmp_path: Path) -> None:
    file = samconfig(tmp_path, stack("Primary"), stack("Primary", app="other", env="other"))
    with pytest.raises(ConfigError, match=r"several deployments \(primary, other\).*--config-env"):
        deployment.find(file, None)
    assert deployment.find(file, "other").app_name == "other"


def test_an_environment_may_name_a_profile(tmp_path: Path) -> None:
    file = samconfig(tmp_path, stack("Primary", more='profile = "ops"'))
    assert deployment.find(file, None).profile == "ops"


def test_an_environment_without_a_pair_is_refused(tmp_path: Path) -> None:
    file = samconfig(tmp_path, '[x.deploy.parameters]\nstack_name = "x"\nregion = "eu-west-1"\n')
    with pytest.raises(ConfigError, match=r"samconfig\.toml, environment x: PrimaryRegion and"):
        deployment.find(file, "x")


def test_the_file_of_the_folder_one_is_in_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert deployment.default_file() == ROOT / "samconfig.toml"
    samconfig(tmp_path, stack("Primary"))
    assert deployment.default_file() == Path("samconfig.toml")


@pytest.mark.parametrize("command", [["status"], ["history"], ["report"], ["logs"]])
def test_a_wrong_environment_is_a_usage_error_that_names_the_right_ones(
    run: Callable[..., Result], command: list[str]
) -> None:
    ended = run(*command, "--config-env", "nope")
    assert ended.exit_code == 2
    assert "has no config environment nope. It has: secondary-first, primary" in ended.output


def test_a_samconfig_that_is_not_there_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="the folder that has the samconfig"):
        deployment.find(tmp_path / "other.toml", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deployment, "ROOT", tmp_path)
    with pytest.raises(ConfigError, match=r"There is no samconfig\.toml\."):
        deployment.find(None, None)
