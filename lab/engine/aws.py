"""MiniStack, imported once its environment is set, and what the other modules need of it.

MiniStack 1.5.33 (MIT) serves AWS's APIs in one process. Its gaps are closed by assignment on
exactly that version; every such place says what AWS does.
"""

from __future__ import annotations

import contextvars
import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
from botocore.config import Config

from lab.config import ACCOUNT
from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import LabConfig
    from lab.engine.clock import Clock


_SERVICE = "ministack.services."
MODULES = {
    "app": "ministack.app",
    "responses": "ministack.core.responses",
    "lambda_runtime": "ministack.core.lambda_runtime",
    "lambda_service": _SERVICE + "lambda_svc",
    "cloudwatch": _SERVICE + "cloudwatch",
    "eventbridge": _SERVICE + "eventbridge",
    "scheduler": _SERVICE + "scheduler",
    "stepfunctions": _SERVICE + "stepfunctions",
    "route53": _SERVICE + "route53",
    "dynamodb": _SERVICE + "dynamodb",
    "s3": _SERVICE + "s3",
    "sqs": _SERVICE + "sqs",
    "apigateway": _SERVICE + "apigateway_v1",
    "http_apis": _SERVICE + "apigateway",
    "backup": _SERVICE + "backup",
    "logs": _SERVICE + "cloudwatch_logs",
    "cloudtrail": _SERVICE + "cloudtrail",
    "sts": _SERVICE + "sts",
    "iam": _SERVICE + "iam",
    "iam_evaluator": "ministack.core.iam_evaluator",
    "provisioners": _SERVICE + "cloudformation.provisioners",
}


class Aws:
    """The modules of MiniStack, as attributes, and a few helpers on them."""

    def __init__(self, config: LabConfig, clock: Clock, modules: dict[str, Any]) -> None:
        self.config = config
        self.clock = clock
        self._modules = modules

    def __getattr__(self, name: str) -> Any:
        """Return a module by its name in `MODULES`."""
        try:
            return self.__dict__["_modules"][name]
        except KeyError:
            raise AttributeError(name) from None

    def region(self) -> str:
        """Return the Region of the request that is being served."""
        return str(self.responses.get_region())

    def within(self, region: str, action: Callable[..., Any], *args: Any) -> Any:
        """Do something as a request in a Region would."""

        def scoped() -> Any:
            self.responses._request_account_id.set(ACCOUNT)
            self.responses._request_region.set(region)
            return action(*args)

        return contextvars.copy_context().run(scoped)

    def client(
        self,
        service: str,
        region: str,
        key: str = "test",
        secret: str = "test",
        token: str | None = None,
    ) -> Any:
        """Return a client of the lab itself. Without credentials it is the account's root."""
        return cast("Any", boto3).client(
            service,
            endpoint_url=self.config.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(
                parameter_validation=False,
                inject_host_prefix=False,
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=900,
                max_pool_connections=50,
                s3={"addressing_style": "path"},
            ),
        )


def load(config: LabConfig, clock: Clock) -> Aws:
    """Set MiniStack's environment and import it. Nothing of it may be imported before."""
    os.environ.update(
        GATEWAY_PORT=str(config.api_port),
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION=config.secondary_region,
        LOG_LEVEL="WARNING",
        AUTH="true",
        CLOUDTRAIL_RECORDING="1",
        # They would listen on every address, whatever BIND_HOST says.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        STATE_DIR=str(Path(config.state_dir) / "ministack"),
    )
    modules = {name: importlib.import_module(path) for name, path in MODULES.items()}
    return Aws(config, clock, modules)


def know_service_names() -> None:
    """Give the router the names of AWS's services.

    It would read every service model of botocore to learn them, on the event loop, when the first
    call comes for a service that it does not serve: the whole lab would freeze for seconds.
    """
    router: Any = importlib.import_module("ministack.core.router")
    if not hasattr(router, "_KNOWN_AWS_SERVICE_NAMES"):
        raise AssertionError("ministack.core.router is not the version this lab knows.")
    names = botocore.session.get_session().get_available_services()
    # What signs as servicequotas is service-quotas to botocore.
    router._KNOWN_AWS_SERVICE_NAMES = frozenset(names) | {n.replace("-", "") for n in names}


def stand_for_tls(aws: Aws) -> None:
    """Let the API port, plain HTTP on loopback, count as TLS: aws:SecureTransport is true."""

    @wrap(aws.app, "pin_request_origin")
    def pin_as_secure(pin: Any, source_ip: str, _secure: bool) -> Any:
        return pin(source_ip, True)
