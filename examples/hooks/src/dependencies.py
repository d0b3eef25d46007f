"""Ready: whether what nothing moves is in this Region too: secrets, parameters, user pools."""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

SECRETS, PARAMETERS, USER_POOLS = (
    os.environ[name].split() for name in ("SECRETS", "PARAMETERS", "USER_POOLS")
)
# Less than the hook's own timeout, so that the answer names what is missing.
QUICK = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Look for each of them, in the Region where this runs. No value reaches a log."""
    secrets, ssm, cognito = (
        boto3.client(name, config=QUICK) for name in ("secretsmanager", "ssm", "cognito-idp")
    )
    looks = [(f"secret {n}", secrets.describe_secret, {"SecretId": n}) for n in SECRETS]
    looks += [(f"parameter {n}", ssm.get_parameter, {"Name": n}) for n in PARAMETERS]
    looks += [(f"pool {n}", cognito.describe_user_pool, {"UserPoolId": n}) for n in USER_POOLS]
    missing = {}
    for what, look, name in looks:
        try:
            if look(**name).get("DeletedDate"):
                missing[what] = "is being deleted"
        except ClientError as error:
            missing[what] = error.response["Error"]["Code"]
        except BotoCoreError as error:
            missing[what] = type(error).__name__
    return {"ready": not missing, "missing": missing}
