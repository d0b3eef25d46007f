"""Builds and deploys somebody else's SAM application into one Region of a running lab."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

from lab import deployment, fitness, ignored
from lab.config import LabError
from lab.process import STATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lab.config import LabConfig
    from lab.progress import Progress

TEMPLATES = ("template.yaml", "template.yml", "template.json")


def build(folder: Path, progress: Progress) -> Path:
    """Run `sam build` and return the built template.

    Python functions are built for this machine's Python, which runs them, whatever version the
    template names: `sam build` refuses another, and compiled packages of another would not load.

    Raises
    ------
    LabError
        There is no template, the lab cannot run a function, a tool is missing, or the build failed.
    """
    name = folder.resolve().name
    template = yaml_parse(_template(folder).read_text())
    fitness.check(template, folder)
    variables = deployment.environment(None)
    variables["PATH"] = os.pathsep.join(
        [variables["PATH"], fitness.path_of_tools(template, folder)]
    )
    replaced = fitness.name_machine_python(template)
    out = STATE / "applications" / name
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    # Beside the original, because what it names is found from its folder.
    given = folder.resolve() / ".lab-template.json"
    arguments = ["build", "--template-file", str(given), "--build-dir", str(out)]
    arguments += ["--config-file", str(_no_samconfig())]
    with progress.step(f"sam build of {folder}"):
        try:
            given.write_text(json.dumps(template))
            deployment.run_sam(arguments, f"build-{name}", variables, folder)
        finally:
            given.unlink(missing_ok=True)
    built = out / "template.yaml"
    parsed = yaml_parse(built.read_text())
    fitness.name_again(parsed, replaced)
    built.write_text(json.dumps(parsed))
    for sentence in fitness.warnings(parsed, out):
        progress.event(sentence)
    return built


def deploy(
    config: LabConfig,
    progress: Progress,
    built: Path,
    region: str,
    stack: str,
    parameters: Sequence[str] = (),
) -> None:
    """Run `sam deploy` of a built template; `parameters` are each `Name=value`.

    Raises
    ------
    LabError
        It failed, with the last lines of its log.
    """
    arguments = ["deploy", "--template-file", str(built), "--stack-name", stack]
    arguments += ["--region", region, "--resolve-s3", "--no-progressbar", "--no-confirm-changeset"]
    arguments += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    arguments += ["CAPABILITY_AUTO_EXPAND", "--no-fail-on-empty-changeset"]
    arguments += ["--config-file", str(_no_samconfig())]
    if parameters:
        arguments += ["--parameter-overrides", *parameters]
    log = f"deploy-{stack}-{region}"
    with progress.step(f"sam deploy of {stack} to {region}"):
        deployment.run_sam(arguments, log, deployment.environment(config), built.parent)
    if sentence := ignored.sentence(dict(ignored.templates(built))):
        progress.event(sentence)


def outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    """Return the outputs of a stack, by a CloudFormation client of its Region."""
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}


def _template(folder: Path) -> Path:
    for name in TEMPLATES:
        if (folder / name).is_file():
            return folder / name
    raise LabError(
        f"{folder} has no {TEMPLATES[0]}. Name the folder of a SAM application's template."
    )


def _no_samconfig() -> Path:
    """Return an empty samconfig.toml: the application's own is for accounts of AWS."""
    empty = STATE / "applications" / "samconfig.toml"
    empty.parent.mkdir(parents=True, exist_ok=True)
    empty.write_text("version = 0.1\n")
    return empty
