"""Every socket on which the lab listens is on loopback: it is nobody's business but this machine's.

A real engine's process is looked at, and what it started to run a function.
"""

from __future__ import annotations

import io
import ipaddress
import json
import struct
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.control import Control
from lab.engine.proxy.entries import sockets
from tests.e2e.engines import engine, until

if TYPE_CHECKING:
    from lab.config import LabConfig

PROC = Path("/proc")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (PROC / "net/tcp").exists(), reason="It reads Linux's /proc."),
]
TCP_LISTENS, UDP_WAITS = "0A", "07"
STATES = {"tcp": TCP_LISTENS, "tcp6": TCP_LISTENS, "udp": UDP_WAITS, "udp6": UDP_WAITS}
CODE = "def handler(event, context):\n    return 'here'\n"


@dataclass(frozen=True)
class Listening:
    """A socket that waits for whoever comes."""

    protocol: str
    address: str
    port: int


def address_of(text: str) -> str:
    """Read an address as the kernel prints it: words of four bytes in the machine's order."""
    words = [text[i : i + 8] for i in range(0, len(text), 8)]
    packed = b"".join(struct.pack("=I", int(word, 16)) for word in words)
    return str(ipaddress.ip_address(packed))


def family_of(pid: int) -> set[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def sockets_of(pids: set[int]) -> set[str]:
    """Return the inodes of the sockets that processes hold."""
    found = set()
    for pid in pids:
        for handle in (PROC / str(pid) / "fd").glob("*"):
            try:
                target = str(handle.readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    return found


def listening(pid: int) -> set[Listening]:
    """Return every socket on which a process or one of its family listens."""
    held, found = sockets_of(family_of(pid)), set()
    for protocol, state in STATES.items():
        for line in (PROC / "net" / protocol).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and fields[9] in held:
                address, _, port = fields[1].partition(":")
                found.add(Listening(protocol, address_of(address), int(port, 16)))
    return found


def started(config: LabConfig) -> bool:
    """Say whether MiniStack has come to an end with what it starts in the background."""
    with urllib.request.urlopen(f"{config.endpoint}/_ministack/health", timeout=5) as answer:
        return json.load(answer)["iot_mtls"] != "starting"


def run_a_function(config: LabConfig) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", CODE)
    control, trusted = Control(config), {"Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    role = control.client("iam", config.primary_region).create_role(
        RoleName="here",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )["Role"]["Arn"]
    functions = control.client("lambda", config.primary_region)
    functions.create_function(
        FunctionName="here",
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    answer = functions.invoke(FunctionName="here")
    assert answer["Payload"].read() == b'"here"'


def test_every_listening_socket_of_the_lab_is_on_loopback(tmp_path: Path) -> None:
    with engine(tmp_path) as (config, pid):
        until("MiniStack has started", lambda: started(config))
        run_a_function(config)
        assert len(family_of(pid)) > 1, "no process of a function is looked at"
        found = listening(pid)
    elsewhere = {s for s in found if not ipaddress.ip_address(s.address).is_loopback}
    assert elsewhere == set()
    plain = {config.api_port, config.browser_port, config.page_port, config.dns_port}
    expected = {("127.0.0.1", port) for port in plain} | set(sockets(config))
    assert {(s.address, s.port) for s in found if s.protocol == "tcp"} == expected
    assert {(s.address, s.port) for s in found if s.protocol == "udp"} == {
        ("127.0.0.1", config.dns_port)
    }
