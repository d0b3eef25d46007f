"""The command `pilot-light check`: what it prints, and its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cli.check import command, delegation
from cli.main import main
from tests.unit.cli.check.made_up_account import SERVERS, MadeUpAccount, MadeUpResolver, refusal
from tests.unit.cli.documents import document
from tools.reader import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> MadeUpAccount:
    made = MadeUpAccount()
    monkeypatch.setattr(command, "Aws", lambda _profile: made)
    monkeypatch.setattr(delegation, "resolver", lambda _address: MadeUpResolver(SERVERS))
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_all_ok_ends_with_0_and_one_line_for_each_check(account: MadeUpAccount) -> None:
    ended = run()
    assert ended.exit_code == 0, ended.output
    lines = ended.output.splitlines()
    assert {line.split()[0] for line in lines[:-1]} == {"ok"}
    assert lines[-1] == f"{len(lines) - 1} ok, 0 failed, 0 unknown."


def test_a_failure_ends_with_1_and_says_what_to_do(account: MadeUpAccount) -> None:
    account.zone = None
    ended = run()
    assert ended.exit_code == 1
    lines = ended.output.splitlines()
    (at,) = [i for i, line in enumerate(lines) if line.startswith("failed")]
    assert lines[at].startswith("failed   hosted_zone: there is no hosted zone")
    assert lines[at + 1].startswith("         Create a public hosted zone")


def test_what_is_unknown_is_not_ok(account: MadeUpAccount) -> None:
    account.refuses["health_checks"] = refusal("AccessDenied")
    ended = run()
    assert ended.exit_code == 1
    assert "unknown  health_check_quota: " in ended.output


def test_json_has_every_check(account: MadeUpAccount) -> None:
    account.free = 10
    ended = run("--json")
    found = document(ended, "check")
    assert (ended.exit_code, found["ok"]) == (1, False)
    failed = [c for c in found["checks"] if c["state"] == "failed"]
    assert {c["name"] for c in failed} == {"concurrency_quota"}
    assert {c["where"] for c in failed} == {"us-east-2", "us-west-2"}
    assert all(c["detail"] and c["remedy"] for c in failed)


def test_one_environment_checks_its_own_stack(account: MadeUpAccount) -> None:
    ended = run("--config-env", "primary", "--json")
    checks = json.loads(ended.output)["checks"]
    assert ended.exit_code == 0
    assert [c["where"] for c in checks if c["name"] == "stack"] == ["us-west-2"]


def samconfig(folder: Path, old: str, new: str) -> str:
    """Write another samconfig.toml, and return its path."""
    text = (ROOT / "samconfig.toml").read_text()
    assert old in text
    (folder / "samconfig.toml").write_text(text.replace(old, new, 1))
    return str(folder / "samconfig.toml")


def test_a_bad_value_ends_with_2_before_anything_is_asked(
    account: MadeUpAccount, tmp_path: Path
) -> None:
    file = samconfig(tmp_path, "ZoneName=pilotlight.example", "ZoneName=BAD_ZONE.")
    ended = run("--config-file", file)
    assert ended.exit_code == 2
    assert ended.output.startswith(
        'Error: samconfig.toml, environment secondary-first: ZoneName is "BAD_ZONE."; it must match'
    )
    assert account.asked == []


def test_environments_of_two_profiles_are_checked_one_by_one(
    account: MadeUpAccount, tmp_path: Path
) -> None:
    file = samconfig(tmp_path, "resolve_s3", 'profile = "ops"\nresolve_s3')
    ended = run("--config-file", file)
    assert (ended.exit_code, "profiles" in ended.output) == (2, True)
    assert run("--config-file", file, "--config-env", "secondary-first").exit_code == 0


@pytest.mark.parametrize("text", ["", "version = 0.1\n[a.build.parameters]\nparallel = true\n"])
def test_a_file_that_deploys_nothing_ends_with_2(
    account: MadeUpAccount, tmp_path: Path, text: str
) -> None:
    (tmp_path / "samconfig.toml").write_text(text)
    assert run("--config-file", str(tmp_path / "samconfig.toml")).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config-env", "nobody"],
        ["--no-such-option"],
        ["--resolver", "dns.example"],
        ["--config-file", "/nowhere"],
    ],
)
def test_a_wrong_usage_ends_with_2(account: MadeUpAccount, arguments: list[str]) -> None:
    ended = run(*arguments)
    assert (ended.exit_code, account.asked) == (2, [])


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("9.9.9.9", ("9.9.9.9", 53)),
        ("127.0.0.1:5354", ("127.0.0.1", 5354)),
        ("::1", ("::1", 53)),
        ("[::1]:5354", ("::1", 5354)),
    ],
)
def test_a_resolver_may_be_named(text: str, at: tuple[str, int]) -> None:
    assert delegation.address(text) == at


@pytest.mark.parametrize("arguments", [["--help"], ["check", "-h"], ["--version"]])
def test_the_program_explains_itself(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 0
