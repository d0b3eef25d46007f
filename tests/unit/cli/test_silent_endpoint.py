"""With the real SDK against a socket that accepts and never answers: the program ends in time.

It runs in a process of its own, on loopback, because only a process shows whether threads that
hang keep it from ending.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from tools.reader import ROOT

# The Region's 3 s, and the start of Python and of the SDK on a machine that is busy.
SECONDS = 3.0 + 5.0
# A byte now and then outwits the limit of a read, and so the thread hangs for good.
PROGRAM = """
import socket, sys, threading, time
def drip(connection):
    while connection.send(b"H") and not time.sleep(0.5): pass
def serve():
    held = []
    while True:
        held.append(listener.accept()[0])
        if sys.argv[1] == "drips":
            threading.Thread(target=drip, args=held[-1:], daemon=True).start()
listener = socket.create_server(("127.0.0.1", 0))
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 0))
threading.Thread(target=serve, daemon=True).start()
from cli.main import main
main([
    "status", "--json",
    "--endpoint-url", "http://127.0.0.1:%d" % listener.getsockname()[1],
    "--resolver", "127.0.0.1:%d" % names.getsockname()[1],
], prog_name="pilot-light")
"""


@pytest.mark.parametrize("socket", ["is silent", "drips"])
def test_a_socket_that_never_answers_does_not_keep_the_program_from_ending(socket: str) -> None:
    path = os.pathsep.join(str(ROOT / p) for p in (".", "functions", "clients/python/src"))
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, socket],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    seconds = time.monotonic() - begun
    assert ended.returncode == 4, ended.stderr
    found = json.loads(ended.stdout)
    assert [region["answered"] for region in found["regions"]] == [False, False]
    assert all(region["seconds"] < 3.5 for region in found["regions"])
    assert {problem["kind"] for problem in found["problems"]} == {"silent"}
    assert seconds < SECONDS
