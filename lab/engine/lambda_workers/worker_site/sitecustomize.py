"""Loaded by every Lambda worker of the lab, before any code of a function.

A worker finds what Lambda would give it: the standard library, boto3 with its kin, its layers and
its code; nothing else of the lab's environment, so that a gap in the layer shows here too.

Names of the lab's zones resolve by the lab's DNS server, and the addresses it answers get the ports
of the Regions' entries on loopback. So the code under test asks DNS and opens HTTPS as it would on
AWS, and there is no branch for the lab in it.
"""

import importlib.abc
import importlib.machinery
import os
import socket
import sys
from typing import Any

from dnslib import QTYPE, DNSRecord

_ZONES = tuple(f".{z}" for z in os.environ.get("LAB_ZONES", "").split(",") if z)
_DNS_HOST, _, _DNS_PORT = os.environ.get("LAB_DNS", "127.0.0.1:0").partition(":")
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included
_RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six"}
_INSTALLED = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
_getaddrinfo = socket.getaddrinfo


def _entries() -> dict[str, str]:
    """Read the entries' sockets late: a forked worker has those of its own Region."""
    return dict(e.split("=") for e in os.environ.get("LAB_ENTRIES", "").split(",") if e)


def _addresses(name: str) -> list[str]:
    """Ask the lab's DNS server for A records and return the addresses of the answer."""
    reply = DNSRecord.question(name).send(_DNS_HOST, int(_DNS_PORT), timeout=2)
    return [str(r.rdata) for r in DNSRecord.parse(reply).rr if r.rtype == QTYPE.A]


def _of_the_lab(name: str) -> bool:
    of_an_api = ".execute-api." in name and name.endswith(".amazonaws.com")
    return of_an_api or name.endswith(_ZONES)


def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
    """Resolve names of the lab's zones and APIs by the lab's DNS; everything else as ever."""
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and _ZONES and _of_the_lab(name.rstrip(".")):
        entries = _entries()
        sockets = [entries[a].split(":") for a in _addresses(name) if a in entries]
        if not sockets:
            raise socket.gaierror(socket.EAI_NONAME, f"{name} does not resolve")
        return [found for ip, p in sockets for found in _getaddrinfo(ip, int(p), *args, **kwargs)]
    return _getaddrinfo(host, port, *args, **kwargs)


class _RuntimeFinder(importlib.abc.MetaPathFinder):
    """Finds boto3 and its kin where layers and code do not bring their own."""

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> Any:
        if fullname in _RUNTIME:
            return importlib.machinery.PathFinder.find_spec(fullname, _INSTALLED)
        return None


class _ResolverFinder(importlib.abc.MetaPathFinder):
    """Gives dns.resolver the lab's server for /etc/resolv.conf's."""

    def find_spec(self, fullname: str, path: Any, _target: Any = None) -> Any:
        if fullname != "dns.resolver":
            return None
        spec: Any = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None:
            return None
        run = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            run(module)

            def read_resolv_conf(self: Any, _file: Any) -> None:
                self.nameservers, self.port = [_DNS_HOST], int(_DNS_PORT)

            module.Resolver.read_resolv_conf = read_resolv_conf

        spec.loader.exec_module = exec_module
        return spec


socket.getaddrinfo = getaddrinfo
sys.path[:] = [p for p in sys.path if p not in _INSTALLED]
for module in [m for m in sys.modules if m.partition(".")[0] == "dnslib"]:
    del sys.modules[module]
sys.meta_path.insert(0, _ResolverFinder())
sys.meta_path.append(_RuntimeFinder())
