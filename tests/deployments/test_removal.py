"""Every command of docs/runbook/remove.md, typed in its order into the lab.

But one: the lab keeps no recovery points, so none is deleted.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.config import ROOT
from lab.process import RUN
from tests.deployments.account import Account, account

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
AWS = ROOT / ".venv" / "awscli" / "bin"
# Where `pilot-light` is.
PROGRAMS = Path(sys.executable).parent
PAGE = (ROOT / "docs" / "runbook" / "remove.md").read_text()
LOOK, REMOVE, RECORD, LEFT = re.findall(
    r"^ *```console\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE
)


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[Account, set[str]]]:
    with account() as found:
        before = found.holds()
        for env in found.config.config_envs:
            found.deploy(env, "Dashboard=on")
        fill(found)
        yield found, before


def fill(found: Account) -> None:
    """Leave what a deployment has in time, and the record that ACM writes on AWS.

    Objects in several versions, deleted ones among them. The lab keeps no recovery points.
    """
    config = found.config
    validation = {
        "Name": f"_0.{config.zone_name}.",
        "Type": "CNAME",
        "TTL": 300,
        "ResourceRecords": [{"Value": "_1.acm-validations.aws."}],
    }
    found.lab.client("route53", "us-east-1").change_resource_record_sets(
        HostedZoneId=config.hosted_zone_id,
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": validation}]},
    )
    for region in (config.primary_region, config.secondary_region):
        bucket = f"{config.app_name}-000000000000-{region}"
        s3 = found.lab.client("s3", region)
        for key in ("a", "a", "b"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        s3.delete_object(Bucket=bucket, Key="b")


def typed(found: Account, step: str) -> str:
    """Type a block of the page into a shell; return its output.

    The shell has credentials, and a Region of its own in which nothing is.
    `-e` and `-u`: no command of it may fail, and no variable may be missing. Nobody is there to
    confirm anything.
    """
    commands = re.sub(r"^(pilot-light .*)$", r"\1 --yes", textwrap.dedent(step), flags=re.MULTILINE)
    commands = commands.replace("<HostedZoneId>", found.config.hosted_zone_id)
    commands = commands.replace("<ZoneName>", found.config.zone_name)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=RUN,
        env={
            **kept,
            "PATH": os.pathsep.join([str(AWS), str(PROGRAMS), os.environ["PATH"]]),
            "AWS_ENDPOINT_URL": found.config.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_CONFIG_FILE": str(RUN / "no-aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(RUN / "no-aws-credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "NO_PROXY": "127.0.0.1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, f"{commands}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def states(found: Account) -> set[str]:
    """Return in which states the things are that the command removes."""
    return {step["state"] for step in json.loads(typed(found, f"{LOOK.strip()} --json"))["steps"]}


def test_after_the_page_nothing_is_left(deployed: tuple[Account, set[str]]) -> None:
    found, before = deployed
    assert typed(found, LEFT).split(), "the last step lists what there is"
    there = found.holds()
    assert "stack pilot-light-primary in us-west-2" in typed(found, LOOK)
    assert found.holds() == there, "looking deletes nothing"
    typed(found, REMOVE)
    assert states(found) == {"gone"}
    typed(found, RECORD)
    assert set(typed(found, LEFT).split()) <= {"None"}
    assert found.holds() ^ before == set()
