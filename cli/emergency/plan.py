"""What is known before an emergency, what a run would do, and what it gives up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pilotlight.shared import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.deployment import Deployment
    from cli.status.readings import Readings

Action = Literal["take-over", "last-resort"]
FENCED = 1


@dataclass(frozen=True)
class Plan:
    """What a run of the emergency machine in a Region would find and do.

    `refusal` is why it would change nothing, as far as is known from here. `sentence` is what the
    machine wants in `confirm`.
    """

    action: Action
    region: str
    sentence: str
    known: dict[str, str]
    refusal: str | None
    warnings: list[str]
    will_happen: list[str]
    may_be_lost: str

    def as_json(self) -> dict[str, Any]:
        """Return it as cli/schemas/emergency.schema.json describes it, without an execution."""
        return {"version": 1, **vars(self)}


def sentence(action: Action, region: str, other: str) -> str:
    """Return what the machine of a Region wants to read before it does anything."""
    if action == "take-over":
        return f"MAKE {region} ACTIVE WITHOUT {other}"
    return f"LET {region} WRITE WITHOUT A QUORUM"


def plan(
    action: Action,
    region: str,
    readings: Readings,
    document: Mapping[str, Any],
    deployment: Deployment,
    hours: float,
) -> Plan:
    """Return the plan of a run, by what `status` read and by its document."""
    (other,) = set(deployment.regions) - {region}
    controls = {r: readings.item(r, "control") for r in (region, other)}
    facts = document["facts"]
    known = {f"control table in {r}": _control(item) for r, item in controls.items()}
    known |= {
        name.replace("_", " "): facts[name]["detail"]
        for name in ("users", "primary", "secondary", "last_resort", "executions")
    }
    if action == "take-over":
        refusal, warnings = _before_take_over(region, other, controls, document, deployment)
        happens, lost = _take_over(region, other, deployment)
    else:
        refusal, warnings = _before_last_resort(region, other, controls, document)
        happens, lost = _last_resort(region, other, deployment, hours)
    wanted = sentence(action, region, other)
    return Plan(action, region, wanted, known, refusal, warnings, happens, lost)


def _control(item: Mapping[str, Any]) -> str:
    if "error" in item:
        return f"No answer. {item['error']}"
    if not item:
        return "Answers, and has no control item."
    return (
        f"Answers: {item.get('active_region')} is active in epoch {item.get('epoch')}, "
        f"{item.get('state')}."
    )


Judged = tuple[str | None, list[str]]


def _before_take_over(
    region: str,
    other: str,
    controls: Mapping[str, Mapping[str, Any]],
    document: Mapping[str, Any],
    deployment: Deployment,
) -> Judged:
    here, warnings = controls[region], list[str]()
    if "error" in here:
        warnings.append(
            f"The control table could not be read in {region}. Unless it answers the run, that "
            "ends with NoQuorum and changes nothing: see docs/runbook/control-table-silent.md."
        )
    active = here.get("active_region") == region
    if not active and document["facts"]["secondary"]["verdict"] == "ok":
        warnings.append(
            f"{other} answers at its own name. If it works, pilot-light failback moves back and "
            "loses no write."
        )
    if deployment.parameters.get("WithoutQuorum") == "continue":
        warnings.append(
            f"WithoutQuorum=continue: {other} may go on writing while it is cut off from both "
            "other Regions."
        )
    if deployment.level < FENCED:
        words = contract.in_words(deployment.level)
        warnings.append(f"The application is not fenced ({words}): {other} may go on writing.")
    if active and here.get("state") != "claimed":
        return f"{region} is the active Region already, and {here.get('state')}.", warnings
    return None, warnings


def _before_last_resort(
    region: str,
    other: str,
    controls: Mapping[str, Mapping[str, Any]],
    document: Mapping[str, Any],
) -> Judged:
    warnings, refusal = list[str](), None
    if "error" not in controls[region]:
        active = controls[region].get("active_region")
        better = "It writes by the quorum." if active == region else "Fail over, or take over."
        refusal = (
            f"The control table answers in {region}, and says that {active} is active. The run "
            f"will end with ControlTableAnswers and change nothing. {better}"
        )
    if "error" not in controls[other]:
        warnings.append(
            f"The control table answers in {other}, which has the quorum: if it is active, wait; "
            "else make it active."
        )
    if document["facts"]["last_resort"]["verdict"] == "attention":
        warnings.append(document["facts"]["last_resort"]["detail"])
    public = next(p for p in document["probes"] if p["name"] == document["public_name"])
    if public["region"] == other:
        warnings.append(
            f"The public name leads to {other}. Use the last resort in the Region that users "
            "reach, and only there."
        )
    return refusal, warnings


Consequences = tuple[list[str], str]


def _take_over(region: str, other: str, deployment: Deployment) -> Consequences:
    return [
        f"{region} claims, with one conditional write that the quorum decides.",
        f"It waits {deployment.lease_seconds:g} s, until writes that {other} let pass before have "
        "ended. Then it takes writes.",
        f"DNS leads to {other} while its switch answers so, 120 s at most after its last strong "
        "read.",
        "When it is back: pilot-light ledger reconcile. See docs/runbook/secondary-lost.md.",
    ], (
        f"What {other} acknowledged and had not replicated is missing until it returns. "
        + contract.loss(deployment.level)
    )


def _last_resort(region: str, other: str, deployment: Deployment, hours: float) -> Consequences:
    marks = "Its journal marks them. " if deployment.level == contract.JOURNALED else ""
    return [
        "The machine asks the control table for half a minute. One answer ends it, unchanged.",
        f"{region} takes writes without a quorum, for {hours:g} h at most, or until the control "
        f"table answers. {marks}".rstrip(),
        "Then: pilot-light ledger reconcile. See docs/runbook/control-table-silent.md.",
    ], (
        f"Nothing keeps {other} from writing too. Where both write an item, the later time stamp "
        "wins. "
        + (
            contract.ledger(deployment.level)
            or "The ledger names what was overwritten, once it is reconciled."
        )
    )
