"""What has to come of each outage, and by which checks a drill finds out.

The table with its reasons also stands in docs/lab.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from lab.drill import quorum
from lab.drill.failback import checks as failback
from lab.drill.last_resort import checks as last_resort
from lab.drill.outage import losses, recovery, staying, without_quorum

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.drill.checks import Result
    from lab.drill.observations import Observations

Verdict = Literal["recovers", "holds", "stays"]


@dataclass(frozen=True)
class Expectation:
    """What has to come of an outage.

    Parameters
    ----------
    allowed
        `recovers`: the Secondary is promoted, by itself. `holds`: a run was started, promoted
        nothing, said so once and ended by itself. `stays`: no run was started.
    happened
        What happened, as a clause; `{primary}` and `{secondary}` stand for the Regions.
    untouched
        Whether users may not notice the outage at all, where nothing is promoted.
    more
        Checks of requests that are sent to the Primary by its own name while the outage lasts.
    last_resort
        Whether nobody can claim, so that a person lets the Secondary write without a quorum.
    """

    allowed: tuple[Verdict, ...]
    happened: str
    why: str
    untouched: bool = False
    more: tuple[Callable[[Observations], Result], ...] = ()
    last_resort: bool = False

    @property
    def recovers(self) -> bool:
        """Whether the Secondary has to take over."""
        return self.allowed == ("recovers",)

    @property
    def checks(self) -> tuple[Callable[[Observations], Result], ...]:
        """The checks that find out."""
        if self.recovers:
            return (*recovery.CHECKS, *losses.CHECKS, *failback.CHECKS, *self.more)
        if self.last_resort:
            lasting = (staying.outage_took_effect, staying.nothing_promoted, staying.lock_free)
            control = quorum.revisions_and_epochs_never_go_back
            return (*lasting, control, *last_resort.CHECKS, *self.more)
        users = staying.users_not_affected if self.untouched else staying.users_met_only_the_outage
        runs = staying.HOLDING if "holds" in self.allowed else (staying.nothing_was_started,)
        return (*staying.CHECKS, users, *runs, *self.more)


RECOVERS: tuple[Verdict, ...] = ("recovers",)
STAYS: tuple[Verdict, ...] = ("stays",)
HOLDS_OR_STAYS: tuple[Verdict, ...] = ("holds", "stays")
EXPECTATIONS: dict[str, Expectation] = {
    "region": Expectation(
        RECOVERS,
        "{primary} was lost",
        "Nothing of the Primary answers users, own probes or Route 53's checkers.",
    ),
    "us-east-1": Expectation(
        STAYS,
        "us-east-1 was lost",
        "Users need nothing of it: names are answered and endpoints checked by Route 53's data "
        "plane. No verdict on the Primary changes, so nothing may be promoted.",
        untouched=True,
    ),
    "api": Expectation(
        RECOVERS,
        "API Gateway of {primary} was lost",
        "Users reach the application through it alone.",
    ),
    "table": Expectation(
        RECOVERS,
        "DynamoDB of {primary} was lost",
        "The health endpoint reads the table, so that an application that cannot serve reports it.",
    ),
    "read-only": Expectation(
        RECOVERS,
        "the table in {primary} took no writes",
        "The health endpoint reports it when every recent write failed; its own reads succeed.",
    ),
    "partition": Expectation(
        ("holds",),
        "{secondary} and {primary} were cut off from each other",
        "Users still reach the Primary. The Secondary's own probes fail, the beacon is healthy: "
        "two signals that disagree are no outage.",
        untouched=True,
    ),
    "flap": Expectation(
        HOLDS_OR_STAYS,
        "{primary} went up and down",
        "9 s are fewer than the two failed probes in a row that Route 53 asks for, so the "
        "beacon says healthy throughout. Moving after each of them would be flapping.",
    ),
    "slow": Expectation(
        RECOVERS,
        "{primary} answered after 5 s",
        "Route 53 and the own probes wait 2 s for an answer, and so do users of this client: "
        "an answer after 5 s is none.",
    ),
    "grey": Expectation(
        HOLDS_OR_STAYS,
        "every other request to {primary} failed",
        "No checker sees two failures in a row, and all own probes never fail: no "
        "two signals agree on an outage. A person may fail over by hand.",
    ),
    "witness": Expectation(
        STAYS,
        "the control table lost its witness",
        "Two of its three members are a quorum.",
        untouched=True,
        more=(without_quorum.enough_requests_were_made,),
    ),
    "isolated": Expectation(
        RECOVERS,
        "{primary} was cut off from the other Regions",
        "Own probes fail, and its pulse in the control table stands still: it can acknowledge no "
        "write. So it is failed over although users and checkers reach it.",
        more=(
            without_quorum.isolated_primary_takes_no_write_after_the_lease,
            without_quorum.users_who_reach_the_isolated_primary_get_reads,
        ),
    ),
    "two-regions": Expectation(
        ("holds",),
        "{primary} and the control table's witness were lost",
        "Without a quorum nobody can claim. A person may let the Secondary write, by a last resort "
        "that ends when the table answers again.",
        last_resort=True,
    ),
    "stall": Expectation(
        STAYS,
        "the control table was silent for 1.5 s",
        "A strong read is valid for longer. A function that has none waits longer for one.",
        untouched=True,
        more=(without_quorum.no_write_was_refused,),
    ),
    "long-stall": Expectation(
        STAYS,
        "the control table was silent for 20 s",
        "Nobody knows who is active, so nobody writes, and nobody moves: /health does not ask it.",
        more=(without_quorum.writes_wait_for_the_quorum,),
    ),
}


def expectation(mode: str, primary: str) -> Expectation:
    """Return the expected result of an outage. us-east-1 may itself be the Primary."""
    expected = EXPECTATIONS[mode]
    if mode == "us-east-1" and primary == "us-east-1":
        why = "It is the Primary, and is lost with the Route 53 alarm that would have reported it."
        return replace(expected, allowed=RECOVERS, why=why)
    return expected


def observed_result(drill: Observations) -> Verdict | None:
    """Return the result of an outage; None for anything that has no name."""
    outcomes = {e.outcome for e in drill.meant}
    before, after = drill.control_before, drill.control_after
    if before is None or after is None:
        return None
    if outcomes >= {"promoted"} and after.active_region == drill.secondary:
        return "recovers"
    gave_up = {"failed"} if expectation(drill.mode, drill.primary).last_resort else set()
    if after != before or outcomes - {"held"} - gave_up:
        return None
    return "holds" if outcomes else "stays"


def outage_report(drill: Observations) -> dict[str, Any]:
    """Return the report's part on the outage."""
    expected, result = expectation(drill.mode, drill.primary), observed_result(drill)
    return {
        "mode": drill.mode,
        "happened": expected.happened.format(primary=drill.primary, secondary=drill.secondary),
        "expected": " or ".join(expected.allowed),
        "result": result or "something else",
        "verdict": _words(drill, result),
        "why": expected.why,
    }


def _words(drill: Observations, result: Verdict | None) -> str:
    if result == "recovers":
        return f"moved to {drill.secondary} by itself"
    if result is None:
        return "neither recovered nor stayed as it was"
    if drill.last_resort:
        writes = len(last_resort.by_the_secondary(drill))
        return (
            f"stayed in {drill.primary} and notified; by a person's last resort {drill.secondary} "
            f"took {writes} writes meanwhile"
        )
    held = "; the recovery held and ended its hold by itself" if result == "holds" else ""
    failed = sum(not r.good for r in drill.requests)
    users = f"{failed} of {len(drill.requests)} requests failed while it lasted"
    return f"stayed in {drill.primary}{held}; {users if failed else 'users were not affected'}"
