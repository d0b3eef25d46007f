"""Route 53's data plane: checkers that probe, metrics, and an authoritative DNS server.

It survives every outage of the lab, as it is spread over the world.
"""

from __future__ import annotations

import http.client
import logging
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from dnslib import CNAME, NS, QTYPE, RCODE, RR, TXT, A
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from lab.engine.dns import health_checks
from lab.engine.dns.answers import Answer, answer
from lab.engine.proxy.entries import addresses_of, region_of_function_url
from lab.tls import answer_within, prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.engine.aws import Aws
    from lab.engine.dns.health_checks import Checker, HealthCheck
    from lab.engine.outages.outage import Outage

logger = logging.getLogger(__name__)
METRIC_MINUTE = 60.0
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
# Not divided by the speed, because the application that answers gets no faster. What is lost never
# answers: the wait for it is an interval of AWS.
CONNECT_SECONDS, ANSWER_SECONDS = 4.0, 2.0
TICK = 0.02
RDATA: dict[str, Callable[[str], Any]] = {
    "A": A,
    "CNAME": CNAME,
    "NS": NS,
    "TXT": lambda value: TXT(value.strip('"')),
}


class Route53:
    """Checkers and answers of the lab's one account."""

    def __init__(self, aws: Aws, outage: Outage, changed: Callable[[str, str], None]) -> None:
        self._aws = aws
        self._outage = outage
        self._changed = changed
        self._checks: dict[str, HealthCheck] = {}
        self._pool = ThreadPoolExecutor(48, thread_name_prefix="checker")
        self._tls = prompt(ssl._create_unverified_context())
        self._leads_to: str | None = None
        self._speed = aws.clock.speed
        self._addresses = addresses_of(aws.config)

    # --- health checks ---------------------------------------------------------------------------

    def run(self) -> None:
        """Tick for ever."""
        while True:
            time.sleep(TICK)
            try:
                self._aws.within("us-east-1", self._tick)
            except Exception:
                logger.exception("Health checks")

    def is_healthy(self, check_id: str) -> bool:
        """Return the verdict on a check. An unknown one is healthy, as a record without one is."""
        check = self._checks.get(check_id)
        return check is None or check.healthy

    def _tick(self) -> None:
        checks = dict(self._aws.route53._health_checks)
        for gone in set(self._checks) - set(checks):
            del self._checks[gone]
        now = time.time()
        self._follow_the_clock(now)
        # Calculated checks come last, so that they see the children of this tick.
        ordered = sorted(checks.items(), key=lambda kv: kv[1]["config"]["Type"] == "CALCULATED")
        for check_id, stored in ordered:
            self._tick_one(check_id, stored["config"], now)
        self._note_where_the_name_leads()

    def _follow_the_clock(self, now: float) -> None:
        """Let what is left of each interval pass at a changed speed, too: 30 s are long at ten."""
        before, self._speed = self._speed, self._aws.clock.speed
        if before == self._speed:
            return
        for check in self._checks.values():
            for checker in check.checkers:
                checker.next_at = now + (checker.next_at - now) * before / self._speed

    def _note_where_the_name_leads(self) -> None:
        name, by_address = self._aws.config.public_name, self._aws.config.region_of_address
        region = next(
            (by_address.get(a.value) for a in self.lookup(name, "A") if a.type == "A"), None
        )
        if region and region != self._leads_to:
            self._leads_to = region
            self._changed(f"DNS {name}", region)

    def _tick_one(self, check_id: str, config: Mapping[str, Any], now: float) -> None:
        if check_id not in self._checks:
            self._checks[check_id] = health_checks.new(config, now, self._interval(config))
        check = self._checks[check_id]
        for number, checker in enumerate(check.checkers):
            if now >= checker.next_at and not checker.busy:
                checker.busy = True
                client = f"ref {check_id}-{number}"
                self._pool.submit(self._probe, checker, config, client)
        healthy = health_checks.evaluate(config, check, self.is_healthy)
        if healthy != check.healthy:
            check.healthy = healthy
            name = self._name(check_id)
            self._changed(f"health check {name}", "healthy" if healthy else "unhealthy")
        check.bad_since_metric |= not healthy
        self._publish(check_id, check, now)

    def _interval(self, config: Mapping[str, Any]) -> float:
        return self._aws.clock.real(float(config.get("RequestInterval", 30)))

    def _publish(self, check_id: str, check: HealthCheck, now: float) -> None:
        """One point a minute, in us-east-1 only; an alarm on Minimum sees any bad moment of it."""
        minute = self._aws.clock.real(METRIC_MINUTE)
        begun = now // minute * minute
        if check.metric_minute == begun:
            return
        value, closed = (0.0 if check.bad_since_metric else 1.0), check.metric_minute
        check.metric_minute, check.bad_since_metric = begun, not check.healthy
        if closed and self._outage.runs("us-east-1"):
            dimensions = {"HealthCheckId": check_id}
            point = {"Timestamp": begun - minute / 2, "Value": value, "Unit": "None"}
            cloudwatch = self._aws.cloudwatch
            key = ("AWS/Route53", "HealthCheckStatus", cloudwatch._dims_key(dimensions))
            cloudwatch._metric_bucket(key).append({**point, "Dimensions": dimensions})

    def _probe(self, checker: Checker, config: Mapping[str, Any], client: str) -> None:
        """Probe once. The next probe follows an interval after this one's answer.

        Between two probes, what this one waited counts as an interval of AWS, too.
        """
        began = time.time()
        good = self._request(config, client)
        checker.observe(good=good, threshold=int(config.get("FailureThreshold", 3)))
        waited = self._aws.clock.real(time.time() - began)
        checker.next_at = began + waited + self._interval(config)
        checker.busy = False

    def _request(self, config: Mapping[str, Any], client: str = "") -> bool:
        host = config["FullyQualifiedDomainName"]
        port = self.entry_of(host)
        if port is None:
            return False
        share = 1.0 if self._is_open(port) else self._aws.clock.real(1.0)
        try:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", port, timeout=CONNECT_SECONDS * share, context=self._tls
            )
            connection.connect()
            answer_within(connection.sock, ANSWER_SECONDS * share)
            agent = f"Amazon-Route53-Health-Check-Service ({client})"
            headers = {"Host": host, "User-Agent": agent}
            connection.request("GET", config.get("ResourcePath") or "/", headers=headers)
            response = connection.getresponse()
            body = response.read(5120).decode("utf-8", "replace")
            connection.close()
        except (OSError, http.client.HTTPException):
            return False
        return 200 <= response.status < 400 and config.get("SearchString", "") in body

    def _is_open(self, port: int) -> bool:
        """Return whether an entry answers at all."""
        entries = self._aws.config.entries.items()
        return all(self._outage.entry_open(region) for region, at in entries if at == port)

    def entry_of(self, host: str) -> int | None:
        """Return the entry's port to which DNS leads for a host."""
        if region := region_of_function_url(host):
            return self._aws.config.entries.get(region)
        by_address = self._aws.config.region_of_address
        for record in self.lookup(host, "A"):
            if record.type == "A" and record.value in by_address:
                return self._aws.config.entries[by_address[record.value]]
        return None

    def _name(self, check_id: str) -> str:
        """Return the Name tag of a check."""
        tags = self._aws.route53._tags.get(("healthcheck", check_id), {})
        return str(tags.get("Name", check_id))

    def status(self) -> list[dict[str, Any]]:
        """Return every check with its verdict."""

        def all_checks() -> list[dict[str, Any]]:
            return [
                {"id": check_id, "name": self._name(check_id), "healthy": check.healthy}
                for check_id, check in list(self._checks.items())
            ]

        statuses: list[dict[str, Any]] = self._aws.within("us-east-1", all_checks)
        return statuses

    # --- DNS -------------------------------------------------------------------------------------

    def lookup(self, name: str, kind: str) -> list[Answer]:
        """Answer a question as the zone's name servers would."""

        def ask() -> list[Answer]:
            zone = self._zone_of(name)
            records = self._aws.route53._records.get(zone, []) if zone else []
            return answer(records, self.is_healthy, self._addresses, name, kind)

        answers: list[Answer] = self._aws.within("us-east-1", ask)
        return answers

    def exists(self, name: str) -> bool:
        """Return whether a name, or one below it, has records of any type (RFC 8020)."""

        def ask() -> bool:
            zone, bare = self._zone_of(name), name.rstrip(".").lower()
            records = self._aws.route53._records.get(zone, []) if zone else []
            held = (r["Name"].rstrip(".").lower() for r in records)
            return any(n == bare or n.endswith(f".{bare}") for n in held)

        return bool(self._aws.within("us-east-1", ask))

    def _zone_of(self, name: str) -> str | None:
        bare = name.rstrip(".").lower()
        zones = [(z["name"].rstrip("."), i) for i, z in self._aws.route53._zones.items()]
        fitting = [(n, i) for n, i in zones if bare == n or bare.endswith(f".{n}")]
        return max(fitting, key=lambda z: len(z[0]))[1] if fitting else None

    def serve(self) -> None:
        """Serve DNS on loopback, UDP and TCP."""
        resolver = _Resolver(self.lookup, self.exists)
        for tcp in (False, True):
            DNSServer(
                resolver,
                port=self._aws.config.dns_port,
                address="127.0.0.1",
                tcp=tcp,
                logger=DNSLogger("-request,-reply,-truncated,-error"),
            ).start_thread()

    def start(self) -> None:
        """Start answering and probing."""
        self.serve()
        threading.Thread(target=self.run, daemon=True, name="health-checks").start()


class _Resolver(BaseResolver):  # type: ignore[misc]
    def __init__(
        self, lookup: Callable[[str, str], list[Answer]], exists: Callable[[str], bool]
    ) -> None:
        self._lookup = lookup
        self._exists = exists

    def resolve(self, request: Any, _handler: Any) -> Any:
        reply = request.reply()
        question = request.q
        for record in self._lookup(str(question.qname), QTYPE[question.qtype]):
            rdata = RDATA[record.type](record.value)
            kind = getattr(QTYPE, record.type)
            reply.add_answer(RR(record.name, kind, rdata=rdata, ttl=record.ttl))
        if not reply.rr and not self._exists(str(question.qname)):
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


def furnish_zone(aws: Aws) -> None:
    """Make the hosted zone that samconfig.toml names, with its id: an account has it beforehand."""
    route53, config = aws.route53, aws.config
    name = config.zone_name + "."

    def make() -> None:
        route53._zones[config.hosted_zone_id] = {
            "id": config.hosted_zone_id,
            "name": name,
            "caller_reference": "furnished",
            "comment": "",
            "private": False,
            "vpcs": [],
        }
        route53._records[config.hosted_zone_id] = route53._default_records(name)

    aws.within("us-east-1", make)
