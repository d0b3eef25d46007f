"""What `status` read, as the conditions of a run, and what the run does. Pure.

The machine judges again, by itself and better: it compares journals and releases, for instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pilotlight.shared import contract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cli.deployment import Deployment

Mode = Literal["rehearsal", "failover", "switchover", "failback"]
# `noted` keeps no run from anything.
State = Literal["met", "unmet", "unknown", "noted"]
# What the machine does where a condition of its own is not met.
THEN = {
    "rehearsal": "the rehearsal fails, and says so",
    "failover": "the run holds, and judges again every 15 s until its deadline",
    "switchover": "the move is refused, and nothing is changed",
    "failback": "the move is refused, and nothing is changed",
}


@dataclass(frozen=True)
class Condition:
    """One condition as it is known from here. Its name is the machine's own where it has one."""

    name: str
    state: State
    detail: str


@dataclass(frozen=True)
class Plan:
    """What a run would find and do."""

    mode: Mode
    target: str
    conditions: list[Condition]
    will_happen: list[str]
    may_be_lost: str

    @property
    def unmet(self) -> list[Condition]:
        """The conditions that are known not to be met."""
        return [c for c in self.conditions if c.state == "unmet"]

    @property
    def unknown(self) -> list[Condition]:
        """The conditions that could not be read."""
        return [c for c in self.conditions if c.state == "unknown"]

    def as_json(self) -> dict[str, Any]:
        """Return it as cli/schemas/run.schema.json describes it, without an execution."""
        return {
            "version": 1,
            "mode": self.mode,
            "target_region": self.target,
            "conditions": [vars(c) for c in self.conditions],
            "will_happen": self.will_happen,
            "may_be_lost": self.may_be_lost,
        }


def plan(
    mode: Mode,
    document: Mapping[str, Any],
    deployment: Deployment,
    overridden: frozenset[str] = frozenset(),
) -> Plan:
    """Return the plan of a run, by a document of `status`."""
    facts = document["facts"]
    made = [_overridden(c, overridden) for c in CONDITIONS[mode](facts, document, deployment)]
    made.append(_no_other_run(facts))
    target = deployment.primary if mode == "failback" else deployment.secondary
    happens, lost = CONSEQUENCES[mode](facts, document, deployment)
    return Plan(mode, target, made, happens, lost)


def _overridden(condition: Condition, names: frozenset[str]) -> Condition:
    if condition.name not in names:
        return condition
    return Condition(condition.name, "noted", f"Overridden. {condition.detail}")


def _rehearsal(
    facts: Mapping[str, Any], _document: Mapping[str, Any], deployment: Deployment
) -> list[Condition]:
    return [_serves(facts, "Primary", deployment), _ready(facts)]


def _failover(
    facts: Mapping[str, Any], document: Mapping[str, Any], deployment: Deployment
) -> list[Condition]:
    asks = deployment.parameters.get("RpoPolicy") == "ask"
    rpo = _of(facts["to_secondary"])
    cooldown = facts["machine"].get("cooldown_until")
    return [
        _active(facts, "Primary", deployment),
        _outage(facts, document),
        _ready(facts),
        Condition(
            "rpo_within_objective",
            rpo if asks or rpo == "met" else "noted",
            facts["to_secondary"]["detail"],
        ),
        Condition(
            "cooldown_over",
            "unmet" if cooldown else "met",
            facts["machine"]["detail"] if cooldown else "No cooldown is running.",
        ),
    ]


def _switchover(
    facts: Mapping[str, Any], _document: Mapping[str, Any], deployment: Deployment
) -> list[Condition]:
    return [
        _serves(facts, "Primary", deployment),
        _ready(facts),
        Condition("replication_healthy", *_both(facts, "to_secondary", "to_primary")),
    ]


def _failback(
    facts: Mapping[str, Any], _document: Mapping[str, Any], deployment: Deployment
) -> list[Condition]:
    ledger = facts["ledger"]
    reviewed: State = "met" if ledger["verdict"] == "not_applicable" else _of(ledger)
    return [
        _serves(facts, "Secondary", deployment),
        Condition("primary_healthy", *_both(facts, "primary", "sentinel")),
        Condition("replication_healthy", *_both(facts, "to_secondary", "to_primary")),
        Condition("ledger_reviewed", reviewed, ledger["detail"]),
    ]


def _active(facts: Mapping[str, Any], role: str, deployment: Deployment) -> Condition:
    """Return whether there is something to move away from."""
    control = facts["control"]
    name = "primary_active" if role == "Primary" else "secondary_active"
    if control.get("role") is None:
        return Condition(name, "unknown", control["detail"])
    if control["role"] == role:
        return Condition(name, "met", control["detail"])
    other = deployment.secondary if role == "Primary" else deployment.primary
    return Condition(name, "unmet", f"{other} is active already: there is nothing to move.")


