"""State machines call as their own role.

moto's interpreter asks for a client by Region, service and the machine's role. It gets one with a
session of that role, so that MiniStack checks every call against the role's policies. The role must
trust Step Functions.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lab.engine.patching import replace_everywhere

if TYPE_CHECKING:
    from lab.engine.aws import Aws
    from lab.engine.outages.outage import Outage

PRINCIPAL = "states.amazonaws.com"


def _trusts(aws: Aws, account: str, name: str) -> bool:
    role = aws.iam._roles.get_scoped(account, None, name)
    if role is None:
        return False
    document = role["AssumeRolePolicyDocument"]
    document = json.loads(unquote(document)) if isinstance(document, str) else document

    def services(statement: dict[str, Any]) -> list[str]:
        principals = statement.get("Principal", {}).get("Service", [])
        return principals if isinstance(principals, list) else [principals]

    return any(
        s.get("Effect") == "Allow" and PRINCIPAL in services(s) for s in document["Statement"]
    )


def install(aws: Aws, outage: Outage) -> None:
    """Give the interpreter clients of the machine's role."""
    from moto.stepfunctions.parser.asl.utils import boto_client

    @cache
    def session(role_arn: str, region: str) -> tuple[str, str, str]:
        account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        digest = hashlib.sha256(f"{region}:{role_arn}".encode()).hexdigest()
        key, secret, token = "ASIA" + digest[:16].upper(), digest[16:56], digest[24:64]
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/states-{region}"
        aws.sts.register_session(
            key,
            {
                "Arn": arn,
                "UserId": f"{name}:states",
                "SecretAccessKey": secret,
                "SessionToken": token,
            },
        )
        outage.home[key] = region
        return key, secret, token

    @cache
    def client(service: str, region: str, role_arn: str) -> Any:
        made = aws.client(service, region, *session(role_arn, region))
        # moto reads the RequestId of every error; MiniStack's AccessDenied has none.
        made.meta.events.register(
            "after-call",
            lambda parsed, **_: parsed.setdefault("ResponseMetadata", {}).setdefault(
                "RequestId", "lab"
            ),
        )
        return made

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        role_arn = state_credentials.role_arn
        account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        if not _trusts(aws, account, name):
            raise PermissionError(f"{role_arn} does not exist or does not trust {PRINCIPAL}.")
        return client(service, region, role_arn)

    # The first client of all takes a third of a second, which no execution on AWS waits for.
    aws.client("lambda", "us-east-1")
    replace_everywhere("moto.stepfunctions", boto_client.boto_client_for, boto_client_for)
