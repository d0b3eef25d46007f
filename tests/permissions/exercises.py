"""The smallest things that need a role's permissions. Each returns what went wrong."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING

from tests.deployed import CACHED_SECONDS, FunctionFailed
from tests.permissions import ledger_exercises, planned_move

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.deployed import DeployedLab

    Exercise = Callable[[DeployedLab], list[str]]

OVERRIDE = {"mode": "failover", "reason": "exercise", "override": ["outage_confirmed"]}
# Some looks of the sentinel in the lab.
SENTINEL_SECONDS = 15
# MiniStack does not serve Service Quotas: see unexercised.toml. No rehearsal has run here, and its
# forecast is in the item that last_rehearsal reads.
UNKNOWN_IN_THE_LAB = {"api_quota_parity", "rto_forecast"}
# An app's environment looks after its pulse every ten seconds, and writes it where nobody else has.
PULSE_SECONDS = 25
# Its own schedule may come first: what it was quicker at is tried again.
KEEPER_TRIES = 3
# FenceSeconds of the template: for how long a read of the control item is good for.
FENCE_SECONDS = 3
# Ten a second.
HEARTBEAT_LOOKS = 40
# A planned move, and its end.
HANDED_OVER_SECONDS = 20


def rehearsal(lab: DeployedLab) -> list[str]:
    lab.reset()
    found = lab.run("failover", {"mode": "rehearsal", "reason": "exercise"})
    return _ended(lab, found, "rehearsed")


def failover_of_a_healthy_primary(lab: DeployedLab) -> list[str]:
    """Ends at once, because the Primary was seen to be well. Without eyes it would hold."""
    lab.reset()
    found = lab.run(
        "failover", {"mode": "failover", "reason": "exercise", "graceful": False}, seconds=12
    )
    return _ended(lab, found, "held")


def failover(lab: DeployedLab) -> list[str]:
    lab.reset()
    found = lab.run("failover", OVERRIDE)
    # What is not waited for fails without a word in the outcome.
    failed = lab.failed_tasks(found["execution"]) if "execution" in found else []
    return _ended(lab, found, "promoted") + [cause for cause in failed if "AccessDenied" in cause]


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
    lab.serve(lab.secondary, 2)
    lab.put("recoveries", pk="recovery#2", execution="-")
    return _ended(lab, lab.run("failover", OVERRIDE), "already_promoted")


def _ended(lab: DeployedLab, found: dict, outcome: str) -> list[str]:
    wrong = []
    if (found["status"], found.get("outcome")) != ("SUCCEEDED", outcome):
        wrong.append(f"ended {found['status']}, {found.get('outcome')}: {found['cause']}")
    if found.get("notified") is not True:
        wrong.append("nobody was notified")
    if not found.get("report"):
        wrong.append("no report was written")
    unmet = [c for c in (found.get("decision") or {}).get("conditions", []) if not c["met"]]
    # What may be lost is judged at the first failed probe, and here none has failed. The scheduled
    # verdict is of any moment, that of another exercise too.
    aside = {"outage_confirmed", "rpo_within_objective", "scheduled_readiness"}
    wrong += [f"{c['name']}: {c['detail']}" for c in unmet if c["name"] not in aside]
    lock = lab.item("recoveries", "lock")
    if lock:
        wrong.append(f"the lock was left as {lock}")
    return wrong


def readiness(lab: DeployedLab) -> list[str]:
    lab.reset()
    found = lab.invoke("readiness", {"mode": "rehearsal"})
    wrong = [f"{c['name']}: {c['detail']}" for c in found["checks"] if not c["ok"]]
    # What other exercises wrote may not be journaled; here it counts whether it could be looked at.
    tried = found["conformance"]["checks"]
    wrong += [f"{c['name']}: {c['detail']}" for c in tried if c["state"] == "unknown"]
    witnesses = {name: found.get(name) or {} for name in ("replication", "sentinel", "scheduled")}
    return wrong + [f"{n}: {told['error']}" for n, told in witnesses.items() if "error" in told]


def hook(lab: DeployedLab) -> list[str]:
    given = {"mode": "drill", "execution": "exercise", "reason": "exercise"}
    found = lab.invoke("hook", {**given, "phase": "ready", "target": lab.secondary})
    return [] if found["ok"] else [found["note"]]


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
    # Longer than a keeper would leave it to the janitor.
    until = int((time.time() + 600) * 1000)
    drain = {"changed_by": execution, "move": execution, "drain_until": until}
    lab.serve(lab.primary, 1, "draining", **drain)
    detail = {"executionArn": execution, "stateMachineArn": machine, "status": "ABORTED"}
    rehearsal = {"input": '{"mode": "rehearsal"}', "startDate": int(time.time() * 1000)}
    try:
        found = lab.invoke("janitor", {"detail": detail | rehearsal})
    except FunctionFailed as error:
        return [str(error)]
    finally:
        lab.forget("lock")
        left = lab.who_is_active()["state"]
        lab.reset()
    if left != "serving":
        return ["the drain was left on"]
    if lab.item("recoveries", "rehearsal").get("execution") != execution:
        return ["the newest verdict is another run's"]
    done = {"undone": True, "released": True, "notified": True, "recorded": True}
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


def reminder_of_a_pause(lab: DeployedLab) -> list[str]:
    lab.forget("sentinel")
    lab.put("recoveries", pk="sentinel", paused_until=int(time.time()) + 600)
    try:
        lab.invoke("scheduled-readiness", {})
        reminded = "reminded_at" in lab.item("recoveries", "sentinel")
    except FunctionFailed as error:
        return [str(error)]
    finally:
        lab.forget("sentinel")
    return [] if reminded else ["nobody was reminded"]


def confirm(lab: DeployedLab) -> list[str]:
    """The pulse is read through the quorum, and compared with what the sentinel keeps."""
    lab.reset()
    pulse = lab.invoke("confirm", {})["pulse"]
    return [pulse["detail"]] if "was not read" in pulse["detail"] else []


def sentinel_keeps(lab: DeployedLab) -> list[str]:
    with lab.not_keeping(("secondary", "HeartbeatRole"), ("primary", "HeartbeatRole")):
        return _keeps(lab, lambda: lab.invoke("sentinel", _look(time.time())))


def heartbeat_keeps(lab: DeployedLab) -> list[str]:
    with lab.not_keeping(("secondary", "SentinelRole"), ("primary", "HeartbeatRole")):
        return _keeps(lab, lambda: lab.invoke("heartbeat", {}))


def _look(at: float) -> dict:
    """A message of the sentinel's queue for a tick that is over: it looks, or passes, and keeps."""
    tick = int(at // 10 * 10) * 1000
    return {"Records": [{"body": json.dumps({"tick": tick})}]}


def _keeps(lab: DeployedLab, keeper: Callable[[], dict]) -> list[str]:
    """A drain that is over is undone, and a last resort ends, whoever left them."""
    for _ in range(KEEPER_TRIES):
        lab.reset()
        over = int((time.time() - 60) * 1000)
        lab.lend(lab.secondary)
        lab.serve(lab.primary, 1, "draining", move="exercise", drain_until=over)
        try:
            kept, lent = keeper().get("repair"), lab.is_lent(lab.secondary)
        except FunctionFailed as error:
            return [str(error)]
        finally:
            lab.take_back()
        lab.reset()
        if lent:
            return ["it left the last resort"]
        if kept == "undrained":
            return []
    return [f"it answered {kept}"]


def heartbeats_of_a_passive_region(lab: DeployedLab) -> list[str]:
    """One key, for nothing rests on the others; who cannot tell that it is passive writes all."""
    lab.reset()
    wrong = _beaten(lab)
    if lab.item("journal", _beat_key(lab, 1), "heartbeat").get("by") != "exercise":
        wrong.append("all keys were written, as in an active Region")
    return wrong


def heartbeats_of_an_active_region(lab: DeployedLab) -> list[str]:
    lab.reset()
    lab.serve(lab.secondary, 2)
    before, wrong = _pulse(lab), _beaten(lab)
    if lab.item("journal", _beat_key(lab, 1), "heartbeat").get("by") == "exercise":
        wrong.append("the other keys were not written")
    if _pulse(lab) == before:
        wrong.append("the pulse was not written")
    lab.reset()
    return wrong


def _beaten(lab: DeployedLab) -> list[str]:
    """Let the heartbeats of the Secondary be late, and see whether the next one comes."""
    now = int(time.time() * 1000)
    late = {"seq": 1, "written_at": now - 3_600_000}
    for number in (1, 0):
        key = {"pk": _beat_key(lab, number), "sk": "heartbeat"}
        lab.put("journal", **key, **late, by="exercise")
    lab.start("heartbeat")
    for _ in range(HEARTBEAT_LOOKS):
        time.sleep(0.1)
        if lab.item("journal", _beat_key(lab, 0), "heartbeat").get("by") != "exercise":
            # The others follow the pulse.
            time.sleep(0.3)
            return []
    return ["no heartbeat came"]


def _pulse(lab: DeployedLab) -> str | None:
    return lab.item("control-quorum", "pulse").get("beat")


def _beat_key(lab: DeployedLab, number: int) -> str:
    return f"H#{lab.secondary}#{number}"


def take_over(lab: DeployedLab) -> list[str]:
    """Started in the Primary, while the Secondary is active."""
    lab.reset()
    lab.serve(lab.secondary, 2)
    sentence = f"MAKE {lab.primary} ACTIVE WITHOUT {lab.secondary}"
    try:
        return _emergency(lab, "take-over", sentence, "taken_over")
    finally:
        lab.reset()


def last_resort(lab: DeployedLab) -> list[str]:
    """Takes the half minute for which the control table has to be silent."""
    lab.reset()
    sentence = f"LET {lab.primary} WRITE WITHOUT A QUORUM"
    try:
        with lab.isolated(lab.primary):
            return _emergency(lab, "last-resort", sentence, "last_resort")
    finally:
        lab.take_back()


def _emergency(lab: DeployedLab, action: str, sentence: str, outcome: str) -> list[str]:
    given = {"action": action, "confirm": sentence, "reason": "exercise"}
    found = lab.run("emergency", given, seconds=90, region=lab.primary)
    if (found["status"], found.get("outcome")) != ("SUCCEEDED", outcome):
        return [f"ended {found['status']}, {found.get('outcome')}: {found['cause']}"]
    # The table that does not answer is what a last resort is for.
    failed = lab.failed_tasks(found["execution"], lab.primary)
    told = [cause for cause in failed if "Publish" in cause or "sns" in cause.lower()]
    return [f"nobody was told: {cause}" for cause in told]


def overview(lab: DeployedLab) -> list[str]:
    """Facts that cannot be read are told as unknown, each with its error."""
    lab.reset()
    lab.serve(lab.secondary, 2)
    lab.put("recoveries", pk="recovery#2", outcome="promoted", epoch=2)
    found = lab.invoke("overview", {"view": "facts"})["facts"]
    unread = ("could not be read", "The epoch is not known")
    return [
        f"{name}: {fact['detail']}"
        for name, fact in found.items()
        if any(u in fact["detail"] for u in unread)
    ]


def seed(lab: DeployedLab) -> list[str]:
    """The item is there; then it is gone, and a person puts it back above every epoch."""
    lab.reset()
    try:
        found = lab.invoke("seed", {"RequestType": "Seed"})
        if not found.get("active_region"):
            return [f"it answered {found}"]
        lab.forget_control()
        above = {"RequestType": "Seed", "Epoch": int(time.time())}
        found = lab.invoke("seed", above)
    except FunctionFailed as error:
        return [str(error)]
    finally:
        lab.reset()
    return [] if found.get("epoch") == above["Epoch"] else [f"it answered {found}"]


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


def pulse_of_the_app(lab: DeployedLab) -> list[str]:
    """While checkers ask the Primary, which is active."""
    lab.reset()
    with lab.not_keeping(("primary", "HeartbeatRole")):
        before, until = _pulse(lab), time.monotonic() + PULSE_SECONDS
        while _pulse(lab) == before:
            if time.monotonic() > until:
                return [f"the pulse stood still for {PULSE_SECONDS} s"]
            lab.https.request(lab.primary, _name(lab), "GET", "/health")
            time.sleep(0.5)
    return []


def writes_without_a_quorum(lab: DeployedLab) -> list[str]:
    """A person lets the Primary write, which reaches no other member of the control table."""
    lab.reset()
    try:
        # A keeper whose read the quorum has just answered would end the last resort.
        with lab.not_keeping(("primary", "HeartbeatRole")), lab.isolated(lab.primary):
            time.sleep(CACHED_SECONDS + FENCE_SECONDS)
            lab.lend(lab.primary)
            answer = lab.https.request(lab.primary, _name(lab), "POST", "/items", {"text": "-"})
    finally:
        lab.take_back()
    return [] if answer.status == 201 else [f"POST /items answered {answer.status}"]


def switch(lab: DeployedLab) -> list[str]:
    """The Primary is active, so the Secondary's switch is off."""
    lab.reset()
    return _switch_answers(lab, "off", 200)


def switch_without_a_quorum(lab: DeployedLab) -> list[str]:
    """A last resort switches it on. It keeps its last position, so a fresh environment is asked."""
    lab.reset()
    lab.renew("switch", lab.secondary)
    try:
        keepers = (("secondary", "HeartbeatRole"), ("secondary", "SentinelRole"))
        with lab.not_keeping(*keepers), lab.isolated(lab.secondary):
            lab.lend(lab.secondary)
            return _switch_answers(lab, "on", 200)
    finally:
        lab.take_back()


def _switch_answers(lab: DeployedLab, question: str, expected: int) -> list[str]:
    status = lab.invoke("switch", {"rawPath": f"/switch/{question}"})["statusCode"]
    return [] if status == expected else [f"/switch/{question} answered {status}"]


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
    "HookRole": (hook,),
    "ConfirmRole": (confirm,),
    "SentinelRole": (sentinel, sentinel_keeps),
    "ReportRole": (report,),
    "JanitorRole": (janitor,),
    "EmergencyRole": (take_over, last_resort),
    "OverviewRole": (overview,),
    "ProofRole": (planned_move.proof,),
    "PreflightRole": (planned_move.preflight,),
    "SwitchoverRole": (
        planned_move.move_to_where_it_is_already,
        planned_move.switchover,
        planned_move.failback,
    ),
    "LedgerStreamRole": (ledger_exercises.arrivals,),
    "LedgerRole": (
        ledger_exercises.a_reconciled_and_replayed_write,
        ledger_exercises.a_missing_item,
    ),
    "SeedRole": (seed,),
    "ScheduledReadinessRole": (scheduled_readiness, reminder_of_a_pause),
    "HeartbeatRole": (
        heartbeat_keeps,
        heartbeats_of_a_passive_region,
        heartbeats_of_an_active_region,
    ),
    "ExampleAppRole": (requests, writes_without_a_quorum, pulse_of_the_app),
    "SwitchRole": (switch, switch_without_a_quorum),
}


def first_complaint(lab: DeployedLab, role: str) -> list[str]:
    """Run a role's exercises until one finds something wrong."""
    for exercise in EXERCISES[role]:
        wrong = exercise(lab)
        if wrong:
            return [f"{exercise.__name__}: {w}" for w in wrong]
    return []
