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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dnslib import NS, QTYPE, RCODE, RR, SOA
from dnslib.server import BaseResolver, DNSServer

from lab.config import ROOT
from lab.control import Control
from tests.e2e.engines import engine, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.config import LabConfig

    Checked = Callable[..., tuple[int, dict[str, Any]]]

pytestmark = pytest.mark.e2e
PROGRAM = Path(sys.executable).with_name("pilot-light")
NOT_SERVED = {
    "health_check_quota": "unknown",
    "domain_name_quota us-east-2": "unknown",
    "domain_name_quota us-west-2": "unknown",
}
LEFT = "pilot-light-last-resort"
VAULT, DOMAIN = "pilot-light-backups", "app.pilotlight.example"
# It fails while it is created, and rolls back: there is no such zone.
BROKEN = """
Resources:
  Record:
    Type: AWS::Route53::RecordSet
    Properties:
      {HostedZoneId: Z0NOBODY, Name: a.example., Type: A, TTL: "5", ResourceRecords: [192.0.2.1]}
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


PARENT = Parent()


@pytest.fixture(scope="module")
def resolver() -> Iterator[str]:
    server = DNSServer(PARENT, address="127.0.0.1", port=0)
    server.start_thread()
    yield f"127.0.0.1:{server.server.server_address[1]}"
    server.stop()
    server.server.server_close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabConfig]:
    with engine(tmp_path_factory.mktemp("engine")) as (config, _pid):
        zones = Control(config).client("route53", "us-east-1")
        zone = zones.get_hosted_zone(Id=config.hosted_zone_id)
        PARENT.servers = zone["DelegationSet"]["NameServers"]
        yield config


@pytest.fixture
def checked(lab: LabConfig, resolver: str) -> Checked:
    """Run the program against the lab: its exit code, and the checks by name."""
    return partial(_checked, lab, resolver)


def _checked(
    lab: LabConfig, resolver: str, *more: str, **variables: str
) -> tuple[int, dict[str, Any]]:
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


def test_an_empty_lab_is_ok_but_for_what_it_does_not_serve(checked: Checked) -> None:
    code, checks = checked()
    assert not_ok(checks) == NOT_SERVED
    assert code == 1
    assert checks["credentials"]["detail"].startswith("account 000000000000")


def samconfig(folder: Path, **changed: str) -> str:
    """Write another samconfig.toml, and return its path."""
    text = (ROOT / "samconfig.toml").read_text()
    for old, new in changed.items():
        text = text.replace(old, new)
    (folder / "samconfig.toml").write_text(text)
    return str(folder / "samconfig.toml")


def is_failed(check: dict[str, str], *says: str) -> None:
    assert check["state"] == "failed"
    assert check["remedy"]
    for text in says:
        assert text in check["detail"]


def test_a_zone_of_another_name_is_named_and_that_nobody_delegates_it(
    checked: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PARENT, "servers", [])
    file = samconfig(tmp_path, ZoneName="WitnessRegion=us-west-1 ZoneName", pilotlight="shop")
    _, checks = checked("--config-file", file)
    is_failed(checks["hosted_zone"], "the zone pilotlight.example, not shop.example")
    is_failed(checks["delegation"], "shop.example is not delegated")
    is_failed(checks["strong_consistency"], "us-west-1")


def test_a_zone_that_does_not_exist_is_named_and_a_region_without_function_urls(
    checked: Checked, tmp_path: Path
) -> None:
    changed = {"Z0PILOTLIGHTEXAMPLE": "Z0NOBODY", "us-east-2": "eu-south-2"}
    _, checks = checked("--config-file", samconfig(tmp_path, **changed))
    is_failed(checks["hosted_zone"], "no hosted zone Z0NOBODY")
    is_failed(checks["function_urls"], "eu-south-2")
    assert checks["delegation"]["state"] == "unknown"


def test_what_an_earlier_deployment_left_is_named(
    lab: LabConfig, checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    control, bucket = Control(lab), "pilot-light-000000000000-us-east-2"
    control.client("dynamodb", "us-west-2").create_table(
        TableName=LEFT,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    control.client("s3", "us-east-2").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-east-2"}
    )
    control.client("backup", "us-east-2").create_backup_vault(BackupVaultName=VAULT)
    control.client("apigatewayv2", "us-west-2").create_domain_name(DomainName=DOMAIN)
    control.client("logs", "us-east-2").create_log_group(logGroupName="/aws/lambda/pilot-light-app")
    stacks = control.client("cloudformation", "us-west-2")
    stacks.create_stack(StackName="pilot-light-primary", TemplateBody=BROKEN)
    until("the stack rolled back", lambda: status(stacks) == "ROLLBACK_COMPLETE")
    monkeypatch.setattr(PARENT, "servers", ["ns.elsewhere.example"])

    _, checks = checked()
    primary = (f"table {LEFT} in us-west-2", f"domain name {DOMAIN} in us-west-2")
    is_failed(checks["names pilot-light-primary in us-west-2"], *primary)
    secondary = (f"bucket {bucket} in us-east-2", "log group /aws/lambda/pilot-light-app")
    secondary += (f"backup vault {VAULT} in us-east-2",)
    is_failed(checks["names pilot-light-secondary in us-east-2"], *secondary)
    is_failed(checks["stack us-west-2"], "pilot-light-primary is ROLLBACK_COMPLETE")
    is_failed(checks["delegation"], "ns.elsewhere.example")
    assert checks["stack us-east-2"]["state"] == "ok"


def status(stacks: Any) -> str:
    return stacks.describe_stacks(StackName="pilot-light-primary")["Stacks"][0]["StackStatus"]


def test_an_account_that_does_not_answer_is_not_ok(checked: Checked) -> None:
    _, checks = checked(AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert checks["credentials"]["state"] == "unknown"
    assert checks["names pilot-light-primary in us-west-2"]["state"] == "unknown"


def test_no_credentials_at_all_are_named(checked: Checked) -> None:
    _, checks = checked(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_CONFIG_FILE="/x")
    assert checks["credentials"]["state"] == "failed"
    assert "Unable to locate credentials" in checks["credentials"]["detail"]
