"""A Node.js function in an environment of the lab, without an engine around it."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lab.engine.lambda_workers import node_environments
from tests.unit.lab.engine.fakes import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_node = pytest.mark.skipif(
    shutil.which(node_environments.NODE) is None, reason="Node.js is not on this machine"
)
ARN = "arn:aws:lambda:us-west-2:000000000000:function:orders"


class Function:
    """A process with a function's code, and what MiniStack would exchange with it."""

    def __init__(self, process: Any) -> None:
        self.process = process

    def send(self, message: dict[str, Any]) -> None:
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        assert line, f"The environment has ended: {self.log()}"
        return json.loads(line)

    def invoke(self, event: Any = None, request: str = "r-1", timeout: int = 3000) -> Any:
        ctx = {"request_id": request, "invoked_function_arn": ARN, "timeout_ms": timeout}
        self.send({"event": event, "ctx": ctx})
        return self.answer()

    def log(self) -> str:
        """Return all that the function wrote, and end it."""
        self.process.stdin.close()
        written = self.process.stderr.read()
        self.process.wait(5)
        return str(written)


@contextmanager
def function(
    folder: Path,
    files: dict[str, str],
    handler: str = "app.handler",
    runtime: str = "nodejs22.x",
    **variables: str,
) -> Iterator[Function]:
    """Run a function; it is ready when the block begins."""
    code = folder / "code"
    for name, text in files.items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text(text)
    environment = {
        "PATH": str(os.environ["PATH"]),
        "AWS_LAMBDA_FUNCTION_NAME": "orders",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "LAB_ZONES": CONFIG.zone_name,
        "LAB_DNS": "127.0.0.1:1",
        # There is no authority to read, and Node.js would log that.
        "NODE_EXTRA_CA_CERTS": "",
        **variables,
    }
    running = Function(node_environments.start(str(code), environment, CONFIG))
    module, name = handler.rsplit(".", 1)
    try:
        running.send({"code_dir": str(code), "module": module, "handler": name})
        assert running.answer() == {"status": "ready", "cold": True}
        yield running
    finally:
        running.process.kill()
        running.process.wait(5)
        for stream in (running.process.stdin, running.process.stdout, running.process.stderr):
            stream.close()
