"""What a cold start of each function costs: its import beside that of bare clients, side by side.

The CPU time of a whole process that imports a handler with the variables of the template, from the
layer as `sam build` packs it, is divided by that of a process that makes boto3's clients for the
same services and nothing else. Both run on this machine's Python, with bytecode, in turn. They find
the packages of Lambda's runtime, and nothing else that is installed here. Lambda's own part of a
cold start (the micro VM, the download) is in neither.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from lab.config import LabError
from tools.reader import ROOT
from tools.reader.template import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.reader.template import Template

ROUNDS = 15
# The packages of Lambda's runtime: botocore and dnspython import more where more is installed.
RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
# The runtime's Python, 3.13, collects garbage after 2,000 new objects, and earlier ones after 700.
# There a first collection of everything, a tenth of a cold start, is met by handlers alone.
BEGIN = "import gc, sys; gc.set_threshold(2000, 10, 10); "
# What each process runs, in the handler's folder. The layer and the services are its arguments.
PYTHON = (sys.executable, "-S", "-c")
HANDLER = f"{BEGIN}sys.path.insert(1, sys.argv[1]); import app"
CLIENTS = f"{BEGIN}import boto3; [boto3.client(name) for name in sys.argv[1:]]"
SERVICES = """
import sys
sys.path.insert(1, sys.argv[1])
import botocore.session
made, create = {}, botocore.session.Session.create_client
def recorded(self, name, *others, **given):
    made[name] = None
    return create(self, name, *others, **given)
botocore.session.Session.create_client = recorded
import app
print(*made)
"""


class ColdStartsNotMeasured(LabError):
    """The layer could not be built, or a handler could not be imported."""


def every(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure each function of the Secondary, and the size of their layer.

    Raises
    ------
    ColdStartsNotMeasured
        The layer was not built, or a process ended with an error. The message has its last line.
    """
    stack = load("secondary")
    with tempfile.TemporaryDirectory(prefix="pilot-light-layer-") as folder:
        packed = {"ARTIFACTS_DIR": folder, "PYTHON": sys.executable, "COMPILER": sys.executable}
        variables = [f"{name}={value}" for name, value in packed.items()]
        _ended(["make", "--silent", "build-SharedLayer", *variables], ROOT / "functions")
        layer, runtime = Path(folder) / "python", runtime_in(Path(folder) / "runtime")
        sizes = [(p.suffix, p.stat().st_size) for p in layer.rglob("*") if p.is_file()]
        functions = [
            measured(name, stack, layer, runtime, rounds)
            for name in stack.of_type("AWS::Serverless::Function")
        ]
    bytecode = sum(size for suffix, size in sizes if suffix == ".pyc")
    return {
        "rounds": rounds,
        "layer_mb": round(sum(size for _, size in sizes) / 1e6, 1),
        "bytecode_mb": round(bytecode / 1e6, 1),
        "load": round(os.getloadavg()[0], 1),
        "functions": functions,
    }


def runtime_in(folder: Path) -> Path:
    """Make a folder with the packages that Lambda's runtime has, as they are on this machine."""
    folder.mkdir()
    for name in RUNTIME:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ColdStartsNotMeasured(f"{name} is not installed.")
        origin = Path(spec.origin)
        place = origin.parent if spec.submodule_search_locations else origin
        (folder / place.name).symlink_to(place)
    return folder


def measured(name: str, stack: Template, layer: Path, runtime: Path, rounds: int) -> dict[str, Any]:
    """Measure one function: milliseconds of CPU of both, and the median of their ratios."""
    properties = stack.properties(name)
    own = properties["Environment"]["Variables"]
    words = re.findall("[A-Z][a-z]*", name.removesuffix("Function"))
    folder = ROOT / "functions" / "_".join(words).lower()
    given = environment(stack, own) | {"PYTHONPATH": str(runtime)}
    services = _ended([*PYTHON, SERVICES, str(layer)], folder, given).split()
    handler = [*PYTHON, HANDLER, str(layer)]
    clients = [*PYTHON, CLIENTS, *services]
    both = [(cpu_ms(handler, folder, given), cpu_ms(clients, folder, given)) for _ in range(rounds)]
    return summary(folder.name, services, both)


def summary(
    function: str, services: Sequence[str], both: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    """Return medians, from pairs of the handler's milliseconds and those of the bare clients."""
    return {
        "function": function,
        "services": list(services),
        "init_p50_ms": round(median(handler for handler, _ in both), 1),
        "bare_p50_ms": round(median(bare for _, bare in both), 1),
        "ratio": round(median(handler / bare for handler, bare in both), 3),
    }


def environment(stack: Template, variables: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that the template gives a function, and what Lambda adds."""
    shared = stack.function_defaults["Environment"]["Variables"]
    own = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POWERTOOLS_"))}
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return {k: str(v) for k, v in {**own, **shared, **variables}.items()} | {
        "AWS_REGION": stack.region,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def cpu_ms(command: list[str], folder: Path, variables: Mapping[str, str]) -> float:
    """Return the milliseconds of CPU, user's and system's, of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _ended(command, folder, variables)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def _ended(command: list[str], folder: Path, variables: Mapping[str, str] | None = None) -> str:
    """Run a process to its end and return what it printed."""
    ended = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise ColdStartsNotMeasured(f"{' '.join(command[:3])} failed: {last}")
    return ended.stdout
