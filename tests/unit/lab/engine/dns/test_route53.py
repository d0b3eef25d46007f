"""Route 53's data plane in the lab: probes, verdicts, the metric, and names."""

from __future__ import annotations

from typing import Any

import pytest
from dnslib import QTYPE, RCODE, DNSRecord

from lab.engine.dns import route53 as route53_module
from lab.engine.dns.health_checks import Checker
from lab.engine.dns.route53 import Route53, furnish_zone
from lab.engine.outages.losses import Loss
from lab.engine.outages.outage import Outage
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, VIRGINIA, Anything, FakeAws

GATEWAY = "d-1.execute-api.{}.amazonaws.com"
ENDPOINT = {
    "Type": "HTTPS",
    "FullyQualifiedDomainName": "us-west-2.pilotlight.example",
    "ResourcePath": "/health",
    "FailureThreshold": 1,
    "RequestInterval": 10,
}


def name(label: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"Name": f"{label}.pilotlight.example.", "Type": kind, "TTL": 10, **more}


def regional(region: str) -> dict[str, Any]:
    return name(region, "A", AliasTarget={"DNSName": GATEWAY.format(region)})


class World:
    """A zone, its health checks, and endpoints that answer as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 6_000_000.0
        self.answer: tuple[int, str] | Exception = (200, "ok")
        self.took = 0.0
        self.patience: list[float] = []
        self.connecting: list[float] = []
        self.requests: list[tuple[Any, ...]] = []
        self.agents: list[str] = []
        self.metric: list[Any] = []
        self.changes: list[Any] = []
        self.outage = Outage()
        self.checks: dict[str, Any] = {}
        self.records = [regional(PRIMARY), regional(SECONDARY)]
        self.zones = {"Z1": {"name": "pilotlight.example."}, "Z2": {"name": "example."}}
        route53 = Anything(
            _health_checks=self.checks,
            _records={"Z1": self.records, "Z2": []},
            _zones=self.zones,
            _tags={("healthcheck", "hc"): {"Name": "endpoint"}},
        )
        cloudwatch = Anything(
            _dims_key=lambda dimensions: tuple(dimensions.items()),
            _metric_bucket=lambda key: Anything(
                append=lambda point: self.metric.append((self.aws.region(), key, point["Value"]))
            ),
        )
        self.aws = FakeAws(
            route53=route53, cloudwatch=cloudwatch, apigateway=Anything(_domain_names={})
        )
        monkeypatch.setattr(route53_module, "time", Anything(time=lambda: self.now))
        monkeypatch.setattr(route53_module.http.client, "HTTPSConnection", self._connect)
        aws: Any = self.aws
        self.route53 = Route53(aws, self.outage, lambda *change: self.changes.append(change))
        self.route53._pool = Anything(submit=lambda probe, *given: probe(*given))

    def _connect(self, host: str, port: int, timeout: float, **_: Any) -> Any:
        self.connecting.append(timeout)

        def request(method: str, path: str, headers: dict[str, str]) -> None:
            self.requests.append((host, port, method, path, headers["Host"]))
            self.agents.append(headers["User-Agent"])
            if isinstance(self.answer, Exception):
                raise self.answer

        def response() -> Any:
            assert not isinstance(self.answer, Exception)
            status, body = self.answer
            return Anything(status=status, read=lambda _: body.encode())

        def connect() -> None:
            self.now += self.took

        return Anything(
            connect=connect,
            sock=Anything(settimeout=self.patience.append),
            request=request,
            getresponse=response,
            close=lambda: None,
        )

    def check(self, check_id: str = "hc", **config: Any) -> None:
        self.checks[check_id] = {"config": config or ENDPOINT}

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.aws.within(VIRGINIA, self.route53._tick)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_probe_asks_the_entry_to_which_dns_leads_by_the_checks_name(world: World) -> None:
    assert world.route53._request(ENDPOINT) is True
    assert world.requests == [
        ("127.0.0.1", CONFIG.entries[PRIMARY], "GET", "/health", "us-west-2.pilotlight.example")
    ]


@pytest.mark.parametrize(("status", "good"), [(200, True), (302, True), (404, False), (503, False)])
def test_2xx_and_3xx_are_healthy(world: World, status: int, good: bool) -> None:
    world.answer = (status, "")
    assert world.route53._request(ENDPOINT) is good


def test_a_search_string_must_be_in_the_body(world: World) -> None:
    assert world.route53._request({**ENDPOINT, "SearchString": "ok"})
    assert not world.route53._request({**ENDPOINT, "SearchString": "well"})


def test_a_lost_connection_and_a_missing_name_are_bad_and_say_so(world: World) -> None:
    world.answer = ConnectionResetError("gone")
    assert world.route53._request(ENDPOINT) is False
    missing = {**ENDPOINT, "FullyQualifiedDomainName": "no.pilotlight.example"}
    assert world.route53._request(missing) is False


def test_a_check_falls_with_its_endpoint_and_rises_with_it(world: World) -> None:
    world.check()
    world.after(0)
    world.after(10)
    assert world.route53.is_healthy("hc")
    world.answer = (503, "")
    world.after(10)
    assert not world.route53.is_healthy("hc")
    world.answer = (200, "")
    world.after(10)
    assert world.changes == [
        ("health check endpoint", "unhealthy"),
        ("health check endpoint", "healthy"),
    ]


def test_probes_follow_the_interval_at_the_labs_speed(world: World) -> None:
    world.aws.clock.speed = 10
    world.check()
    world.after(0)
    world.after(0.99)
    first = len(world.requests)
    world.after(0.01)
    world.after(1)
    assert first == 16
    assert len(world.requests) > first


def test_a_changed_speed_counts_for_the_interval_that_is_under_way(world: World) -> None:
    world.check()
    for _ in range(11):
        world.after(1)
    before = len(world.requests)
    world.aws.clock.speed = 10
    world.after(0)
    assert len(world.requests) == before, "and for none that has not passed"
    world.after(1)
    assert len(world.requests) >= before + 16, "each of the checkers has asked again"


@pytest.mark.parametrize("speed", [1, 10])
def test_a_checker_waits_two_seconds_for_an_answer_at_any_speed(world: World, speed: float) -> None:
    world.aws.clock.speed = speed
    world.route53._request(ENDPOINT)
    assert world.patience == [2.0]


@pytest.mark.parametrize(("speed", "connects", "answers"), [(1.0, 4.0, 2.0), (10.0, 0.4, 0.2)])
def test_the_wait_for_what_is_lost_is_an_interval_of_aws(
    world: World, speed: float, connects: float, answers: float
) -> None:
    world.aws.clock.speed = speed
    world.outage.lose(PRIMARY, Loss(style="drop"))
    world.route53._request(ENDPOINT)
    assert (world.connecting, world.patience) == ([connects], [answers])


@pytest.mark.parametrize(("took", "waited"), [(2.0, 0.2), (0.08, 0.008)])
def test_a_checker_comes_again_as_if_it_had_waited_at_aws_speed(
    world: World, took: float, waited: float
) -> None:
    world.aws.clock.speed = 10
    world.took, world.answer = took, TimeoutError()
    checker = Checker(healthy=True, next_at=0)
    began = world.now
    world.route53._probe(checker, ENDPOINT, "ref hc-0")
    assert checker.next_at == pytest.approx(began + waited + 1.0)


def test_each_checker_tells_who_it_is(world: World) -> None:
    world.check()
    world.after(0)
    world.after(10)
    agents = set(world.agents)
    assert len(agents) == 16
    assert all(a.startswith("Amazon-Route53-Health-Check-Service (ref hc-") for a in agents)


def test_a_calculated_check_sees_its_children_of_the_same_tick(world: World) -> None:
    calculated = {"Type": "CALCULATED", "ChildHealthChecks": ["hc"], "HealthThreshold": 1}
    world.check("all", **calculated)
    world.check()
    world.after(0)
    world.answer = (503, "")
    world.after(10)
    assert not world.route53.is_healthy("all")


def test_a_check_that_is_deleted_is_forgotten_and_counts_as_healthy(world: World) -> None:
    world.check()
    world.after(0)
    world.answer = (503, "")
    world.after(10)
    world.checks.clear()
    world.after(1)
    assert world.route53.status() == []
    assert world.route53.is_healthy("hc")


def test_the_metric_has_one_point_a_minute_and_the_worst_of_it_counts(world: World) -> None:
    world.check()
    world.after(0)
    world.after(10)
    world.answer = (503, "")
    world.after(10)
    world.answer = (200, "")
    world.after(10)
    assert world.metric == []
    world.after(30)
    world.after(30)
    key = ("AWS/Route53", "HealthCheckStatus", (("HealthCheckId", "hc"),))
    assert world.metric == [(VIRGINIA, key, 0.0)]
    world.after(30)
    world.after(60)
    assert [value for _, _, value in world.metric] == [0.0, 1.0, 1.0]


def test_the_metric_is_lost_with_us_east_1_and_the_verdict_is_not(world: World) -> None:
    world.outage.lose(VIRGINIA, Loss())
    world.check()
    world.after(0)
    world.answer = (503, "")
    for _ in range(3):
        world.after(60)
    assert world.metric == []
    assert not world.route53.is_healthy("hc")


def test_the_status_tells_what_the_checkers_find(world: World) -> None:
    world.check()
    world.after(0)
    world.after(10)
    [found] = world.route53.status()
    assert (found["name"], found["healthy"]) == ("endpoint", True)


def test_a_name_is_answered_by_the_narrowest_zone(world: World) -> None:
    found = world.route53.lookup("us-east-2.pilotlight.example", "A")
    assert [a.value for a in found] == ["127.0.2.1", "127.0.2.2", "127.0.2.3"]
    assert found[0].value == CONFIG.addresses[SECONDARY]
    assert world.route53.lookup("us-east-2.example", "A") == []
    assert world.route53.lookup("elsewhere.test", "A") == []
    assert world.route53.entry_of("us-east-2.pilotlight.example") == CONFIG.entries[SECONDARY]


def test_a_function_url_leads_to_the_entry_of_its_region_without_a_record(world: World) -> None:
    entry_of = world.route53.entry_of
    assert entry_of(f"abc.lambda-url.{SECONDARY}.on.aws") == CONFIG.entries[SECONDARY]
    assert entry_of("abc.lambda-url.eu-south-2.on.aws") is None


def resolved(world: World, question: str, kind: str) -> Any:
    resolver = route53_module._Resolver(world.route53.lookup, world.route53.exists)
    return resolver.resolve(DNSRecord.question(question, kind), None)


def test_the_server_answers_with_the_records_and_their_ttl(world: World) -> None:
    world.records.append(name("beacon", "TXT", ResourceRecords=[{"Value": '"healthy"'}]))
    [found] = resolved(world, "beacon.pilotlight.example", "TXT").rr
    assert (found.rtype, found.ttl, found.rdata.data) == (QTYPE.TXT, 10, [b"healthy"])


def test_the_server_names_the_zones_name_servers_and_where_they_are(world: World) -> None:
    ns = "ns-1.awsdns-1.com."
    world.records.append(
        {"Name": "pilotlight.example.", "Type": "NS", "TTL": "172800", "ResourceRecords": [ns]}
    )
    [found] = resolved(world, "pilotlight.example", "NS").rr
    assert str(found.rdata) == ns
    [found] = resolved(world, ns, "A").rr
    assert str(found.rdata) == "127.0.0.1"


def test_the_server_says_that_a_name_does_not_exist(world: World) -> None:
    assert resolved(world, "no.pilotlight.example", "A").header.rcode == RCODE.NXDOMAIN


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("us-west-2.pilotlight.example", "TXT"),
        ("US-West-2.PilotLight.Example", "AAAA"),
        ("pilotlight.example", "MX"),
    ],
)
def test_a_name_that_exists_with_another_type_is_answered_without_records(
    world: World, question: str, kind: str
) -> None:
    found = resolved(world, question, kind)
    assert (found.header.rcode, found.rr) == (RCODE.NOERROR, [])


def test_a_name_outside_of_every_zone_does_not_exist(world: World) -> None:
    assert resolved(world, "elsewhere.test", "A").header.rcode == RCODE.NXDOMAIN


def test_the_account_has_the_zone_that_the_deployment_names() -> None:
    route53 = Anything(_zones={}, _records={}, _default_records=lambda name: [name])
    aws: Any = FakeAws(route53=route53)
    furnish_zone(aws)
    assert route53._zones["Z1"]["name"] == "pilotlight.example."
    assert route53._records == {"Z1": ["pilotlight.example."]}
