"""Forks execution environments from a process that has the big libraries imported already.

Started by execution_environments.py: `python fork_server.py SOCKET_FD LAYER_DIRS`. A request is one
JSON line with the standard streams as file descriptors; the answer is the process id. Ends when the
socket closes.
"""

import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
from typing import Any

# What the functions import. What is missing in a layer fails in the function, as on AWS.
LIBRARIES = (
    "boto3",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.validation",
    "concurrent.futures.thread",
    "dns.resolver",
    "urllib3",
)


def preload(layers: str) -> float:
    """Import the libraries from the layers as a worker would find them, then forget the paths.

    Returns the CPU seconds that this took, with the compiling that a read-only layer asks of each
    cold start on Lambda.
    """
    before, began = list(sys.path), time.process_time()
    for layer in filter(None, layers.split(os.pathsep)):
        sys.path.insert(0, os.path.join(layer, "python"))  # noqa: PTH118 - pathlib costs each worker
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    sys.path[:] = before
    return time.process_time() - began


def forget(code: str, preloaded: set[str]) -> None:
    """Forget the libraries of which a function brings its own version: that one comes first."""
    own = {name.removesuffix(".py") for name in os.listdir(code)}  # noqa: PTH208 - as above
    for name in preloaded:
        if name.partition(".")[0] in own:
            sys.modules.pop(name, None)


def become_worker(
    request: dict[str, Any], streams: list[int], imports: float, preloaded: set[str]
) -> None:
    """Run the worker's script in this process, which is a fork, and leave it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["cwd"])
    forget(request["cwd"], preloaded)
    os.environ.clear()
    os.environ.update(request["env"])
    if "LAB_FIRST_INVOCATION_SLOWER" in os.environ:
        os.environ["LAB_IMPORTS_SECONDS"] = str(imports)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.argv = [request["script"]]
    try:
        runpy.run_path(request["script"], run_name="__main__")
    finally:
        sys.stdout.flush()
        os._exit(0)


def main() -> None:
    """Serve until the other side closes the socket."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    before = set(sys.modules)
    imports = preload(sys.argv[2])
    preloaded = {
        name
        for name in set(sys.modules) - before
        if name.partition(".")[0] not in sys.stdlib_module_names
    }
    # The system reaps the children; who waits for one asks whether its process is still there.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, streams, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        if not data:
            # The lab is gone: so is every environment, those in the midst of an invocation too.
            os.killpg(0, signal.SIGKILL)
        while not data.endswith(b"\n"):
            data += requests.recv(1 << 20)
        pid = os.fork()
        if pid == 0:
            requests.close()
            become_worker(json.loads(data), streams, imports, preloaded)
        for stream in streams:
            os.close(stream)
        requests.sendall(f"{pid}\n".encode())


if __name__ == "__main__":
    main()
