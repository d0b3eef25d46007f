"""The pair with a hook at each phase, in which failures and permissions are tried."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

from tools.reader.template import Template, config, source

if TYPE_CHECKING:
    from tests.deployed import DeployedLab

# A name that the example's own names cover.
FUNCTION = "pilot-light-app-hook"
HOOK = f"{FUNCTION}:live"
# A loaded machine takes a while to start a fresh environment.
TIMEOUT_SECONDS = 5
HOOKS = {
    "ReadyHook": f"{HOOK} timeout={TIMEOUT_SECONDS} required",
    "BeforeClaimHook": f"{HOOK} timeout={TIMEOUT_SECONDS}",
    "AfterClaimHook": f"{HOOK} timeout={TIMEOUT_SECONDS}",
    "BeforeFailbackHook": f"{HOOK} timeout={TIMEOUT_SECONDS}",
}
CODE = """
import json, os, time

def handler(event, context):
    does = json.loads(os.environ.get("DOES", "{}")).get(event["phase"])
    if does == "hang":
        time.sleep(9)
    if does == "fail":
        raise RuntimeError("no queue")
    return {"ready": does != "refuse"}
"""


@cache
def stack(env: str) -> Template:
    """A stack of the pair as it is deployed, its hooks included."""
    region, parameters = config(env)
    return Template(source(), region, parameters | (HOOKS if env != "monitor" else {}))


def deploy_function(lab: DeployedLab) -> None:
    """Deploy the hooks' function to the Secondary's Region."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hook.py", CODE)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    role = lab.client("iam").create_role(
        RoleName=FUNCTION, AssumeRolePolicyDocument=json.dumps(policy)
    )["Role"]["Arn"]
    client = lab.client("lambda")
    made = client.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Handler="hook.handler",
        Role=role,
        Timeout=15,
        Code={"ZipFile": packed.getvalue()},
        Publish=True,
    )
    client.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=made["Version"])


def let_it(lab: DeployedLab, **does: str) -> None:
    """Let the function fail, hang or refuse in the phases that are named, and in no other."""
    client = lab.client("lambda")
    variables = {"Variables": {"DOES": json.dumps(does)}}
    client.update_function_configuration(FunctionName=FUNCTION, Environment=variables)
    version = client.publish_version(FunctionName=FUNCTION)["Version"]
    client.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)


def lose_alias(lab: DeployedLab) -> None:
    """There is no such function any more, as far as its callers see."""
    lab.client("lambda").delete_alias(FunctionName=FUNCTION, Name="live")


def restore_alias(lab: DeployedLab) -> None:
    """The newest version is live again."""
    client: Any = lab.client("lambda")
    version = client.publish_version(FunctionName=FUNCTION)["Version"]
    client.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)
