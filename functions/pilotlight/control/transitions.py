"""The changes of the control item, as transitions.json lists them. Every one is compare and set.

The state machines write the same expressions; a test compares them with these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilot_light_client.control_item import ControlItem, State

DATA = json.loads(Path(__file__).with_name("transitions.json").read_text(encoding="utf-8"))
CONDITION: str = DATA["condition"]
# Placeholders of the attributes that some transitions set, and others do not.
EXTRAS = {"cooldown_until": ":cooldown", "move": ":move", "drain_until": ":until"}


@dataclass(frozen=True)
class Transition:
    """One row of transitions.json."""

    name: str
    active: str
    states: tuple[str, ...]
    state: str
    claims: bool
    sets: tuple[str, ...]
    removes: tuple[str, ...]

    def why_refused(self, item: ControlItem, here: str) -> str | None:
        """Return why the transition may not start from an item, or None if it may.

        Parameters
        ----------
        here
            The Region that would be active afterwards, for a claim; else the active Region.
        """
        if item.state not in self.states:
            return f"{item.active_region} is {item.state}, not {' or '.join(self.states)}."
        if self.active == "here" and item.active_region != here:
            return f"{item.active_region} is active, not {here}."
        if self.active == "elsewhere" and item.active_region == here:
            return f"{here} is active already."
        return None

    @property
    def update_expression(self) -> str:
        """The UpdateExpression. `#state` stands for `state`, which DynamoDB reserves."""
        sets = ["revision = :next"]
        if self.claims:
            sets += ["active_region = :here", "epoch = :epoch"]
        sets += ["#state = :state", "changed_at = :at", "changed_by = :by"]
        sets += [f"{name} = {EXTRAS[name]}" for name in self.sets]
        removes = f" REMOVE {', '.join(self.removes)}" if self.removes else ""
        return f"SET {', '.join(sets)}{removes}"

    def update(
        self, item: ControlItem, *, here: str, by: str, at: str, **extras: str | int
    ) -> dict[str, Any]:
        """Return the arguments of UpdateItem that make this transition from an item.

        Parameters
        ----------
        extras
            A value for each attribute in `sets`.
        """
        values: dict[str, Any] = {
            ":seen": {"N": str(item.revision)},
            ":next": {"N": str(item.revision + 1)},
            ":state": {"S": self.state},
            ":at": {"S": at},
            ":by": {"S": by},
        }
        if self.claims:
            values |= {":here": {"S": here}, ":epoch": {"N": str(item.epoch + 1)}}
        for name in self.sets:
            value = extras[name]
            values[EXTRAS[name]] = {"N" if isinstance(value, int) else "S": str(value)}
        return {
            "UpdateExpression": self.update_expression,
            "ConditionExpression": CONDITION,
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": values,
        }

    def after(
        self, item: ControlItem, *, here: str, by: str, at: str, **extras: Any
    ) -> ControlItem:
        """Return the item as this transition leaves it."""
        return replace(
            item,
            revision=item.revision + 1,
            active_region=here if self.claims else item.active_region,
            epoch=item.epoch + self.claims,
            state=cast("State", self.state),
            changed_at=at,
            changed_by=by,
            **dict.fromkeys(self.removes),
            **{name: extras[name] for name in self.sets},
        )

    def was_made(self, before: ControlItem, after: ControlItem, by: str) -> bool:
        """Return whether an item read afterwards shows that this very change was made."""
        return (
            after.revision == before.revision + 1
            and after.changed_by == by
            and after.state == self.state
            and after.epoch == before.epoch + self.claims
        )


def _read(name: str, row: Mapping[str, Any]) -> Transition:
    return Transition(
        name=name,
        active=row["from"]["active"],
        states=tuple(row["from"]["states"]),
        state=row["to"]["state"],
        claims=row["to"]["epoch"] == "next",
        sets=tuple(row["sets"]),
        removes=tuple(row["removes"]),
    )


TRANSITIONS = {name: _read(name, row) for name, row in DATA["transitions"].items()}
