"""The smallest things that need a role's permissions. Each returns what went wrong."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from lab.config import ACCOUNT
from tests.deployed import CACHED_SECONDS, FunctionFailed
from tests.permissions import ledger_exercises, planned_move

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.deployed import DeployedLab

    Exercise = Callable[[DeployedLab], list[str]]

OVERRIDE = {"mode": "failover", "reason": "exercise", "override": ["outage_confirmed"]}
# Some looks of the sentinel in the lab.
SENTINEL_SECONDS = 15
# MiniStack does not serve Service Quotas: see unexercised.toml.
UNKNOWN_IN_THE_LAB = {"api_quota_parity"}
# More than the replication lag of the lab in which permissions are tried.
REPLICATED_SECONDS = 0.5
# Ten a second.
HEARTBEAT_LOOKS = 40
# A planned move, and its end.
HANDED_OVER_SECONDS = 20


def rehearsal(lab: DeployedLab) -> list[str]:
    lab.reset()
    found = lab.run("failover", {"mode": "rehearsal", "reason": "exercise"})
    return _ended(lab, found, "rehearsed", cooldown=False)


def failover_of_a_healthy_primary(lab: DeployedLab) -> list[str]:
    """Ends at once, because the Primary was seen to be well. Without eyes it would hold."""
    lab.reset()
    found = lab.run(
        "failover", {"mode": "failover", "reason": "exercise", "graceful": False}, seconds=12
    )
    return _ended(lab, found, "held", cooldown=False)


def failover(lab: DeployedLab) -> list[str]:
    lab.reset()
    return _ended(lab, lab.run("failover", OVERRIDE), "promoted", cooldown=True)


def planned_failover(lab: DeployedLab) -> list[str]:
    """A failover by hand is handed over; what the other machine makes of it is its own exercise."""
    lab.reset()
    found = lab.run("failover", {"mode": "failover", "reason": "exercise"})
    time.sleep(HANDED_OVER_SECONDS)
    lab.reset()
    ended = found["status"], found.get("outcome")
    return [] if ended == ("SUCCEEDED", "handed_over") else [f"ended {ended}: {found['cause']}"]


def failover_of_what_is_active_already(lab: DeployedLab) -> list[str]:
    lab.reset()
    lab.put("control", pk="control", active_region=lab.secondary, epoch=2, state="serving")
    lab.put("recoveries", pk="recovery#2", execution="-")
    return _ended(lab, lab.run("failover", OVERRIDE), "already_promoted", cooldown=False)


def _ended(lab: DeployedLab, found: dict, outcome: str, *, cooldown: bool) -> list[str]:
    wrong = []
    if (found["status"], found.get("outcome")) != ("SUCCEEDED", outcome):
        wrong.append(f"ended {found['status']}, {found.get('outcome')}: {found['cause']}")
    if found.get("notified") is not True:
        wrong.append("nobody was notified")
    if not found.get("report"):
        wrong.append("no report was written")
    if outcome == "promoted" and not found.get("capacity", {}).get("requested"):
        wrong.append(f"capacity was not requested: {found.get('capacity')}")
    unmet = [c for c in (found.get("decision") or {}).get("conditions", []) if not c["met"]]
    # What may be lost is judged at the first failed probe, and here none has failed.
    overridden = {"outage_confirmed", "rpo_within_objective"}
    wrong += [f"{c['name']}: {c['detail']}" for c in unmet if c["name"] not in overridden]
    lock = lab.item("recoveries", "lock")
    if "owner" in lock or ("cooldown_until" in lock) is not cooldown:
        wrong.append(f"the lock was left as {lock}")
    return wrong


def readiness(lab: DeployedLab) -> list[str]:
    lab.reset()
    # The Primary writes it every five minutes.
    bucket, key = f"{lab.app}-{ACCOUNT}-{lab.secondary}", f"heartbeat/{lab.primary}"
    lab.client("s3").put_object(Bucket=bucket, Key=key, Body=b'{"seq": 1, "written_at": 1}')
    found = lab.invoke("readiness", {"mode": "rehearsal"})
    wrong = [f"{c['name']}: {c['detail']}" for c in found["checks"] if not c["ok"]]
    witnesses = {name: found.get(name) or {} for name in ("replication", "sentinel", "scheduled")}
    wrong += [f"{n}: {told['error']}" for n, told in witnesses.items() if "error" in told]
    if witnesses["replication"].get("object_written_at") is None:
        wrong.append("the heartbeat's object was not read")
    return wrong


def warm(lab: DeployedLab) -> list[str]:
    """Plans, and pings what was planned, as the machine does."""
    try:
        planned = lab.invoke("warm", {"step": "plan"})
        done = [lab.invoke("warm", {"step": "ping", "batch": b}) for b in planned["batches"]]
    except FunctionFailed as error:
        return [str(error)]
    return [f"{d['failed']} pings failed: {d['targets']}" for d in done if d["failed"]]


def report(lab: DeployedLab) -> list[str]:
    told = {
        "kind": "rehearsal",
        "execution": f"{lab.machine('failover')}:exercise",
        "outcome": "rehearsed",
        "timeline": {"started_at": "2026-01-31T12:00:00Z"},
    }
    try:
        found = lab.invoke("report", told)
    except FunctionFailed as error:
        return [str(error)]
    return [] if found["report"].startswith("s3://") else [f"it answered {found}"]


def janitor(lab: DeployedLab) -> list[str]:
    machine = lab.machine("failover")
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{uuid.uuid4()}"
    lab.put("recoveries", pk="lock", owner=execution)
    drain = {"state": "draining", "changed_by": execution, "changed_at": "-"}
    lab.put("control", pk="control", active_region=lab.primary, epoch=1, **drain)
    detail = {"executionArn": execution, "stateMachineArn": machine, "status": "ABORTED"}
    rehearsal = {"input": '{"mode": "rehearsal"}', "startDate": int(time.time() * 1000)}
    try:
        found = lab.invoke("janitor", {"detail": detail | rehearsal})
    except FunctionFailed as error:
        return [str(error)]
    finally:
        lab.forget("lock")
    if lab.item("control", "control")["state"] != "serving":
        return ["the drain was left on"]
    if lab.item("recoveries", "rehearsal").get("execution") != execution:
        return ["the newest verdict is another run's"]
    done = {"undone": True, "released": True, "notified": True, "verdict_kept": True}
    return [] if found == done else [f"it answered {found}"]


def sentinel(lab: DeployedLab) -> list[str]:
    """Plans anew, for what is planned is forgotten, and waits for the first of these looks."""
    lab.forget("sentinel")
    try:
        lab.invoke("sentinel", {})
    except FunctionFailed as error:
        return [str(error)]
    until = time.time() + SENTINEL_SECONDS
    while time.time() < until:
        if "last_tick" in lab.item("recoveries", "sentinel"):
            return []
        time.sleep(0.2)
    return [f"the sentinel said nothing for {SENTINEL_SECONDS} s"]


def scheduled_readiness(lab: DeployedLab) -> list[str]:
    """What may not be looked at is unknown."""
    try:
        found = lab.invoke("scheduled-readiness", {})
    except FunctionFailed as error:
        return [str(error)]
    unknown = [c for c in found["checks"] if c["state"] == "unknown"]
    return [f"{c['name']}: {c['detail']}" for c in unknown if c["name"] not in UNKNOWN_IN_THE_LAB]


def echo(lab: DeployedLab) -> list[str]:
    """A heartbeat with a gap is answered, whether the stream called or this does."""
    now = int(time.time() * 1000)
    beat = {"seq": now, "written_at": now, "promise_ms": 60_000, "unbroken_since": now}
    key = {"pk": f"H#{lab.primary}#0", "sk": "heartbeat"}
    lab.put("items", **key, **beat, by="exercise", by_started=0)
    try:
        lab.invoke("echo", {})
    except FunctionFailed as error:
        return [str(error)]
    echoed = lab.item("control", f"echo#{lab.primary}").get("unbroken_since")
    return [] if echoed == str(now) else [f"the echo is of {echoed}, not of {now}"]


def heartbeats_of_a_passive_region(lab: DeployedLab) -> list[str]:
    """One key, for nothing rests on the others; who cannot tell that it is passive writes all."""
    lab.reset()
    wrong = _beaten(lab)
    if lab.item("items", _beat_key(lab, 1), "heartbeat").get("by") != "exercise":
        wrong.append("all keys were written, as in an active Region")
    return wrong


def heartbeats_of_an_active_region(lab: DeployedLab) -> list[str]:
    lab.reset()
    lab.put("control", pk="control", active_region=lab.secondary, epoch=2, state="serving")
    wrong = _beaten(lab)
    if lab.item("items", _beat_key(lab, 1), "heartbeat").get("by") == "exercise":
        wrong.append("the other keys were not written")
    lab.reset()
    return wrong


def _beaten(lab: DeployedLab) -> list[str]:
    """Let the heartbeats of the Secondary be late, and see whether the next one comes."""
    now = int(time.time() * 1000)
    late = {"seq": 1, "written_at": now - 3_600_000, "promise_ms": 20_000}
    for number in (1, 0):
        key = {"pk": _beat_key(lab, number), "sk": "heartbeat"}
        lab.put("items", **key, **late, by="exercise", by_started=0)
    lab.start("heartbeat")
    for _ in range(HEARTBEAT_LOOKS):
        time.sleep(0.1)
        if lab.item("items", _beat_key(lab, 0), "heartbeat").get("by") != "exercise":
            # The others follow the pulse.
            time.sleep(0.3)
            return []
    return ["no heartbeat came"]


def _beat_key(lab: DeployedLab, number: int) -> str:
    return f"H#{lab.secondary}#{number}"


def release_of_capacity(lab: DeployedLab) -> list[str]:
    for function in _provisioned_functions(lab):
        lab.client("lambda").put_provisioned_concurrency_config(
            FunctionName=function, Qualifier="live", ProvisionedConcurrentExecutions=1
        )
    return _capacity(lab, "release", "released", expected=0)


def request_for_capacity(lab: DeployedLab) -> list[str]:
    for function in _provisioned_functions(lab):
        lab.client("lambda").delete_provisioned_concurrency_config(
            FunctionName=function, Qualifier="live"
        )
    return _capacity(lab, "request", "ready", expected=1)


def _capacity(lab: DeployedLab, action: str, outcome: str, *, expected: int) -> list[str]:
    found = lab.run("capacity", {"action": action, "reason": "exercise"})
    wrong = []
    if (found["status"], found.get("outcome")) != ("SUCCEEDED", outcome):
        wrong.append(f"ended {found['status']}, {found.get('outcome')}: {found['cause']}")
    elif found.get("notified") is not True:
        wrong.append("nobody was notified")
    has = {function: _provisioned(lab, function) for function in _provisioned_functions(lab)}
    return wrong + [
        f"{function} has {n}, not {expected}" for function, n in has.items() if n != expected
    ]


def _provisioned(lab: DeployedLab, function: str) -> int:
    client = lab.client("lambda")
    try:
        found = client.get_provisioned_concurrency_config(FunctionName=function, Qualifier="live")
    except client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        return 0
    return found["RequestedProvisionedConcurrentExecutions"]


def _provisioned_functions(lab: DeployedLab) -> tuple[str, str]:
    return f"{lab.app}-app", f"{lab.app}-switch"


def break_glass(lab: DeployedLab) -> list[str]:
    """Started in the Primary, whose replica has to say that the Secondary is active."""
    lab.put("control", pk="control", active_region=lab.secondary, epoch=2, state="serving")
    time.sleep(REPLICATED_SECONDS)
    sentence = f"MAKE {lab.primary} ACTIVE WITHOUT {lab.secondary}"
    given = {"confirm": sentence, "reason": "exercise"}
    try:
        found = lab.run("break-glass", given, region=lab.primary)
    finally:
        lab.put("control", pk="control", active_region=lab.primary, epoch=1, state="serving")
        time.sleep(REPLICATED_SECONDS)
    if (found["status"], found.get("outcome")) == ("SUCCEEDED", "broken_glass"):
        return []
    return [f"ended {found['status']}, {found.get('outcome')}: {found['cause']}"]


def overview(lab: DeployedLab) -> list[str]:
    """Facts that cannot be read are told as unknown, each with its error."""
    lab.reset()
    lab.put("control", pk="control", active_region=lab.secondary, epoch=2, state="serving")
    lab.put("recoveries", pk="recovery#2", outcome="promoted", epoch=2)
    found = lab.invoke("overview", {"view": "facts"})["facts"]
    unread = ("could not be read", "The epoch is not known")
    return [
        f"{name}: {fact['detail']}"
        for name, fact in found.items()
        if any(u in fact["detail"] for u in unread)
    ]


def seed(lab: DeployedLab) -> list[str]:
    try:
        found = lab.invoke("seed", {"RequestType": "Seed"})
    except FunctionFailed as error:
        return [str(error)]
    return [] if found.get("active_region") else [f"it answered {found}"]


def requests(lab: DeployedLab) -> list[str]:
    """What a user does, and what a checker asks, in the Primary."""
    lab.reset()
    time.sleep(CACHED_SECONDS)
    item = f"exercise-{uuid.uuid4().hex[:8]}"
    asked = (
        ("POST", "/items", {"id": item, "text": "An exercise"}),
        ("GET", f"/items/{item}", None),
        ("GET", "/items?limit=1", None),
        ("GET", "/health", None),
    )
    wrong = []
    for method, path, body in asked:
        answer = lab.https.request(lab.primary, _name(lab), method, path, body)
        if answer.status >= 300:
            wrong.append(f"{method} {path} answered {answer.status}")
        elif path == "/health" and answer.json()["status"] != "healthy":
            wrong.append(f"{path} says {answer.json()['status']}")
    return wrong


def switch(lab: DeployedLab) -> list[str]:
    """The switch keeps its last position, so a fresh environment is asked."""
    lab.reset()
    lab.renew("switch", lab.primary)
    answer = lab.https.request(lab.primary, _name(lab), "GET", "/switch/on")
    return [] if answer.status == 200 else [f"GET /switch/on answered {answer.status}"]


def _name(lab: DeployedLab) -> str:
    return f"{lab.primary}.{lab.config.zone_name}"


# By the role whose permissions they need, from the quickest to the slowest.
EXERCISES: dict[str, tuple[Exercise, ...]] = {
    "FailoverRole": (
        rehearsal,
        failover_of_a_healthy_primary,
        failover,
        failover_of_what_is_active_already,
        planned_failover,
    ),
    "ReadinessRole": (readiness,),
    "WarmRole": (warm,),
    "SentinelRole": (sentinel,),
    "CapacityRole": (release_of_capacity, request_for_capacity),
    "ReportRole": (report,),
    "JanitorRole": (janitor,),
    "BreakGlassRole": (break_glass,),
    "OverviewRole": (overview,),
    "ProofRole": (planned_move.proof,),
    "PreflightRole": (planned_move.preflight,),
    "SwitchoverRole": (
        planned_move.move_to_where_it_is_already,
        planned_move.switchover,
        planned_move.failback,
    ),
    "LedgerStreamRole": (ledger_exercises.arrivals,),
    "LedgerRole": (ledger_exercises.a_reconciled_and_replayed_write,),
    "SeedRole": (seed,),
    "ScheduledReadinessRole": (scheduled_readiness,),
    "EchoRole": (echo,),
    "HeartbeatRole": (heartbeats_of_a_passive_region, heartbeats_of_an_active_region),
    "AppRole": (requests,),
    "SwitchRole": (switch,),
}


def first_complaint(lab: DeployedLab, role: str) -> list[str]:
    """Run a role's exercises until one finds something wrong."""
    for exercise in EXERCISES[role]:
        wrong = exercise(lab)
        if wrong:
            return [f"{exercise.__name__}: {w}" for w in wrong]
    return []
