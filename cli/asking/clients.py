"""Clients of AWS that ask once and briefly."""

from __future__ import annotations

import threading
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from tools.reader.samconfig import ConfigError

# Nothing is repeated: a person sees what is silent and asks again.
_BRIEF = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=32,
)


class Clients:
    """The account of the shell's credentials, or of a profile, or of the lab."""

    def __init__(self, profile: str | None = None, endpoint_url: str | None = None) -> None:
        """Read the AWS configuration.

        Raises
        ------
        ConfigError
            It cannot be read, or has no such profile.
        """
        self._endpoint_url = endpoint_url
        self._session: Any = botocore.session.Session(profile=profile)
        try:
            self._session.get_scoped_config()
        except BotoCoreError as error:
            raise ConfigError(f"{error}.") from error
        # The other way, `legacy`, asks us-east-1 who one is.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html
        self._session.set_config_variable("sts_regional_endpoints", "regional")
        self._clients: dict[tuple[str, str, float | None], Any] = {}
        # Making a client is not safe in several threads; using one is.
        # https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html
        self._lock = threading.Lock()

    def client(self, service: str, region: str, seconds: float | None = None) -> Any:
        """Return a client, made once. Each Region is asked at its own endpoint.

        `seconds` is how long it waits for an answer, if longer than for a read.
        """
        which = service, region, seconds
        with self._lock:
            if which not in self._clients:
                config = _BRIEF.merge(Config(read_timeout=seconds)) if seconds else _BRIEF
                self._clients[which] = self._session.create_client(
                    service, region_name=region, endpoint_url=self._endpoint_url, config=config
                )
            return self._clients[which]
