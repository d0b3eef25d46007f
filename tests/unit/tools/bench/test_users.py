"""What a user of the benchmark asks, and what it notes."""

from __future__ import annotations

from lab.drill.observations import Request
from lab.drill.users.resolver import Resolver
from tools.bench.users import UserLog, aged

OUTAGE = 100.0


def request(kind: str, started: float, *, good: bool) -> Request:
    region = "us-east-2" if good else None
    return Request(kind, started, started + 0.1, good, region, "")  # type: ignore[arg-type]


def after(*requests: Request) -> UserLog:
    log = UserLog()
    for each in requests:
        log.take(each, OUTAGE)
    return log


def test_only_the_first_answer_is_in_the_midst_of_its_cycle() -> None:
    question = aged(lambda: ("127.0.1.1", 60.0), 0.25)
    assert [question()[1] for _ in range(3)] == [15.0, 60.0, 60.0]


def test_a_resolver_asks_again_when_the_share_has_run_out() -> None:
    now, answers = [0.0], iter(["127.0.1.1", "127.0.2.1"])
    resolver = Resolver(aged(lambda: (next(answers), 60.0), 0.25), 10, lambda: now[0])
    assert resolver.resolve() == "127.0.1.1"
    now[0] = 1.4
    assert resolver.resolve() == "127.0.1.1"
    now[0] = 1.6
    assert resolver.resolve() == "127.0.2.1"


def test_the_gap_begins_with_the_start_of_the_first_failed_request() -> None:
    log = after(request("read", 99.95, good=False), request("read", 100.5, good=False))
    assert log.failed == 99.95


def test_a_failure_from_before_the_outage_opens_no_gap() -> None:
    assert after(request("read", 99.0, good=False)).failed is None


def test_a_good_answer_that_was_on_its_way_ends_no_gap() -> None:
    log = after(request("read", 100.0, good=False), request("read", 99.9, good=True))
    assert log.served is None


def test_reads_are_good_before_writes_are() -> None:
    log = after(
        request("read", 100.0, good=False),
        request("read", 103.0, good=True),
        request("write", 103.1, good=False),
        request("write", 107.0, good=True),
        request("write", 109.0, good=True),
    )
    assert (log.served, log.written) == (103.1, 107.1)
