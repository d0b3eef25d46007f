"""The lab's own control: what each action does, and what it refuses."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from lab.engine.deployments import Deployments
from lab.engine.dns.answers import Answer
from lab.engine.journal import Journal
from lab.engine.lambda_workers.cold_starts import ColdStarts
from lab.engine.outages.losses import Loss
from lab.engine.outages.outage import Outage
from lab.engine.proxy.admin_api import AdminApi
from lab.engine.replication import Replication
from lab.engine.step_functions.breakpoints import Breakpoints
from lab.engine.strong_tables.quorum import Members
from lab.engine.strong_tables.tables import StrongTables
from tests.unit.lab.engine.fakes import (
    CONFIG,
    PRIMARY,
    SECONDARY,
    VIRGINIA,
    Anything,
    FakeAws,
    eventually,
)


class World:
    """An admin API over real parts and a fake Route 53."""

    def __init__(self) -> None:
        self.aws, self.outage, self.journal = FakeAws(), Outage(), Journal()
        self.replication = Replication(0.5, self.outage)
        self.calls, self.refusals = Journal(), Journal()
        self.breakpoints = Breakpoints()
        route53: Any = Anything(
            status=lambda: [{"name": "endpoint", "healthy": True}],
            lookup=lambda name, kind: [Answer(name, kind, "127.0.1.1", 10)],
        )
        aws: Any = self.aws
        self.strong = StrongTables(aws, self.outage, self.replication)
        self.admin_api = AdminApi(
            aws,
            self.outage,
            route53,
            self.replication,
            self.calls,
            self.refusals,
            self.journal,
            self.breakpoints,
            self.strong,
            ColdStarts(),
            Deployments(self.aws.clock),
        )

    def do(self, action: str, **given: Any) -> Any:
        return self.admin_api.actions[action](**given)


def test_a_region_is_lost_as_the_caller_says_and_healed_again() -> None:
    world = World()
    state = world.do(
        "lose", region=PRIMARY, mode="region", style="503", services=["s3", "dynamodb"]
    )
    assert world.outage.lost == {PRIMARY: Loss("region", "503", frozenset({"s3", "dynamodb"}))}
    lost = {"mode": "region", "style": "503", "services": ["dynamodb", "s3"]}
    assert lost.items() <= state["lost"][PRIMARY].items()
    assert world.do("heal")["lost"] == {}
    assert [(c["what"], c["state"]) for c in world.journal.entries] == [
        (f"Region {PRIMARY}", "lost")
    ]


def test_an_outage_begins_by_its_name_and_every_one_ends_at_once() -> None:
    world = World()
    world.aws.clock.speed = 10
    world.do("outage", mode="flap")
    state = world.do("outage", mode="partition")
    assert state["outages"] == ["flap", "partition"]
    assert state["lost"][PRIMARY]["flaps"] == 0.9
    assert state["cut_off"] == [sorted((PRIMARY, SECONDARY))]
    healed = world.do("heal")
    assert (healed["outages"], healed["lost"], healed["cut_off"]) == ([], {}, [])
    assert [(c["what"], c["state"]) for c in world.journal.entries] == [
        ("outage flap", "began"),
        ("outage partition", "began"),
        ("outage flap", "ended"),
        ("outage partition", "ended"),
    ]


def test_the_witness_of_the_lab_is_the_one_that_an_outage_takes() -> None:
    world = World()
    world.aws.config = CONFIG.with_options(witness_region="eu-west-1")
    lost = world.do("outage", mode="witness")["lost"]
    assert {region: loss["services"] for region, loss in lost.items()} == {
        "eu-west-1": ["dynamodb"]
    }
    assert world.do("heal")["lost"] == {}


def test_the_quorum_of_strong_tables_can_be_looked_at() -> None:
    world = World()
    world.strong.add("quorum", ("pk",), Members((PRIMARY, SECONDARY), VIRGINIA))
    world.do("outage", mode="isolated")
    regions = world.do("quorum")["tables"]["quorum"]["regions"]
    found = {region: told["strong_calls"] for region, told in regions.items()}
    assert found == {PRIMARY: "InternalServerError", SECONDARY: "answers"}


def test_an_outage_can_be_elsewhere_than_in_the_primary() -> None:
    world = World()
    assert set(world.do("outage", mode="api", region=SECONDARY)["lost"]) == {SECONDARY}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "flood"}, "no outage 'flood'.*region, us-east-1"),
        ({"mode": "slow", "style": "503"}, "no style '503': it has none"),
        ({"mode": "partition", "style": "503"}, "it has hang, reset"),
        ({"mode": "api", "region": "mars"}, "no Region 'mars'"),
    ],
)
def test_an_outage_that_cannot_be_is_refused(given: dict[str, str], said: str) -> None:
    world = World()
    with pytest.raises(ValueError, match=said):
        world.do("outage", **given)
    assert (world.outage.lost, world.outage.cuts, world.outage.named) == ({}, {}, [])


def test_a_region_that_the_lab_has_not_is_refused_by_name() -> None:
    world = World()
    with pytest.raises(ValueError, match=r"'eu-west-1'.*us-west-2, us-east-2, us-east-1"):
        world.do("lose", region="eu-west-1")
    assert world.outage.lost == {}


@pytest.mark.parametrize("given", [{"mode": "flood"}, {"style": "polite"}])
def test_an_unknown_mode_or_style_is_refused(given: dict[str, str]) -> None:
    world = World()
    with pytest.raises(ValueError, match="mode is one of"):
        world.do("lose", region=PRIMARY, **given)
    assert world.outage.lost == {}


def test_the_speed_changes_within_bounds() -> None:
    world = World()
    assert world.do("speed", factor=6)["speed"] == 6
    assert world.aws.clock.speed == 6
    for factor in (0, 0.05, 101, "fast"):
        with pytest.raises(ValueError, match=r"factor|convert"):
            world.do("speed", factor=factor)
    assert world.aws.clock.speed == 6


def test_one_link_is_paused_and_goes_on() -> None:
    world = World()
    world.do("pause", src=PRIMARY, dst=SECONDARY)
    assert world.replication.paused == {(PRIMARY, SECONDARY)}
    world.do("pause", src=PRIMARY, dst=SECONDARY, on=False)
    assert world.replication.paused == set()
    with pytest.raises(ValueError, match="no Region 'mars'"):
        world.do("pause", src=PRIMARY, dst="mars")


def test_changes_and_calls_are_read_from_a_moment_on() -> None:
    world = World()
    world.journal.entries += [{"at": 1.0}, {"at": 2.0}]
    world.calls.add({"at": 1.0})
    assert world.do("transitions", since=2.0) == [{"at": 2.0}]
    assert world.do("calls", since=0.5) == [{"at": 1.0}]
    assert world.do("calls", since=1.5) == []


def test_dns_health_and_replication_can_be_looked_at() -> None:
    world = World()
    answer = {"name": "app.", "type": "A", "value": "127.0.1.1", "ttl": 10}
    assert world.do("dns", name="app.") == [answer]
    assert world.do("dns", name="app.", type="TXT")[0]["type"] == "TXT"
    assert world.do("health")[0]["name"] == "endpoint"
    assert world.do("replication") == {"links": {}}


def test_the_state_tells_what_a_loss_refused_and_stopped() -> None:
    world = World()
    world.outage.refused["us-west-2 dynamodb (it goes there)"] += 2
    world.outage.swallow(PRIMARY, "Lambda invocation")
    state = world.do("state")
    assert state["refused"] == {"us-west-2 dynamodb (it goes there)": 2}
    assert state["swallowed"] == {f"{PRIMARY} Lambda invocation": 1}


def test_what_iam_refused_is_told_from_a_moment_on() -> None:
    world = World()
    for at in (1.0, 2.0):
        world.refusals.add({"at": at, "action": "sns:Publish"})
    assert world.do("refusals", since=1.5) == [{"at": 2.0, "action": "sns:Publish"}]


def test_a_machine_halts_at_the_states_that_are_named_until_others_are() -> None:
    world = World()
    assert world.do("halt", machine="pilot-light-failover", states=["Promote"]) == []
    place = {"execution": "arn", "state": "Promote", "when": "before"}
    halted = threading.Thread(
        target=world.breakpoints.pass_by, args=(place, "pilot-light-failover", lambda: False)
    )
    halted.start()
    assert eventually(lambda: world.do("halted") == [place])
    assert world.do("go") == []
    halted.join(5)
    assert world.do("halt") == []
    world.breakpoints.pass_by(place, "pilot-light-failover", lambda: False)
