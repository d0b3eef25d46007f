"""Rows of a Region's tables as DynamoDB returns them: items and entries of the journal."""

from __future__ import annotations

from typing import Any

from tests.unit.lab.engine.fakes import PRIMARY

AT = "2027-01-15T08:00:00+00:00"


def item(item_id: str, write_id: str, version: int = 1, text: str = "") -> dict[str, Any]:
    """Return an item of the example, with the mark of the write that made it."""
    mark = {
        "version": {"N": str(version)},
        "write_id": {"S": write_id},
        "region": {"S": PRIMARY},
        "epoch": {"N": "1"},
        "at": {"S": AT},
        "deleted": {"BOOL": False},
    }
    return {**_key(item_id), "text": {"S": text}, "pilot_light": {"M": mark}}


def entry(
    write_id: str,
    item_id: str = "a",
    version: int = 1,
    before: str | None = None,
    *,
    region: str = PRIMARY,
    epoch: int = 1,
    shard: int = 0,
    at: str = AT,
) -> dict[str, Any]:
    """Return the journal's entry of a write, made over the one before it."""
    old = {"version": {"N": str(version - 1)}, "write_id": {"S": str(before)}}
    return {
        "pk": {"S": f"J#{region}#{epoch}#{shard}"},
        "sk": {"S": write_id},
        "table": {"S": "pilot-light-app-items"},
        "key": {"M": _key(item_id)},
        "operation": {"S": "put"},
        "version": {"N": str(version)},
        "previous": {"M": old} if before else {"NULL": True},
        "image": {"M": {"text": {"S": ""}}},
        "at": {"S": at},
        "authority": {"S": "quorum"},
    }


def _key(item_id: str) -> dict[str, Any]:
    return {"pk": {"S": "I#1"}, "sk": {"S": item_id}}
