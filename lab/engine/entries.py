"""One HTTPS entry for each Region: custom domains as in API Gateway, by the Host header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT

if TYPE_CHECKING:
    from lab.engine.aws import Aws

_DEFAULT_ENDPOINT = re.compile(r"([a-z0-9]+)\.execute-api\.")


class Entries:
    """Finds the API and stage behind a host and path of a Region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._region_of_port = {port: region for region, port in aws.config.entries.items()}

    def region_of(self, scope: Any) -> str | None:
        """Return the Region to whose entry a request came, or None for the API port."""
        server = scope.get("server")
        return self._region_of_port.get(server[1]) if server else None

    def route(self, region: str, host: str, path: str) -> str | None:
        """Return MiniStack's path of a request, or None where no custom domain of the Region fits.

        The longest base path mapping that fits wins, as in API Gateway.
        """
        host = host.split(":")[0].lower()
        if _DEFAULT_ENDPOINT.match(host):
            return None  # disabled by the template
        found: tuple[int, str] | None = None
        mappings = self._aws.apigateway._base_path_mappings.get_scoped(ACCOUNT, region, host, {})
        for base, mapping in mappings.items():
            prefix = "" if base in ("", "(none)") else f"/{base}"
            if prefix and path != prefix and not path.startswith(f"{prefix}/"):
                continue
            if found is None or len(prefix) > found[0]:
                rest = path[len(prefix) :] or "/"
                api, stage = mapping["restApiId"], mapping["stage"]
                found = (len(prefix), f"/_aws/execute-api/{api}/{stage}{rest}")
        return found[1] if found else None
