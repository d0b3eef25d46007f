"""Talks to a running lab: its admin API, and its AWS as any client would."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab.config import LabError

if TYPE_CHECKING:
    from lab.config import LabConfig

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def control_table(config: LabConfig) -> str:
    """Return the name of the strongly consistent table that holds the control item."""
    return f"{config.app_name}-control-quorum"


class NotAnswering(LabError):
    """The engine does not answer."""


class Refused(LabError):
    """The admin API refused an action."""


class Control:
    """The admin API of a lab, an action for each method.

    `patience` is how many seconds an AWS client waits for an answer, and `attempts` how often it
    asks.
    """

    def __init__(self, config: LabConfig, patience: float = 20.0, attempts: int = 2) -> None:
        self._config = config
        self._attempts = attempts
        self._patience = patience
        self._clients: dict[tuple[str, str], Any] = {}

    def act(self, action: str, **options: Any) -> Any:
        """Do something and return what the admin API answers.

        Raises
        ------
        NotAnswering
            There is no engine, or it hangs.
        Refused
            With the admin API's reason.
        """
        url = f"{self._config.endpoint}/_lab/{action}"
        request = urllib.request.Request(url, json.dumps(options).encode(), method="POST")
        try:
            with _DIRECT.open(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NotAnswering(f"The lab at {self._config.endpoint} does not answer.") from error

    def _refusal(self, error: urllib.error.HTTPError) -> LabError:
        try:
            return Refused(json.load(error)["error"])
        except (OSError, ValueError, LookupError, TypeError):
            return self._no_lab()

    def _no_lab(self) -> NotAnswering:
        return NotAnswering(f"What answers at {self._config.endpoint} is no lab.")

    def answers(self, pid: int | None) -> bool:
        """Return whether this engine answers: another checkout's lab may have the port."""
        try:
            return bool(self.state()["pid"] == pid)
        except (NotAnswering, Refused):
            return False

    def state(self) -> dict[str, Any]:
        """Return the state of the lab."""
        state = self.act("state")
        if not isinstance(state, dict) or "pid" not in state:
            raise self._no_lab()
        return cast("dict[str, Any]", state)

    def leads_to(self) -> str | None:
        """Return the Region to which DNS leads for the public name now."""
        by_address = self._config.region_of_address
        answers = self.act("dns", name=self._config.public_name)
        return next((by_address[a["value"]] for a in answers if a["value"] in by_address), None)

    def who_is_active(self, lost: dict[str, Any]) -> dict[str, Any]:
        """Return the control item by the Secondary's own copy, or else the Primary's."""
        config = self._config
        # A Region that was lost so that it hangs would be waited for.
        silent = {r for r, loss in lost.items() if loss["mode"] in ("region", "global")}
        for region in (config.secondary_region, config.primary_region):
            if region in silent:
                continue
            with suppress(BotoCoreError, ClientError, KeyError):
                item = self.client("dynamodb", region).get_item(
                    TableName=control_table(config),
                    Key={"pk": {"S": "control"}},
                    # Its own copy, because the table may have no quorum.
                    ConsistentRead=False,
                )["Item"]
                return {
                    "active_region": item["active_region"]["S"],
                    "epoch": int(item["epoch"]["N"]),
                    "revision": int(item["revision"]["N"]),
                    "state": item["state"]["S"],
                }
        return dict.fromkeys(("active_region", "epoch", "revision", "state"))

    def mark_as_drill(self) -> None:
        """Mark what starts by itself in the next minutes as a drill."""
        region = self._config.secondary_region
        with suppress(BotoCoreError, ClientError):  # Nothing starts in a Region that is lost.
            self.client("dynamodb", region).update_item(
                TableName=f"{self._config.app_name}-recoveries",
                Key={"pk": {"S": "sentinel"}},
                UpdateExpression="SET drill_until = :until",
                ExpressionAttributeValues={":until": {"N": str(int(time.time()) + 900)}},
            )

    def client(self, service: str, region: str) -> Any:
        """Return a boto3 client of the lab's AWS, as the person who owns the account."""
        if (service, region) not in self._clients:
            self._clients[service, region] = cast("Any", boto3).client(
                service,
                endpoint_url=self._config.endpoint,
                region_name=region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(
                    retries={"total_max_attempts": self._attempts},
                    connect_timeout=2,
                    read_timeout=self._patience,
                    proxies={},
                ),
            )
        return self._clients[service, region]
