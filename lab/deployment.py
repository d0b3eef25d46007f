"""The real `sam build` and `sam deploy` of every stack, aimed at the lab."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from samtranslator.yaml_helper import yaml_parse

from lab.config import ROOT, LabError
from lab.process import RUN, STATE, log_tail, mark_deployed
from tools.reader import samconfig, template

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab.config import LabConfig
    from lab.progress import Progress

BUILD = STATE / "build"
SAM = Path(sys.executable).with_name("sam")


def build() -> None:
    """Run `sam build`, unless what it reads is as it was the last time."""
    mark, inputs = BUILD / "inputs.sha256", _fingerprint(_sources())
    built = BUILD / "out" / "template.yaml"
    if built.exists() and mark.exists() and mark.read_text() == inputs:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    run_sam(["build", "--build-dir", str(BUILD / "out")], "build", environment(None))
    _as_json(built)
    mark.write_text(inputs)


def _as_json(built: Path) -> None:
    """Write a template, and those of its nested applications, as JSON.

    It is YAML too, and saves each `sam deploy` about three seconds of parsing.
    """
    document = yaml_parse(built.read_text())
    built.write_text(json.dumps(document))
    for location in template.applications(document).values():
        _as_json(built.parent / location)


def deploy(config: LabConfig, progress: Progress, *more: str) -> None:
    """Run `sam deploy` for each config environment, those that wait for no other side by side.

    `more` are parameters of the pair's stacks, each as `Name=value`.
    """
    for together in ordered(config.config_envs):
        with (
            progress.step(f"sam deploy --config-env {' and '.join(together)}"),
            ThreadPoolExecutor(len(together)) as pool,
        ):
            for done in [pool.submit(deploy_stack, config, env, more) for env in together]:
                done.result()
    mark_deployed()


def ordered(envs: Sequence[str]) -> list[list[str]]:
    """Return the deployments in order. The Monitor's stack reads nothing of the other two."""
    groups = [[env] for env in envs if env != "monitor"]
    if "monitor" in envs:
        next(g for g in groups if g == ["primary"]).append("monitor")
    return groups


def deploy_stack(config: LabConfig, env: str, more: Sequence[str] = ()) -> None:
    """Run `sam deploy` for one config environment.

    Raises
    ------
    LabError
        It failed, with the last lines of its log.
    """
    arguments = ["deploy", "--config-env", env, "--template-file", str(BUILD / "out/template.yaml")]
    arguments += ["--config-file", config.samconfig, "--no-progressbar"]
    changed = parameters(env, config.speed) + (list(more) if env != "monitor" else [])
    if changed:
        deployment = template.deployment(env, Path(config.samconfig))
        own = {name: value for name, _, value in (part.partition("=") for part in changed)}
        given = {**deployment.parameters, **own}
        template.check(deployment.region, given, f"the lab's parameters, environment {env}")
        # On the command line they replace those of samconfig.toml, so all are repeated.
        overrides = [samconfig.as_argument(name, value) for name, value in given.items()]
        arguments += ["--parameter-overrides", *overrides]
    run_sam(arguments, f"deploy-{env}", environment(config))


def parameters(env: str, speed: float) -> list[str]:
    """Return the parameters that suit a stack to the lab's clock, beside those of samconfig.toml.

    They are intervals of code under test, which no speed divides.
    """
    if env == "monitor":
        return []
    heartbeat = f"HeartbeatSeconds={heartbeat_seconds(speed)}"
    if env == "primary":
        return [heartbeat]
    sentinel = f"SentinelIntervalSeconds={sentinel_interval(speed)}"
    return [heartbeat, sentinel, f"HealthyMinutes={healthy_minutes(speed)}"]


def heartbeat_seconds(speed: float) -> int:
    """Return the interval of heartbeats for a lab at some speed, which divides no code's own waits.

    The RPO is read from them, and an outage of the lab is shorter by the speed. Below five seconds
    they would cost two busy cores more than they show.
    """
    return min(30, max(5, round(20 / speed)))


def healthy_minutes(speed: float) -> int:
    """Return for how long the Primary has to have been well before a planned move.

    The template's five minutes, shorter as outages are; at ten times AWS's speed what is seen of it
    at that moment is enough.
    """
    return int(5 / speed)


def sentinel_interval(speed: float) -> int:
    """Return the sentinel's interval for a lab at some speed, which divides only AWS's intervals.

    The largest that the template allows and that gives each of the alarm's periods a point. Above
    ten times AWS's speed there is none.
    """
    return max((s for s in (2, 5, 10) if s <= 10 / speed), default=1)


def run_sam(
    arguments: list[str], name: str, variables: dict[str, str], folder: Path | None = None
) -> None:
    """Run `sam` in a folder, the checkout if none is given, with a log of this name in .lab/run.

    Raises
    ------
    LabError
        It failed, with the last lines of its log.
    """
    RUN.mkdir(parents=True, exist_ok=True)
    log = RUN / f"sam-{name}.log"
    with log.open("wb") as out:
        ended = subprocess.run(
            [str(SAM), *arguments],
            cwd=folder or ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        raise LabError(
            f"`sam {' '.join(arguments[:3])}` ended with {ended.returncode}:\n{log_tail(log)}"
        )


def environment(config: LabConfig | None) -> dict[str, str]:
    """Return the environment of sam: the lab's AWS and nobody's credentials."""
    home = STATE / "sam"
    home.mkdir(parents=True, exist_ok=True)
    (RUN / "tmp").mkdir(parents=True, exist_ok=True)
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("AWS_", "SAM_")) and not k.lower().endswith("_proxy")
    }
    variables = {
        **kept,
        "PATH": f"{SAM.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHON": sys.executable,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        "__SAM_CLI_APP_DIR": str(home),
        "TMPDIR": str(RUN / "tmp"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": str(home / "no-aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "no-aws-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {**variables, "AWS_ENDPOINT_URL": config.endpoint} if config else variables


def _sources() -> list[Path]:
    folders = (
        ROOT / "app",
        ROOT / "clients" / "python" / "src",
        ROOT / "data",
        ROOT / "functions",
        ROOT / "statemachines",
    )
    files = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.is_file()]
    kept = [p for p in files if "__pycache__" not in p.parts]
    return sorted([ROOT / "template.yaml", ROOT / "requirements" / "lab.txt", *kept])


def _fingerprint(files: Iterable[Path]) -> str:
    digest = hashlib.sha256(str(ROOT).encode())
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()
