"""A journaled write is what docs/journal-vectors.json says, and the product reads it so."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pilot_light_client import ulid_format
from pilot_light_client.attributes import AttributeInvalid
from pilot_light_client.journal import (
    KeyUnsupported,
    Ref,
    Write,
    from_entry,
    from_row,
    is_deleted,
    plan,
    shard_of,
    transaction,
)
from pilotlight.journal.comparison import HIGHEST, LOWEST, Entry
from pilotlight.journal.reader import Journal
from pilotlight.shared.app_tables import AppTables

VECTORS = json.loads((Path(__file__).parents[4] / "docs/journal-vectors.json").read_text("utf-8"))
CASES = VECTORS["cases"]
WRITTEN = [c for c in CASES if "error" not in c["expect"]]
REFUSED = [c for c in CASES if "error" in c["expect"]]
TABLES = AppTables.parse(["orders:pk", "counters:number=N", "lines:order/line=N"])


def planned(write: dict[str, Any]) -> tuple[Write, list[dict[str, Any]]]:
    """The write, and its transaction."""
    it = {**VECTORS["defaults"], **write}
    made = plan(
        Ref.of(it["table"], it["key"]),
        it["item"],
        it["over"],
        region=it["region"],
        epoch=it["epoch"],
        write_id=it["id"],
        at=it["at"],
        authority=it["authority"],
        days=it["days"],
    )
    return made, transaction(made, it["journal_table"], it["over"])


def of(cases: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[c["name"] for c in cases])


@of(WRITTEN)
def test_vector(case: dict[str, Any]) -> None:
    expected, (item, entry) = case["expect"], planned(case["write"])[1]
    condition = expected["condition"]
    names = {"values": "ExpressionAttributeValues", "names": "ExpressionAttributeNames"}
    assert item["Put"] == {
        "TableName": case["write"].get("table", "orders"),
        "Item": expected["item"],
        "ConditionExpression": condition["expression"],
        **{names[k]: v for k, v in condition.items() if k in names},
    }
    assert entry["Put"] == {
        "TableName": VECTORS["defaults"]["journal_table"],
        "Item": expected["entry"],
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    assert is_deleted(expected["item"]) == (case["write"]["item"] is None)


@of(REFUSED)
def test_vector_of_a_refusal(case: dict[str, Any]) -> None:
    name = case["expect"]["error"]
    expected: tuple[type[Exception], str] = (AttributeInvalid, f"^{name}$")
    expected = {"key": (KeyUnsupported, "key"), "days": (ValueError, "35")}.get(name, expected)
    with pytest.raises(expected[0], match=expected[1]):
        planned(case["write"])


@of(WRITTEN)
def test_what_a_client_wrote_is_read_back(case: dict[str, Any]) -> None:
    write, _ = planned(case["write"])
    assert from_entry(case["expect"]["entry"]) == write
    assert from_row(write.new.ref, case["expect"]["item"]) == write.new


@of(WRITTEN)
def test_the_proof_of_a_move_reads_it_too(case: dict[str, Any]) -> None:
    entry, (write, _) = case["expect"]["entry"], planned(case["write"])

    def query(ExpressionAttributeValues: Any, **_query: Any) -> Any:
        return {"Items": [entry] if ExpressionAttributeValues[":shard"] == entry["pk"] else []}

    version = write.new.version
    client: Any = SimpleNamespace(query=query)
    journal = Journal(client, "journal", TABLES, version.region, version.epoch)
    assert journal.entries(LOWEST, HIGHEST, 10) == [Entry(write.id, write.new.ref, version)]


@pytest.mark.parametrize("known", VECTORS["ids"], ids=lambda known: known["id"])
def test_vector_of_a_write_id(known: dict[str, Any]) -> None:
    assert ulid_format.at(known["moment_ms"], bytes.fromhex(known["random"])) == known["id"]


@pytest.mark.parametrize("known", VECTORS["shards"], ids=lambda known: known["id"])
def test_vector_of_a_shard(known: dict[str, Any]) -> None:
    assert shard_of(known["id"]) == known["shard"]


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({c["name"] for c in CASES}) == len(CASES)
