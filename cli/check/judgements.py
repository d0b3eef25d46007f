"""What was found, judged: is it good enough to deploy, and if not, what to do.

Everything here is a pure function of what AWS, a resolver or samconfig.toml answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.check.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cli.check.planned import Name

# All stacks have to agree on these.
SHARED = (
    *("AppName", "PrimaryRegion", "SecondaryRegion", "WitnessRegion"),
    *("ZoneName", "HostedZoneId", "PublicLabel", "FenceSeconds", "WithoutQuorum", "JournalDays"),
)
# Lambda keeps as many executions unreserved:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
UNRESERVED = 100
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-describing-stacks.html
UPDATABLE = (
    *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
    *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"),
)
# It can only be deleted, and then created.
DELETE_ONLY = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
COMMANDS = {
    "UPDATE_FAILED": "rollback-stack",
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
}
REMOVE = "docs/runbook/remove.md"


def same_values(parameters: Mapping[str, Mapping[str, str]]) -> Outcome:
    """Judge whether the config environments agree, by their parameters."""
    differ = []
    for name in SHARED:
        given = {env: values.get(name, "") for env, values in parameters.items()}
        if len(set(given.values())) > 1:
            differ.append(f"{name} is " + ", ".join(f"{v} in {env}" for env, v in given.items()))
    if differ:
        return Outcome("failed", "; ".join(differ), "Give every config environment the same value.")
    return Outcome("ok", f"{', '.join(parameters)} agree")


def account(identity: Mapping[str, Any]) -> Outcome:
    """Judge the answer of sts:GetCallerIdentity."""
    if not identity.get("Account"):
        return Outcome("failed", "AWS named no account", "Log in to the account to deploy to.")
    return Outcome("ok", f"account {identity['Account']}, {identity.get('Arn', 'no name')}")


def strong_consistency(members: Sequence[str], sets: Sequence[Sequence[str]]) -> Outcome:
    """Judge the Regions of the control table: Primary, Secondary and witness."""
    named = ", ".join(members)
    if any(set(members) <= set(documented) for documented in sets):
        return Outcome("ok", f"{named} are of one Region set")
    without = sorted(set(members) - {region for documented in sets for region in documented})
    choices = "; ".join(", ".join(documented) for documented in sets)
    remedy = f"Choose Primary, Secondary and WitnessRegion from one of: {choices}."
    if without:
        return Outcome("failed", f"{', '.join(without)} is documented in no Region set", remedy)
    return Outcome(
        "unknown",
        f"{named} are of different Region sets: no page says that AWS accepts them together",
        f"{remedy} Or create an empty table with these members first, and see.",
    )


def function_urls(region: str, missing: Sequence[str]) -> Outcome:
    """Judge whether the Secondary's Region has function URLs, by which the checkers ask."""
    if region in missing:
        remedy = "Choose another SecondaryRegion, or exchange the pair."
        return Outcome("failed", f"Lambda has no function URLs in {region}", remedy)
    return Outcome("ok", f"Lambda documents no exception for {region}")


def zone(response: Mapping[str, Any], zone_id: str, zone_name: str) -> Outcome:
    """Judge the answer of route53:GetHostedZone."""
    found = response["HostedZone"]
    name = str(found["Name"]).rstrip(".").lower()
    if name != zone_name:
        remedy = "Correct ZoneName or HostedZoneId in samconfig.toml."
        return Outcome("failed", f"{zone_id} is the zone {name}, not {zone_name}", remedy)
    if found.get("Config", {}).get("PrivateZone"):
        remedy = "Create a public hosted zone, and set its id."
        return Outcome("failed", f"{zone_id} is a private zone: users cannot ask it", remedy)
    return Outcome("ok", f"{zone_id} is the public zone {zone_name}")


def delegation(zone_name: str, expected: Iterable[str], found: Iterable[str]) -> Outcome:
    """Judge the name servers that a resolver finds for the zone."""
    own, seen = (sorted(s.rstrip(".").lower() for s in servers) for servers in (expected, found))
    remedy = f"In the parent zone, or at the registrar, set its NS records to {', '.join(own)}."
    if not seen:
        return Outcome("failed", f"{zone_name} is not delegated: it has no name servers", remedy)
    if own != seen:
        return Outcome("failed", f"{zone_name} is delegated to {', '.join(seen)}", remedy)
    return Outcome("ok", f"{zone_name} is delegated to the zone's {len(own)} name servers")


def concurrency(limit: Mapping[str, int], needed: int, reserved: int) -> Outcome:
    """Judge the account's limit of concurrent executions in a Region."""
    total, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    remedy = "Request a higher quota for Lambda's concurrent executions (L-B99A9384) there."
    if free < needed:
        detail = f"{free} concurrent executions are free to use, a recovery needs {needed}"
        return Outcome("failed", detail, remedy)
    if reserved and total - reserved < UNRESERVED:
        detail = f"of {total}, {reserved} are to be reserved; Lambda keeps {UNRESERVED} unreserved"
        return Outcome("failed", detail, f"{remedy} Or lower RecoveryReservedConcurrency.")
    return Outcome("ok", f"{free} concurrent executions are free to use, {needed} are needed")


def room(what: str, used: int, quota: float, needed: int) -> Outcome:
    """Judge whether a quota leaves room for what is about to be created."""
    detail = f"{used} of {quota:g} {what} are in use, {needed} more are needed"
    if used + needed > quota:
        return Outcome("failed", detail, "Request a higher quota, or remove some.")
    return Outcome("ok", detail)


def stack(name: str, status: str) -> Outcome:
    """Judge the status of a stack, empty if there is none."""
    if not status:
        return Outcome("ok", f"{name} does not exist yet")
    if status in UPDATABLE:
        return Outcome("ok", f"{name} is {status} and can be updated")
    if status in DELETE_ONLY:
        remedy = f"Delete the stack {name}: it cannot be updated. {REMOVE} says what it leaves."
    elif status in COMMANDS:
        remedy = f"Run aws cloudformation {COMMANDS[status]} --stack-name {name}."
    else:
        remedy = "Wait until its operation has ended."
    return Outcome("failed", f"{name} is {status}", remedy)


def creates(status: str) -> bool:
    """Return whether a deployment creates what a stack describes. An update does not, mostly."""
    return not status or status in DELETE_ONLY


def names(count: int, taken: Sequence[Name]) -> Outcome:
    """Judge the names that a stack is about to take, by those that are taken by others."""
    if not taken:
        return Outcome("ok", f"{count} names are free, or are this stack's own")
    listed = ", ".join(f"{n.kind} {n.name} in {n.region}" for n in taken)
    return Outcome(
        "failed",
        f"taken, but not by this stack: {listed}",
        "Choose another AppName (another ZoneName for a domain name), or remove what an earlier "
        f"deployment left ({REMOVE}).",
    )
