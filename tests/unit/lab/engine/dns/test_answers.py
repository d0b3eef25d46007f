"""What Route 53 answers for the records that the stacks make."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.dns.answers import ALIAS_TTL, Answer, answer, choose

ADDRESSES = {"us-west-2": ("127.0.1.1", "127.0.1.2"), "us-east-2": ("127.0.2.1", "127.0.2.2")}
GATEWAY = "d-abc.execute-api.us-west-2.amazonaws.com"


def cname(name: str, to: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "CNAME", "TTL": 10, "ResourceRecords": [{"Value": to}], **more}


def alias(name: str, to: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "A", "AliasTarget": {"DNSName": to}, **more}


def pair(primary: str, secondary: str, kind: str = "CNAME") -> list[dict[str, Any]]:
    name = "app.example."
    shared = {"Name": name, "Type": kind, "TTL": "10"}
    return [
        {**shared, "Failover": "SECONDARY", "ResourceRecords": [{"Value": secondary}]},
        {
            **shared,
            "Failover": "PRIMARY",
            "HealthCheckId": "hc",
            "ResourceRecords": [{"Value": primary}],
        },
    ]


def ask(
    records: list[dict[str, Any]],
    name: str,
    kind: str = "A",
    unhealthy: frozenset[str] = frozenset(),
) -> list[Answer]:
    return answer(records, lambda check: check not in unhealthy, ADDRESSES, name, kind)


DOWN = frozenset({"hc"})
P, S = {"Failover": "PRIMARY"}, {"Failover": "SECONDARY"}


@pytest.mark.parametrize(
    ("primary", "secondary", "chosen"),
    [("up", "up", P), ("down", "up", S), ("up", "down", P), ("down", "down", P)],
)
def test_the_secondary_answers_only_while_it_alone_is_healthy(
    primary: str, secondary: str, chosen: dict[str, str]
) -> None:
    records = [{**S, "HealthCheckId": secondary}, {**P, "HealthCheckId": primary}]
    assert choose(records, lambda check: check == "up")["Failover"] == chosen["Failover"]


def test_a_record_without_a_health_check_is_healthy() -> None:
    assert choose([P, S], lambda _: False) is P
    assert choose([{**P, "HealthCheckId": "hc"}, S], lambda _: False) is S


def test_a_secondary_without_a_primary_answers_healthy_or_not() -> None:
    alone = {**S, "HealthCheckId": "hc"}
    assert choose([alone], lambda _: True) is alone
    assert choose([alone], lambda _: False) is alone


def test_a_simple_record_answers_whatever_a_check_says() -> None:
    simple = {"Name": "a.", "HealthCheckId": "hc"}
    assert choose([simple], lambda _: False) is simple


def test_the_public_name_leads_by_cname_and_alias_to_the_primarys_addresses() -> None:
    records = [*pair("origin-us-west-2.example", "origin-us-east-2.example")]
    records += [alias("origin-us-west-2.example.", GATEWAY)]
    assert ask(records, "app.example") == [
        Answer("app.example.", "CNAME", "origin-us-west-2.example", 10),
        Answer("origin-us-west-2.example.", "A", "127.0.1.1", ALIAS_TTL),
        Answer("origin-us-west-2.example.", "A", "127.0.1.2", ALIAS_TTL),
    ]


def test_after_the_failover_the_public_name_leads_to_the_secondary() -> None:
    records = [*pair("origin-us-west-2.example", "origin-us-east-2.example")]
    east = GATEWAY.replace("us-west-2", "us-east-2")
    records += [alias("origin-us-east-2.example.", east)]
    values = tuple(a.value for a in ask(records, "app.example", unhealthy=DOWN))
    assert values[1:] == ADDRESSES["us-east-2"]


def test_an_alias_answers_under_its_own_name_as_if_it_had_the_address() -> None:
    records = [alias("apex.example.", "middle.example."), alias("middle.example.", GATEWAY)]
    assert ask(records, "apex.example") == [
        Answer("apex.example.", "A", address, ALIAS_TTL) for address in ADDRESSES["us-west-2"]
    ]


def test_an_alias_has_a_ttl_of_its_own_whatever_it_leads_to() -> None:
    records = [alias("apex.example.", "other.example.")]
    records += [{"Name": "other.example.", "Type": "A", "TTL": 5, "ResourceRecords": ["10.0.0.1"]}]
    assert ask(records, "apex.example") == [Answer("apex.example.", "A", "10.0.0.1", ALIAS_TTL)]


def test_a_question_for_a_cname_is_answered_with_it_alone() -> None:
    records = [cname("app.example.", "b.example"), alias("b.example.", GATEWAY)]
    assert ask(records, "app.example", "CNAME") == [
        Answer("app.example.", "CNAME", "b.example", 10)
    ]


def test_a_cname_out_of_the_zone_is_answered_without_its_address() -> None:
    found = ask([cname("app.example.", "elsewhere.test")], "app.example")
    assert [a.type for a in found] == ["CNAME"]


@pytest.mark.parametrize("name", ["ns-1.awsdns-1.com.", "NS-2048.awsdns-64.co.uk"])
def test_every_name_server_is_the_labs_own(name: str) -> None:
    [found] = ask([], name)
    assert (found.value, found.ttl) == ("127.0.0.1", 172_800)
    assert ask([], name, "AAAA") == ask([], f"x.{name}") == []


def test_the_beacon_is_a_txt_record_that_says_how_the_primary_fares() -> None:
    beacon = pair('"healthy"', '"unhealthy"', "TXT")
    assert ask(beacon, "app.example", "TXT") == [Answer("app.example.", "TXT", '"healthy"', 10)]
    [found] = ask(beacon, "app.example", "TXT", DOWN)
    assert found.value == '"unhealthy"'


def test_a_record_of_another_type_does_not_answer() -> None:
    assert ask(pair('"healthy"', '"unhealthy"', "TXT"), "app.example", "A") == []


def test_every_value_of_a_record_is_answered() -> None:
    values = [{"Value": "10.0.0.1"}, {"Value": "10.0.0.2"}]
    records = [{"Name": "many.example.", "Type": "A", "TTL": 5, "ResourceRecords": values}]
    assert [a.value for a in ask(records, "many.example")] == ["10.0.0.1", "10.0.0.2"]


def test_a_missing_name_has_no_answer() -> None:
    assert ask([cname("app.example.", "b.example")], "missing.example") == []
    assert ask([], "app.example") == []


@pytest.mark.parametrize("name", ["APP.example", "app.Example.", "app.example"])
def test_names_are_compared_without_case_and_last_dot(name: str) -> None:
    assert ask([cname("App.example.", "b.test")], name)[0].value == "b.test"


def test_a_gateway_of_a_region_that_the_lab_has_not_leads_nowhere() -> None:
    assert ask([alias("a.example.", GATEWAY.replace("us-west-2", "eu-west-1"))], "a.example") == []


def test_names_that_lead_in_a_circle_end() -> None:
    circle = [cname("a.example.", "b.example"), cname("b.example.", "a.example")]
    assert all(a.type == "CNAME" for a in ask(circle, "a.example"))
    assert ask([alias("c.example.", "c.example.")], "c.example") == []
