"""Cold starts, modelled: a new environment waits for what the lab spares it.

Environments are forked from a process that has imported the libraries, and run at the full speed of
a core. On Lambda each imports them itself, with a whole vCPU for up to 10 s
(https://serverlessland.com/content/service/lambda/guides/effectively-running-java-on-serverless/init-heavy-lifting),
and then has as much of a vCPU as it has of 1,769 MB
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). So an environment waits
before it is ready for the CPU time that importing the libraries took of one core here, and at the
end of its first invocation for as much longer as its share of a vCPU would have taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.engine.lambda_workers.functions import edit_worker_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.engine.aws import Aws

VCPU_MEGABYTES = 1769
# What fork_server.py and the worker's script read.
SLOWER = "LAB_FIRST_INVOCATION_SLOWER"
_READY = '_real_stdout.write(json.dumps({"status": "ready", "cold": True})'
_HANDLE = "result = handler_fn(event, context)\n"
_INDENT = " " * 12


class ColdStarts:
    """Whether environments that begin from now on have a cold start."""

    def __init__(self) -> None:
        self.on = False

    def switch(self, on: bool = True) -> dict[str, bool]:
        """Model cold starts, or do not, and return which."""
        self.on = on
        return {"on": on}

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the variables by which an environment knows of its cold start."""
        if not self.on:
            return {}
        memory = float(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", VCPU_MEGABYTES))
        return {SLOWER: str(max(0.0, VCPU_MEGABYTES / memory - 1))}


def install(aws: Aws) -> None:
    """Let workers wait. `os.environ.pop` makes both once for each environment."""
    edit_worker_script(
        aws,
        _READY,
        f'time.sleep(float(os.environ.pop("LAB_IMPORTS_SECONDS", "0")))\n        {_READY}',
    )
    edit_worker_script(
        aws,
        _HANDLE,
        f"_ms_cpu = time.process_time()\n{_INDENT}{_HANDLE}{_INDENT}"
        f'_ms_slower = float(os.environ.pop("{SLOWER}", "0"))\n{_INDENT}'
        "time.sleep((time.process_time() - _ms_cpu) * _ms_slower)\n",
    )
