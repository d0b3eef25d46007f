"""The application is built when its sources changed, and deployed in order to the lab alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.config import LabError
from lab.deployment import ordered
from tests.unit.lab.engine.fakes import CONFIG

if TYPE_CHECKING:
    from tests.unit.lab.made_up_sam import Sam


def test_stacks_are_deployed_in_the_order_that_they_need() -> None:
    envs = ["secondary-first", "primary", "secondary"]
    assert ordered(envs) == [["secondary-first"], ["primary"], ["secondary"]]


def test_the_monitor_is_deployed_beside_the_primary() -> None:
    envs = ["secondary-first", "primary", "secondary", "monitor"]
    assert ordered(envs) == [["secondary-first"], ["primary", "monitor"], ["secondary"]]


def test_the_first_time_the_application_is_built(sam: Sam) -> None:
    sam.build()
    (command, given) = sam.calls[0]
    out = sam.root / ".lab/build/out"
    assert command == [str(sam.root / "bin/sam"), "build", "--build-dir", str(out)]
    assert (given["cwd"], given["stdin"]) == (sam.root, subprocess.DEVNULL)


def test_templates_are_json_for_the_deployment_those_of_nested_applications_too(sam: Sam) -> None:
    sam.build()
    for path, name, referred in (
        ("template.yaml", "A", "B"),
        ("Example/template.yaml", "C", "D"),
    ):
        built = json.loads((sam.root / ".lab/build/out" / path).read_text())
        assert built["Resources"][name]["Properties"] == {"TopicName": {"Ref": referred}}


def test_an_unchanged_application_is_not_built_again(sam: Sam) -> None:
    sam.build()
    sam.write("functions/app/__pycache__/app.cpython-311.pyc", "compiled")
    sam.write("docs/lab.md", "not a source")
    sam.build()
    assert sam.builds == 1


@pytest.mark.parametrize(
    "source",
    [
        "template.yaml",
        "requirements/lab.txt",
        "functions/app/app.py",
        "functions/pilotlight/failover/new.py",
        "functions/requirements.txt",
        "statemachines/failover.asl.yaml",
        "app/template.yaml",
    ],
)
def test_a_change_of_any_source_builds_again(sam: Sam, source: str) -> None:
    sam.build()
    sam.write(source, "changed")
    sam.build()
    assert sam.builds == 2


def test_a_source_that_moved_or_went_away_builds_again(sam: Sam) -> None:
    sam.build()
    app = sam.root / "functions/app/app.py"
    moved = app.rename(app.with_name("moved.py"))
    sam.build()
    moved.unlink()
    sam.build()
    assert sam.builds == 3


def test_a_build_that_was_removed_is_made_again(sam: Sam) -> None:
    sam.build()
    (sam.root / ".lab/build/out/template.yaml").unlink()
    sam.build()
    assert sam.builds == 2


def test_after_a_build_that_failed_the_next_one_is_made_though_nothing_changed(sam: Sam) -> None:
    sam.build()
    sam.write("template.yaml", "broken")
    sam.fails["build"] = "Error: broken"
    for _ in range(2):
        with pytest.raises(LabError):
            sam.build()
    assert sam.builds == 3


def test_a_build_that_failed_half_way_is_not_taken_for_the_one_before_it(sam: Sam) -> None:
    sam.build()
    before = (sam.root / "template.yaml").read_text()
    sam.write("template.yaml", "broken")
    sam.fails["build"] = "Error: broken"
    with pytest.raises(LabError):
        sam.build()
    sam.fails.clear()
    sam.write("template.yaml", before)
    sam.build()
    assert sam.builds == 3


def test_a_sam_that_fails_says_the_last_lines_of_its_log(sam: Sam) -> None:
    sam.fails["primary"] = "\n".join(f"line {i}" for i in range(40)) + "\nError: no such thing\n"
    with pytest.raises(LabError) as failure:
        sam.deploy("primary")
    said = str(failure.value).splitlines()
    assert said[0] == "`sam deploy --config-env primary` ended with 1:"
    assert said[1:] == [f"line {i}" for i in range(29, 40)] + ["Error: no such thing"]


def test_every_stack_is_deployed_with_its_own_environment_of_samconfig(sam: Sam) -> None:
    sam.deploy("secondary-first", "primary", "secondary", "monitor")
    envs = [command[3] for command, _ in sam.calls]
    assert (envs[0], set(envs[1:3]), envs[3]) == (
        "secondary-first",
        {"primary", "monitor"},
        "secondary",
    )
    command, _ = sam.calls[0]
    assert command[1:3] == ["deploy", "--config-env"]
    assert command[4:8] == [
        "--template-file",
        str(sam.root / ".lab/build/out/template.yaml"),
        "--config-file",
        str(sam.root / "samconfig.toml"),
    ]
    assert sam.steps.shown[1] == "sam deploy --config-env primary and monitor"


def test_further_parameters_go_to_both_stacks_of_the_pair(sam: Sam) -> None:
    sam.deploy("secondary-first", "primary", "monitor", "secondary", more=("HealthyMinutes=0",))
    given = {command[3] for command, _ in sam.calls if "HealthyMinutes=0" in command}
    assert given == {"secondary-first", "primary", "secondary"}


def test_only_a_whole_deployment_makes_a_lab_deployed(sam: Sam) -> None:
    mark = sam.root / ".lab/run/deployed"
    sam.fails["secondary"] = "Error"
    with pytest.raises(LabError):
        sam.deploy("primary", "secondary")
    assert not mark.exists()
    sam.fails.clear()
    sam.deploy("primary", "secondary")
    assert mark.exists()


@pytest.mark.parametrize("failing", ["primary", "monitor"])
def test_a_stack_that_failed_ends_the_deployment(sam: Sam, failing: str) -> None:
    sam.fails[failing] = "Error"
    with pytest.raises(LabError, match=failing):
        sam.deploy("primary", "secondary", "monitor")
    assert "secondary" not in [command[3] for command, _ in sam.calls]


def test_sam_gets_nothing_of_the_users_aws(sam: Sam, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, "the user's")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CONFIG_FILE", "SAM_CLI_BETA"):
        monkeypatch.setenv(name, "the user's")
    for name in ("HTTPS_PROXY", "http_proxy", "ALL_PROXY", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "the user's")
    monkeypatch.setenv("LANG", "C.UTF-8")
    sam.build()
    sam.deploy("primary")
    for _, given in sam.calls:
        environment = given["env"]
        assert "the user's" not in environment.values()
        assert environment["LANG"] == "C.UTF-8"
        assert (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]) == (
            "test",
            "test",
        )
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            assert not Path(environment[name]).exists()


def test_only_a_deployment_is_led_to_the_lab(sam: Sam) -> None:
    sam.build()
    sam.deploy("primary")
    (_, built), (_, deployed) = sam.calls
    assert "AWS_ENDPOINT_URL" not in built["env"]
    assert deployed["env"]["AWS_ENDPOINT_URL"] == CONFIG.endpoint


def test_sam_uses_this_environments_python_and_leaves_its_files_in_the_lab(sam: Sam) -> None:
    sam.build()
    environment = sam.calls[0][1]["env"]
    assert environment["PYTHON"] == sys.executable
    assert environment["PATH"].split(os.pathsep)[0] == str(sam.root / "bin")
    assert environment["SAM_CLI_TELEMETRY"] == "0"
    for name in ("TMPDIR", "__SAM_CLI_APP_DIR"):
        assert Path(environment[name]).is_relative_to(sam.root / ".lab")
        assert Path(environment[name]).is_dir()
