"""Execution environments: processes forked from one that has imported the libraries of the layer.

A laptop has two cores where Lambda has a fleet. Importing boto3 and Powertools takes about a second
of one; sixteen environments that start at once, as in a recovery, would take many times what they
take on AWS. So the libraries are imported once for each layer, from the layer as it was deployed.
What that saves each environment is modelled: cold_starts.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any

from lab.engine.lambda_workers import node_environments
from lab.engine.lambda_workers.functions import entries_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.engine.aws import Aws
    from lab.engine.lambda_workers.cold_starts import ColdStarts

FORK_SERVER = Path(__file__).parent / "worker_site" / "fork_server.py"
POLL_SECONDS = 0.005


class Environment:
    """A worker process, with what MiniStack uses of subprocess.Popen."""

    def __init__(self, pid: int, stdin: IO[str], stdout: IO[str], stderr: IO[str]) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return a code where the process has ended; which one is not known, as it is no child."""
        if self.returncode is None:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self.returncode = 0
                for stream in (self.stdin, self.stdout):
                    with contextlib.suppress(OSError):
                        stream.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() >= end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(POLL_SECONDS)
        return code

    def terminate(self) -> None:
        """Ask the process to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class ForkServer:
    """The process that environments of one set of layers are forked from."""

    def __init__(self, layers: str, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        self._socket, self._lock = ours, threading.Lock()
        with theirs:
            subprocess.Popen(
                [sys.executable, str(FORK_SERVER), str(theirs.fileno()), layers],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=dict(environment),
                start_new_session=True,
            )

    def spawn(self, script: str, cwd: str, environment: Mapping[str, str]) -> Environment:
        """Fork an environment that runs a worker script."""
        request = {"script": script, "cwd": cwd, "env": dict(environment)}
        (stdin, to_child), (from_child, stdout), (errors, stderr) = (os.pipe() for _ in range(3))
        with self._lock:
            data = json.dumps(request).encode() + b"\n"
            sent = socket.send_fds(self._socket, [data], [stdin, stdout, stderr])
            self._socket.sendall(data[sent:])
            answer = self._socket.recv(32)
        for theirs in (stdin, stdout, stderr):
            os.close(theirs)
        if not answer:
            raise RuntimeError("The process that execution environments are forked from has died.")
        return Environment(
            int(answer),
            os.fdopen(to_child, "w", buffering=1),
            os.fdopen(from_child),
            os.fdopen(errors),
        )


def install(aws: Aws, cold_starts: ColdStarts) -> None:
    """Have MiniStack fork its Python workers, and start those of Node.js as the lab does."""
    servers: dict[str, ForkServer] = {}
    lock = threading.Lock()

    def start(args: list[str], *, cwd: str, env: dict[str, str], **options: Any) -> Any:
        if args[0] not in (sys.executable, node_environments.NODE):
            return subprocess.Popen(args, cwd=cwd, env=env, **options)
        layers = env.get("_LAMBDA_LAYERS_DIRS", "")
        env = {**env, "LAB_ENTRIES": entries_of(aws.config, env.get("AWS_REGION", ""))}
        env |= cold_starts.variables(env)
        if args[0] == node_environments.NODE:
            return node_environments.start(cwd, env, aws.config)
        with lock:
            if layers not in servers:
                servers[layers] = ForkServer(layers, os.environ)
        return servers[layers].spawn(args[1], cwd, env)

    aws.lambda_runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": start})
