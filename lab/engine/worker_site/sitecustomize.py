"""Loaded by every Lambda worker of the lab, before any code of a function.

Names of the lab's zone resolve by the lab's DNS server, and the addresses it answers are carried to the
Regions' entries on loopback. So the code under test asks DNS and opens HTTPS as it would on AWS, and there
is no branch for the lab in it.
"""

import importlib.abc
import importlib.machinery
import os
import socket
import struct
import sys

_ZONE = os.environ.get("LAB_ZONE", "")
_DNS_HOST, _, _DNS_PORT = os.environ.get("LAB_DNS", "127.0.0.1:0").partition(":")
_ENTRIES = dict(e.split("=") for e in os.environ.get("LAB_ENTRIES", "").split(",") if e)
_getaddrinfo = socket.getaddrinfo


def _skip_name(data, at):
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += data[at] + 1
    return at + 1


def _address(name):
    """Ask the lab's DNS server for an A record; return the last address of the answer, or None."""
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.rstrip(".").split("."))
    query = struct.pack("!HHHHHH", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(2)
        asker.sendto(query, (_DNS_HOST, int(_DNS_PORT)))
        data = asker.recv(4096)
    at, found = _skip_name(data, 12) + 4, None
    for _ in range(struct.unpack("!H", data[6:8])[0]):
        at = _skip_name(data, at)
        kind, _, _, length = struct.unpack("!HHIH", data[at : at + 10])
        at += 10
        if kind == 1:
            found = socket.inet_ntoa(data[at : at + 4])
        at += length
    return found


def getaddrinfo(host, port, *args, **kwargs):
    """Resolve names of the lab's zone by the lab's DNS; everything else as ever."""
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and _ZONE and name.rstrip(".").endswith("." + _ZONE):
        address = _address(name)
        if address not in _ENTRIES:
            raise socket.gaierror(socket.EAI_NONAME, f"{name} does not resolve")
        return _getaddrinfo("127.0.0.1", int(_ENTRIES[address]), *args, **kwargs)
    return _getaddrinfo(host, port, *args, **kwargs)


socket.getaddrinfo = getaddrinfo


class _DnspythonFinder(importlib.abc.MetaPathFinder):
    """When dns.resolver is imported, its resolvers get the lab's server for /etc/resolv.conf's."""

    def find_spec(self, fullname, path, target=None):
        if fullname != "dns.resolver":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)

            def read_resolv_conf(self, _file):
                self.nameservers, self.port = [_DNS_HOST], int(_DNS_PORT)

            module.Resolver.read_resolv_conf = read_resolv_conf

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _DnspythonFinder())
