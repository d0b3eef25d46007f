"""`pilot-light check` in an engine of its own: with nothing deployed, then with what is in the way.

The engine shows credentials, zone, stacks, names and Lambda's limits. It does not serve Route 53's
account limits and Service Quotas, which have to be unknown here, and its DNS answers no NS records:
a server of this test delegates the zone. tests/unit/cli has every failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dnslib import NS, QTYPE, RCODE, RR, SOA
from dnslib.server import BaseResolver, DNSServer

from lab.config import ROOT
from lab.control import Control
from tests.e2e.engines import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.config import LabConfig

pytestmark = pytest.mark.e2e
PROGRAM = Path(sys.executable).with_name("pilot-light")
NOT_SERVED = {
    "health_check_quota": "unknown",
    "domain_name_quota us-east-2": "unknown",
    "domain_name_quota us-west-2": "unknown",
}
LEFT = "pilot-light-last-resort"
# It fails while it is created, and rolls back: the bucket's name is not allowed.
BROKEN = """
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: "Not_Allowed"}}
"""


class Parent(BaseResolver):
    """A resolver that finds these name servers for every zone, or that there is none."""

    def __init__(self) -> None:
        self.servers: list[str] = []

    def resolve(self, request: Any, _handler: Any) -> Any:
        reply, name = request.reply(), request.q.qname
        if not self.servers:
            reply.header.rcode = RCODE.NXDOMAIN
        elif request.q.qtype == QTYPE.SOA:
            reply.add_answer(RR(name, QTYPE.SOA, rdata=SOA(self.servers[0], "admin")))
        else:
            for server in self.servers:
                reply.add_answer(RR(name, QTYPE.NS, rdata=NS(server)))
        return reply


@pytest.fixture(scope="module")
def parent() -> Iterator[tuple[Parent, int]]:
    resolver = Parent()
    server = DNSServer(resolver, address="127.0.0.1", port=0)
    server.start_thread()
    yield resolver, server.server.server_address[1]
    server.stop()
    server.server.server_close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabConfig]:
    with engine(tmp_path_factory.mktemp("engine")) as (config, _pid):
        yield config


def checked(
    lab: LabConfig, *more: str, resolver: str = "127.0.0.1:9", **variables: str
) -> tuple[int, dict[str, Any]]:
    """Run the program against the lab: its exit code, and the checks by name."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_"))}
    given = {
        "AWS_ENDPOINT_URL": lab.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        **variables,
    }
    ended = subprocess.run(
        [str(PROGRAM), "check", "--json", "--resolver", resolver, *more],
        cwd=ROOT,
        env={**kept, **given},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode in (0, 1), ended.stderr
    checks = json.loads(ended.stdout)["checks"]
    return ended.returncode, {f"{c['name']} {c['where']}".strip(): c for c in checks}


def not_ok(checks: dict[str, Any]) -> dict[str, str]:
    return {name: c["state"] for name, c in checks.items() if c["state"] != "ok"}


def test_an_empty_lab_is_ok_but_for_what_it_does_not_serve(
    lab: LabConfig, parent: tuple[Parent, int]
) -> None:
    zone, port = parent
    found = Control(lab).client("route53", "us-east-1").get_hosted_zone(Id=lab.hosted_zone_id)
    zone.servers = found["DelegationSet"]["NameServers"]
    code, checks = checked(lab, resolver=f"127.0.0.1:{port}")
    assert not_ok(checks) == NOT_SERVED
    assert code == 1
    assert checks["credentials"]["detail"].startswith("account 000000000000")


@pytest.mark.parametrize(
    ("servers", "says"), [([], "not delegated"), (["ns.elsewhere.example"], "ns.elsewhere.example")]
)
def test_a_zone_that_is_not_delegated_to_its_servers_is_named(
    lab: LabConfig, parent: tuple[Parent, int], servers: list[str], says: str
) -> None:
    zone, port = parent
    zone.servers = servers
    _, checks = checked(lab, resolver=f"127.0.0.1:{port}")
    assert checks["delegation"]["state"] == "failed"
    assert says in checks["delegation"]["detail"]


@pytest.mark.parametrize(
    ("old", "new", "name", "says"),
    [
        ("Z0PILOTLIGHTEXAMPLE", "Z0NOBODY", "hosted_zone", "no hosted zone Z0NOBODY"),
        ("pilotlight.example", "shop.example", "hosted_zone", "not shop.example"),
        ("Role=", "WitnessRegion=us-west-1 Role=", "strong_consistency", "us-west-1"),
        ("us-east-2", "eu-south-2", "function_urls", "no function URLs in eu-south-2"),
    ],
)
def test_a_zone_or_region_that_does_not_do_is_named(
    lab: LabConfig, tmp_path: Path, old: str, new: str, name: str, says: str
) -> None:
    file = tmp_path / "samconfig.toml"
    file.write_text((ROOT / "samconfig.toml").read_text().replace(old, new))
    _, checks = checked(lab, "--config-file", str(file))
    assert checks[name]["state"] == "failed"
    assert says in checks[name]["detail"]
    assert checks[name]["remedy"]


def test_what_an_earlier_deployment_left_is_named(lab: LabConfig) -> None:
    control = Control(lab)
    tables = control.client("dynamodb", "us-west-2")
    tables.create_table(
        TableName=LEFT,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    bucket = "pilot-light-000000000000-us-east-2"
    where = {"LocationConstraint": "us-east-2"}
    control.client("s3", "us-east-2").create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    control.client("logs", "us-east-2").create_log_group(logGroupName="/aws/lambda/pilot-light-app")
    _, checks = checked(lab)
    primary = checks["names pilot-light-primary in us-west-2"]
    secondary = checks["names pilot-light-secondary in us-east-2"]
    assert (primary["state"], secondary["state"]) == ("failed", "failed")
    assert primary["detail"].endswith(f"table {LEFT} in us-west-2")
    assert f"bucket {bucket} in us-east-2" in secondary["detail"]
    assert "log group /aws/lambda/pilot-light-app" in secondary["detail"]


def test_a_first_deployment_that_rolled_back_is_named(lab: LabConfig) -> None:
    stacks = Control(lab).client("cloudformation", "us-west-2")
    stacks.create_stack(StackName="pilot-light-primary", TemplateBody=BROKEN)
    with pytest.raises(Exception, match="terminal failure state"):
        stacks.get_waiter("stack_create_complete").wait(
            StackName="pilot-light-primary", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    _, checks = checked(lab)
    stack = checks["stack us-west-2"]
    assert (stack["state"], "pilot-light-primary is ROLLBACK_COMPLETE" in stack["detail"]) == (
        "failed",
        True,
    )
    assert "Delete the stack" in stack["remedy"]


def test_an_account_that_does_not_answer_is_not_ok(lab: LabConfig) -> None:
    _, checks = checked(lab, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert checks["credentials"]["state"] == "unknown"
    assert checks["names pilot-light-primary in us-west-2"]["state"] == "unknown"


def test_no_credentials_at_all_are_named(lab: LabConfig) -> None:
    _, checks = checked(lab, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_CONFIG_FILE="/x")
    assert checks["credentials"]["state"] == "failed"
    assert "Unable to locate credentials" in checks["credentials"]["detail"]
