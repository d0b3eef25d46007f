"""The client's resolver keeps an answer for its TTL, and no longer."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rrset
import pytest

from lab.drill.users.resolver import NotResolved, Resolver, ask

NAME = "app.pilotlight.example."
Answer = tuple[str | None, float]


class Lab:
    """A resolver under a clock, and a DNS server that can be told what to say."""

    def __init__(self, *answers: Answer, speed: float = 1.0) -> None:
        self.now, self.asked, self.answers = 1000.0, 0, list(answers)
        self.resolver = Resolver(self._answer, speed, lambda: self.now)

    def _answer(self) -> Answer:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def at(self, seconds: float) -> str | None:
        self.now = 1000.0 + seconds
        try:
            return self.resolver.resolve()
        except NotResolved:
            return None


def test_an_answer_is_kept_until_its_ttl_is_over() -> None:
    lab = Lab(("127.0.1.1", 10), ("127.0.2.1", 10))
    assert [lab.at(t) for t in (0, 5, 9.9, 10)] == ["127.0.1.1"] * 3 + ["127.0.2.1"]
    assert lab.asked == 2


def test_the_labs_speed_divides_the_ttl() -> None:
    lab = Lab(("127.0.1.1", 10), ("127.0.2.1", 10), speed=10)
    assert [lab.at(t) for t in (0, 0.9, 1.0, 1.9)] == ["127.0.1.1"] * 2 + ["127.0.2.1"] * 2


def test_a_kept_answer_serves_while_nobody_answers() -> None:
    lab = Lab(("127.0.1.1", 10), (None, 0))
    assert [lab.at(0), lab.at(9)] == ["127.0.1.1", "127.0.1.1"]


def test_an_answer_that_is_over_is_not_used_though_nobody_answers() -> None:
    lab = Lab(("127.0.1.1", 10), (None, 0))
    assert [lab.at(0), lab.at(10)] == ["127.0.1.1", None]


def test_a_name_that_was_not_answered_is_asked_for_again_at_once() -> None:
    lab = Lab((None, 0), (None, 60), ("127.0.1.1", 10))
    assert [lab.at(0), lab.at(0), lab.at(0)] == [None, None, "127.0.1.1"]


def test_an_answer_without_a_ttl_is_used_once() -> None:
    lab = Lab(("127.0.1.1", 0), ("127.0.2.1", 0))
    assert [lab.at(0), lab.at(0)] == ["127.0.1.1", "127.0.2.1"]


def answering(monkeypatch: pytest.MonkeyPatch, *records: str) -> list[dict[str, Any]]:
    """Let the DNS server answer, and return what it was asked."""
    questions: list[dict[str, Any]] = []

    def udp(query: dns.message.Message, where: str, **given: Any) -> dns.message.Message:
        questions.append({"name": query.question[0].name.to_text(), "where": where, **given})
        answer = dns.message.make_response(query)
        answer.answer = [dns.rrset.from_text(*record.split()) for record in records]
        return answer

    monkeypatch.setattr(dns.query, "udp", udp)
    return questions


def test_the_shortest_ttl_of_the_chain_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    questions = answering(
        monkeypatch,
        f"{NAME} 60 IN CNAME origin.us-west-2.pilotlight.example.",
        "origin.us-west-2.pilotlight.example. 10 IN A 127.0.1.1",
    )
    assert ask(NAME, 5354) == ("127.0.1.1", 10.0)
    assert questions == [{"name": NAME, "where": "127.0.0.1", "port": 5354, "timeout": 1.0}]


def test_of_several_addresses_a_user_tries_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, *(f"{NAME} 60 IN A 127.0.1.{n}" for n in (1, 2, 3)))
    assert ask(NAME, 5354)[0] == "127.0.1.1"


def test_a_chain_that_ends_without_an_address_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, f"{NAME} 60 IN CNAME origin.us-west-2.pilotlight.example.")
    assert ask(NAME, 5354)[0] is None


def test_an_empty_answer_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch)
    assert ask(NAME, 5354) == (None, 0.0)


@pytest.mark.parametrize("error", [dns.exception.Timeout(), ConnectionRefusedError()])
def test_a_server_that_does_not_answer_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(dns.query, "udp", silent)
    assert ask(NAME, 5354) == (None, 0.0)
