"""Execution environments of Node.js functions: a process of the machine's own `node` for each.

It speaks with MiniStack as the Python workers do, over a pipe of its own, so that nothing that a
function prints is taken for an answer. It imports its code itself, with a whole core: of its cold
start only the first invocation is slower, by its share of a vCPU (cold_starts.py).

Packages are found as on Lambda: those of the function, of its layers, of the runtime. The latter,
the AWS SDK, is taken from clients/node where that is installed.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.config import ROOT
from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lab.config import LabConfig
    from lab.engine.aws import Aws

NODE = "node"
RUNTIME = Path(__file__).parent / "node_site" / "runtime.cjs"
SDK = ROOT / "clients" / "node" / "node_modules"
# node_site/handler.cjs has it too, for a function's first invocation.
SDK_REMEDY = (
    "Lambda's runtime has it; the lab has only what the application or clients/node has installed. "
    "Add it to the function's package.json, or run `npm install --no-save --prefix clients/node "
    "{package}` in Pilot Light's checkout."
)
SDK_SCOPES = ("@aws-sdk", "@smithy", "@aws-crypto", "@aws")


def install(aws: Aws) -> None:
    """Name the runtime to each environment, as Lambda does: handlers differ by its version."""

    @wrap(aws.lambda_runtime.Worker, "__init__")
    def init(original: Any, self: Any, name: str, config: dict[str, Any], code: bytes) -> None:
        runtime = str(config.get("Runtime"))
        if runtime.startswith("nodejs"):
            configured = config.get("Environment", {}).get("Variables", {})
            variables = {**configured, "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}"}
            config = {**config, "Environment": {"Variables": variables}}
        original(self, name, config, code)


def start(code: str, environment: Mapping[str, str], config: LabConfig) -> Any:
    """Start an environment for the code in a folder.

    Returns
    -------
    A `subprocess.Popen` whose `stdout` are the answers, and whose `stderr` is the log.
    """
    answers, answering = os.pipe()
    log, logging = os.pipe()
    try:
        process = subprocess.Popen(
            [NODE, str(RUNTIME), str(answering)],
            cwd=code,
            env=variables(environment, code, config),
            stdin=subprocess.PIPE,
            stdout=logging,
            stderr=logging,
            pass_fds=[answering],
            text=True,
            bufsize=1,
        )
    finally:
        os.close(answering)
        os.close(logging)
    process.stdout, process.stderr = os.fdopen(answers), os.fdopen(log, errors="replace")
    return process


def variables(environment: Mapping[str, str], code: str, config: LabConfig) -> dict[str, str]:
    """Return the environment of a process: without Python's, with the lab's authority."""
    modules = packages(Path(code), environment)
    kept = {k: v for k, v in environment.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    layers = [str(Path(layer) / "nodejs") for layer in _layers(environment)]
    return {
        "NODE_EXTRA_CA_CERTS": str(config.ca_file),
        **kept,
        "NODE_PATH": os.pathsep.join([str(modules), *layers, code]),
    }


def packages(code: Path, environment: Mapping[str, str]) -> Path:
    """Make a folder beside the code with all packages of layers and runtime, and return it.

    A folder above the code's is where `import` looks too; it does not read NODE_PATH.
    """
    modules = code.parent / "node_modules"
    modules.mkdir(exist_ok=True)
    version = re.sub(r"\D", "", environment.get("AWS_EXECUTION_ENV", ""))
    for layer in _layers(environment):
        of_version = layer / "nodejs" / f"node{version}" / "node_modules"
        for place in (of_version, layer / "nodejs" / "node_modules"):
            _link(place.iterdir() if place.is_dir() else (), modules)
    _link((SDK / scope for scope in SDK_SCOPES if (SDK / scope).is_dir()), modules)
    return modules


def _link(found: Iterable[Path], modules: Path) -> None:
    """Link packages, those of a scope one by one. What is there already comes first."""
    for package in found:
        if package.name.startswith("@"):
            (modules / package.name).mkdir(exist_ok=True)
            _link(package.iterdir(), modules / package.name)
        else:
            with suppress(FileExistsError):
                (modules / package.name).symlink_to(package)


def _layers(environment: Mapping[str, str]) -> list[Path]:
    joined = environment.get("_LAMBDA_LAYERS_DIRS", "")
    return [Path(layer) for layer in joined.split(os.pathsep) if layer]