def _serves(facts: Mapping[str, Any], role: str, deployment: Deployment) -> Condition:
    """Return whether the Region to move away from is active, and settled."""
    active, control = _active(facts, role, deployment), facts["control"]
    state: State = active.state
    if state == "met" and control["state"] != "serving":
        state = "unmet"
    return Condition("source_serves", state, active.detail)


def _outage(facts: Mapping[str, Any], document: Mapping[str, Any]) -> Condition:
    primary, beacon = facts["primary"], document["beacon"]
    detail = f"{primary['detail']} The beacon is {beacon}."
    if primary["verdict"] == "ok":
        why = "A switchover loses nothing; override outage_confirmed if users are down all the same"
        return Condition("outage_confirmed", "unmet", f"{detail} {why}.")
    if primary["verdict"] == "unknown" or beacon == "unknown":
        return Condition("outage_confirmed", "unknown", detail)
    return Condition("outage_confirmed", "met" if beacon == "unhealthy" else "unmet", detail)


def _ready(facts: Mapping[str, Any]) -> Condition:
    return Condition("secondary_ready", *_both(facts, "secondary", "readiness"))


def _no_other_run(facts: Mapping[str, Any]) -> Condition:
    running = facts["machine"].get("execution") and "machine" in facts["machine"]
    state: State = "unmet" if running else "met"
    detail = facts["machine"]["detail"] if running else "No run holds the lock."
    if facts["machine"]["verdict"] == "unknown":
        state, detail = "unknown", facts["machine"]["detail"]
    return Condition("no_other_run", state, detail)


def _both(facts: Mapping[str, Any], *names: str) -> tuple[State, str]:
    """Return facts as one condition: the worst of them, and the details of what is not well."""
    states = [_of(facts[name]) for name in names]
    state: State = next((s for s in ("unmet", "unknown") if s in states), "met")
    wanted = [facts[n]["detail"] for n, s in zip(names, states, strict=True) if s == state]
    return state, " ".join(wanted)


def _of(fact: Mapping[str, Any]) -> State:
    verdict = fact["verdict"]
    return "met" if verdict == "ok" else "unknown" if verdict == "unknown" else "unmet"


Consequences = tuple[list[str], str]


def _of_rehearsal(
    _facts: Mapping[str, Any], _document: Mapping[str, Any], deployment: Deployment
) -> Consequences:
    happens = [
        f"Everything of a failover to {deployment.secondary} but the claim: evidence, warming, "
        "hooks. No user is moved.",
    ]
    return happens, "Nothing."


def _of_failover(
    facts: Mapping[str, Any], document: Mapping[str, Any], deployment: Deployment
) -> Consequences:
    happens = [
        f"{deployment.secondary} becomes active{_epoch(document)}, and DNS leads users there.",
        f"It takes writes {deployment.lease_seconds:g} s after the claim."
        + contract.promotion(deployment.level),
        "Nothing fails back by itself.",
    ]
    lost = (
        f"Writes that {deployment.primary} acknowledged and {deployment.secondary} does not hold. "
        f"{facts['to_secondary']['detail']} {contract.loss(deployment.level)}"
    )
    return happens, lost


def _of_move(source: str, target: str) -> Callable[..., Consequences]:
    def consequences(
        _facts: Mapping[str, Any], document: Mapping[str, Any], deployment: Deployment
    ) -> Consequences:
        leaves, takes = getattr(deployment, source), getattr(deployment, target)
        happens = [
            f"{leaves} takes no writes for {deployment.lease_seconds:g} s and the comparison: "
            "users get 503 Draining.",
            f"Then {takes} becomes active{_epoch(document)}, and DNS leads users there.",
            "Any failure before that undoes the drain.",
        ]
        return happens, LOST_IN_A_MOVE[deployment.level]

    return consequences


LOST_IN_A_MOVE = {
    0: "Unknown: the application is not fenced, and may write in the Region that it leaves.",
    1: "Nothing is expected. That replication has come through is seen by a marker in each table, "
    "not proven.",
    2: "Nothing: the move is undone unless the target holds every write of the journal.",
}


def _epoch(document: Mapping[str, Any]) -> str:
    return f", epoch {document['active']['epoch'] + 1}" if document["active"] else ""


CONDITIONS: dict[str, Callable[..., list[Condition]]] = {
    "rehearsal": _rehearsal,
    "failover": _failover,
    "switchover": _switchover,
    "failback": _failback,
}
CONSEQUENCES: dict[str, Callable[..., Consequences]] = {
    "rehearsal": _of_rehearsal,
    "failover": _of_failover,
    "switchover": _of_move("primary", "secondary"),
    "failback": _of_move("secondary", "primary"),
}
