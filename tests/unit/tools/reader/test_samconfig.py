"""samconfig.toml means here what it means to `sam deploy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config import samconfig as sams

from tools.reader import overrides as overrides_reader
from tools.reader.samconfig import ConfigError, as_argument, environments, read

if TYPE_CHECKING:
    from pathlib import Path

STACK = 'stack_name = "shop"\nregion = "us-east-2"\n'
SCHEDULE = "cron(0 4 ? * TUE *)"


def samconfig(folder: Path, text: str) -> Path:
    file = folder / "samconfig.toml"
    file.write_text(f"version = 0.1\n{text}")
    return file


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sam's own reader keep to itself that it was used."""
    monkeypatch.setattr(sams.EventTracker, "track_event", lambda *_: None)


def by_sam(file: Path) -> dict[str, Any]:
    """What sam's own reader takes from the environment `shop`."""
    found = sams.SamConfig(str(file.parent), file.name).get_all(["deploy"], "parameters", "shop")
    return dict(found)


def overrides(folder: Path, toml: str) -> dict[str, str]:
    """The parameters by our reader, which have to be those of sam's own."""
    file = samconfig(folder, f"[shop.deploy.parameters]\n{STACK}parameter_overrides = {toml}\n")
    ours = dict(read(file, "shop").parameters)
    theirs = by_sam(file)
    assert ours == CfnParameterOverridesType().convert(theirs["parameter_overrides"], None, None)
    return ours


@pytest.mark.parametrize(
    ("toml", "found"),
    [
        ('"A=1 B=2"', {"A": "1", "B": "2"}),
        ('"  A=1   B=2 "', {"A": "1", "B": "2"}),
        ('["A=1", "B=2 C=3"]', {"A": "1", "B": "2", "C": "3"}),
        ('[["A=1"], ["B=2"]]', {"A": "1", "B": "2"}),
        (
            '{A = "1", B = 2, C = true, D = ["x", "y"]}',
            {"A": "1", "B": "2", "C": "True", "D": "x,y"},
        ),
        ('"ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue=2"', {"A": "1", "B": "2"}),
        ("'ParameterKey=A,ParameterValue=\"1 2\"'", {"A": "1 2"}),
        (f"'S=\"{SCHEDULE}\" B=2'", {"S": SCHEDULE, "B": "2"}),
        (f'"S=\\"{SCHEDULE}\\""', {"S": SCHEDULE}),
        (f"""["S='{SCHEDULE}'", "B=2"]""", {"S": SCHEDULE, "B": "2"}),
        ('"A=x=y=z B=a,b,c"', {"A": "x=y=z", "B": "a,b,c"}),
        ("'A=\"\" B=2'", {"A": "", "B": "2"}),
        ('\'A="say \\"yes\\" now"\'', {"A": 'say "yes" now'}),
        ('"A=1 A=2"', {"A": "2"}),
        ('""', {}),
    ],
)
def test_overrides_are_what_sam_takes_them_for(
    tmp_path: Path, toml: str, found: dict[str, str]
) -> None:
    assert overrides(tmp_path, toml) == found


def test_overrides_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("A: 1\nB: two words\n")
    assert overrides(tmp_path, f'"file://{tmp_path}/more.yaml"') == {"A": "1", "B": "two words"}


@pytest.mark.parametrize(
    ("toml", "rest"),
    [
        (f'"S={SCHEDULE} B=2"', "4 ? * TUE *)"),
        (f'["S={SCHEDULE}"]', "4 ? * TUE *)"),
        ('"A=1 stray B=2"', "stray"),
        ("'A=1\"2 3\"'", '"2 3"'),
        ('"ParameterKey=A,ParameterValue=1 B=2"', "B=2"),
        ('"Not_A_Name=1 B=2"', "Not_A_Name=1"),
    ],
)
def test_what_sam_would_leave_out_is_an_error(tmp_path: Path, toml: str, rest: str) -> None:
    file = samconfig(tmp_path, f"[shop.deploy.parameters]\n{STACK}parameter_overrides = {toml}\n")
    with pytest.raises(ConfigError) as refused:
        read(file, "shop")
    said = str(refused.value)
    assert said.startswith("samconfig.toml, environment shop: parameter_overrides: sam leaves out ")
    assert rest in said


@pytest.mark.parametrize("toml", ['"no pair at all"', "7", '"file:///nowhere.yaml"'])
def test_overrides_that_sam_refuses_are_refused_with_file_and_environment(
    tmp_path: Path, toml: str
) -> None:
    file = samconfig(tmp_path, f"[shop.deploy.parameters]\n{STACK}parameter_overrides = {toml}\n")
    with pytest.raises(ConfigError, match="environment shop: parameter_overrides: "):
        read(file, "shop")


def test_an_environment_has_its_global_values_unless_deploy_has_others(tmp_path: Path) -> None:
    file = samconfig(
        tmp_path,
        '[shop.global.parameters]\nstack_name = "all"\nregion = "eu-west-1"\nprofile = "ops"\n'
        '[shop.deploy.parameters]\nstack_name = "shop"\nparameter_overrides = "A=1"\n',
    )
    found = read(file, "shop")
    assert (found.stack_name, found.region, found.profile) == ("shop", "eu-west-1", "ops")
    theirs = by_sam(file)
    assert (theirs["stack_name"], theirs["region"]) == ("shop", "eu-west-1")


def test_an_environment_inherits_nothing_from_the_default_one(tmp_path: Path) -> None:
    file = samconfig(
        tmp_path,
        f"[default.deploy.parameters]\n{STACK}[shop.deploy.parameters]\nstack_name = 'x'\n",
    )
    with pytest.raises(ConfigError, match="environment shop: region is missing"):
        read(file, "shop")
    assert "region" not in by_sam(file)


def test_environments_are_those_that_deploy_a_stack(tmp_path: Path) -> None:
    file = samconfig(
        tmp_path,
        "[default.build.parameters]\nparallel = true\n"
        f"[b.deploy.parameters]\n{STACK}[a.deploy.parameters]\n{STACK}",
    )
    assert environments(file) == ["b", "a"]
    with pytest.raises(ConfigError, match=r"has no config environment c\. It has: b, a"):
        read(file, "c")


@pytest.mark.parametrize(
    "text", ["version", "shop = 3\n", "[shop]\ndeploy = 3\n", "[shop.deploy]\nparameters = 3\n"]
)
def test_a_file_of_another_form_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "samconfig.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"^samconfig\.toml"):
        read(file, "shop")


@given(st.text(alphabet=st.sampled_from("AB1 =,\"'\\\\.ParameterKey\t"), max_size=30))
def test_whatever_our_parser_takes_sams_takes_for_the_same(text: str) -> None:
    try:
        ours = overrides_reader.read(text)
    except overrides_reader.InvalidOverrides:
        return
    assert ours == CfnParameterOverridesType().convert(text, None, None)


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").write_text("$include: file://loop.yaml\n")
    with pytest.raises(overrides_reader.InvalidOverrides, match="includes itself"):
        overrides_reader.read(f"file://{tmp_path}/loop.yaml")


@given(st.text(alphabet=st.sampled_from("ab =,\"'()?*:{}#$\t"), max_size=12))
def test_a_value_on_the_command_line_comes_back_from_sams_parser(value: str) -> None:
    arguments = (as_argument("First", value), as_argument("Last", "1"))
    found = CfnParameterOverridesType().convert(arguments, None, None)
    assert found == {"First": value, "Last": "1"}
