"""One HTTPS entry for each Region: custom domains, APIs and function URLs, by the Host header.

Each has several addresses, as API Gateway's names do: a client may try one after the other.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.engine.aws import Aws

ADDRESSES = 3
LOCALHOST = "127.0.0.1"
_FUNCTION_URL = re.compile(r"([a-z0-9]+)\.lambda-url\.([a-z0-9-]+)\.on\.aws\.?")
_API = re.compile(r"([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com\.?")


def addresses_of(config: LabConfig) -> dict[str, tuple[str, ...]]:
    """Return the addresses that DNS answers for each Region, the configured one first."""

    def several(first: str) -> tuple[str, ...]:
        network, _, number = first.rpartition(".")
        return tuple(f"{network}.{int(number) + i}" for i in range(ADDRESSES))

    return {region: several(first) for region, first in config.addresses.items()}


def listening_at(address: str) -> str:
    """Return where the entry listens that DNS leads to. Only Linux has all of 127.0.0.0/8."""
    return address if sys.platform == "linux" else LOCALHOST


def sockets(config: LabConfig) -> list[tuple[str, int]]:
    """Return the address and port of every socket of the entries."""
    crossing = [(region, port) for (_, region), port in config.cross_region_ports.items()]
    addresses = addresses_of(config)
    return [
        (host, port)
        for region, port in (*config.entries.items(), *crossing)
        for host in dict.fromkeys((LOCALHOST, *map(listening_at, addresses[region])))
    ]


def region_of_function_url(host: str) -> str | None:
    """Return the Region that a function URL's host names, or None for any other host."""
    match = _FUNCTION_URL.fullmatch(host.lower())
    return match[2] if match else None


def names_api(host: str) -> bool:
    """Return whether a host is an API's own name, at which the path begins with the stage."""
    return _API.fullmatch(host.split(":")[0].lower()) is not None


class Entries:
    """Finds the API and stage behind a host and path of a Region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        config = aws.config
        self._regions_of_port: dict[int, tuple[str | None, str]] = {
            **{port: (None, region) for region, port in config.entries.items()},
            **{port: pair for pair, port in config.cross_region_ports.items()},
        }

    def region_of(self, scope: Any) -> str | None:
        """Return the Region to whose entry a request came, or None for the API port."""
        return self._of(scope)[1]

    def caller_of(self, scope: Any) -> str | None:
        """Return the Region whose functions made a request; None for everybody else."""
        return self._of(scope)[0]

    def _of(self, scope: Any) -> tuple[str | None, str | None]:
        server = scope.get("server")
        return self.at(server[1]) if server else (None, None)

    def at(self, port: int) -> tuple[str | None, str | None]:
        """Return whose functions use a port, None for everybody, and the Region of its entry."""
        return self._regions_of_port.get(port, (None, None))

    def route(self, region: str, host: str, path: str) -> str | None:
        """Return MiniStack's path of a request, or None where no name of the Region fits.

        A domain name goes before a wildcard that covers it, and the longest base path mapping that
        fits wins, as in API Gateway.
        """
        host = host.split(":")[0].lower()
        if url := _FUNCTION_URL.fullmatch(host):
            return f"/_aws/lambda-url/{url[1]}{path}" if url[2] == region else None
        if api := _API.fullmatch(host):
            # The stage is the first part of the path, and MiniStack knows where there is none.
            return f"/_aws/execute-api/{api[1]}{path}" if api[2] == region else None
        longest: tuple[int, str] | None = None
        known = self._aws.apigateway._base_path_mappings
        wildcard = f"*.{host.partition('.')[2]}"
        mappings = known.get_scoped(ACCOUNT, region, host, None)
        if mappings is None:
            mappings = known.get_scoped(ACCOUNT, region, wildcard, {})
        for base, mapping in mappings.items():
            prefix = "" if base in ("", "(none)") else f"/{base}"
            if prefix and path != prefix and not path.startswith(f"{prefix}/"):
                continue
            if longest is None or len(prefix) > longest[0]:
                rest = path[len(prefix) :] or "/"
                # A mapping without a stage leaves it to the path.
                stage = f"/{mapping['stage']}" if mapping.get("stage") else ""
                longest = (len(prefix), f"/_aws/execute-api/{mapping['restApiId']}{stage}{rest}")
        return longest[1] if longest else None
