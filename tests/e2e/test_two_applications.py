"""Two applications of one account and one pair of Regions, each a deployment with its own zone."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from lab import deployment, process
from lab.config import ROOT, from_samconfig
from lab.control import Control
from lab.drill.application.conformance import settled
from lab.drill.users.resolver import ask
from lab.drill.users.traffic import Https
from lab.drill.watching import Watch, within
from lab.progress import Progress
from tests.deployed import PATIENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lab.config import LabConfig

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(420)]
PORTS = os.environ.get("LAB_PORTS", "4566,5354,8080,8441")
ZONE = "shop.example"
# What an adopter changes in a copy of samconfig.toml; the zone's id comes on top.
SECOND = {
    'stack_name = "pilot-light-': 'stack_name = "shop-',
    "ZoneName=pilotlight.example": f"AppName=shop ZoneName={ZONE}",
}


@dataclass
class Application:
    """One of the two, as its owner and its users see it."""

    config: LabConfig

    @cached_property
    def watch(self) -> Watch:
        return Watch(self.config, Control(self.config))

    def active(self) -> str:
        found = self.watch.control()
        assert found
        return found.active_region

    def leads_to(self) -> str | None:
        address, _ = ask(self.config.public_name, self.config.dns_port)
        return self.config.region_of_address.get(str(address))

    def write(self) -> tuple[int, Any]:
        """Write an item at the public name, and return the status and the Region that took it."""
        region = self.leads_to()
        assert region
        https, body = Https(self.config, PATIENT), {"text": self.config.app_name}
        try:
            answer = https.request(region, self.config.public_name, "POST", "/items", body)
            return answer.status, answer.json().get("region")
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            return 0, None

    def items(self, region: str) -> set[str]:
        """The texts that this application holds in a Region."""
        client = Control(self.config).client("dynamodb", region)
        rows = client.scan(TableName=f"{self.config.app_name}-app-items")["Items"]
        return {row["text"]["S"] for row in rows if "text" in row}

    def until(self, what: str, done: Callable[[], Any], seconds: float = 60) -> None:
        assert within(seconds, done), f"{self.config.app_name}: no {what} within {seconds} s"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Application]]:
    api, dns, door, entry = map(int, PORTS.split(","))
    ports = {"api_port": api, "dns_port": dns, "browser_port": door, "entry_port": entry}
    first = from_samconfig(ROOT / "samconfig.toml", process.RUN)
    first = first.with_options(**ports, page_port=door + 1, speed=10.0, other_zones=(ZONE,))
    progress = Progress()
    engine = process.start(first, owned=True, meanwhile=deployment.build)
    try:
        deployment.deploy(first, progress)
        route53 = Control(first).client("route53", "us-east-1")
        made = route53.create_hosted_zone(Name=ZONE, CallerReference="two applications")
        zone = made["HostedZone"]["Id"].split("/")[-1]
        samconfig = second_samconfig(tmp_path_factory.mktemp("shop"), zone)
        second = from_samconfig(samconfig, process.RUN)
        second = second.with_options(**ports, page_port=door + 1, speed=10.0)
        deployment.deploy(second, progress)
        yield [Application(first), Application(second)]
    finally:
        engine.stop()


def second_samconfig(folder: Path, zone: str) -> Path:
    text = (ROOT / "samconfig.toml").read_text()
    for old, new in {**SECOND, "HostedZoneId=Z0PILOTLIGHTEXAMPLE": f"HostedZoneId={zone}"}.items():
        assert text.count(old) >= 4
        text = text.replace(old, new)
    path = folder / "samconfig.toml"
    path.write_text(text)
    return path


def test_one_moves_and_the_other_stays_and_both_survive_the_loss_of_the_primary(
    two: list[Application],
) -> None:
    example, shop = two
    primary, secondary = shop.config.primary_region, shop.config.secondary_region
    assert settled(Control(shop.config), 60), Control(shop.config).act("health")
    for each in two:
        each.until("sentinel that has seen the Primary well", each.watch.has_seen_primary_healthy)
        assert (each.active(), each.leads_to()) == (primary, primary)

    request = {"mode": "rehearsal", "reason": "both at once"}
    rehearsed = [each.watch.start("failover", request) for each in two]
    for each, run in zip(two, rehearsed, strict=True):
        each.until("end of its rehearsal", lambda each=each, run=run: each.watch.ended(run))  # type: ignore[misc]
        ended = each.watch.execution(run)
        assert ended.output.get("verdict") == "PASS", (ended.status, ended.output)

    moved = shop.watch.run("switchover", {"mode": "switchover", "reason": "the shop alone"})
    assert moved.output["outcome"] == "switched_over", moved.output
    shop.until("DNS that follows", lambda: shop.leads_to() == secondary)
    assert (example.active(), example.leads_to()) == (primary, primary)
    assert example.write() == (201, primary)
    shop.until("write in the Secondary", lambda: shop.write() == (201, secondary), 20)

    moves, outage = shop.watch.recoveries(), time.time()
    Control(shop.config).act("outage", mode="region", region=primary)
    example.until("promotion", lambda: example.active() == secondary, 120)
    example.until("write in the Secondary", lambda: example.write() == (201, secondary))
    assert shop.write() == (201, secondary)
    # The first write comes before the record of the recovery.
    example.until("record", lambda: example.watch.recoveries() == ["recovery#2"])
    assert shop.watch.recoveries() == moves
    assert not [e for e in shop.watch.executions(outage) if e.output.get("outcome") == "promoted"]
    assert [each.items(secondary) for each in two] == [{"pilot-light"}, {"shop"}]
