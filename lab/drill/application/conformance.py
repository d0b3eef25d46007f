"""Whether an application is what its contract says, found by trying: level by level."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lab.drill.watching import within
from tools.reader.contract import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.application.users import Requests
    from tools.reader.contract import Contract

ARRIVES_SECONDS = 10.0
# Where the contract says nothing of it (docs/hooks.md).
HOOK_SECONDS = 5


@dataclass(frozen=True)
class Finding:
    """One thing that a level asks for: whether it was met, what was seen, and the remedy."""

    level: int
    name: str
    passed: bool
    detail: str
    remedy: str = ""


class Conformance:
    """The checks of a contract, in a lab in which the Primary is active."""

    def __init__(
        self, config: LabConfig, lab: Control, contract: Contract, requests: Requests
    ) -> None:
        self._config, self._lab = config, lab
        self._contract, self._requests = contract, requests
        self._regions = (config.primary_region, config.secondary_region)

    def run(self) -> list[Finding]:
        """Try everything that the declared level asks for."""
        findings = list(self._routed())
        if self._contract.level >= 1:
            findings.append(self._refused_in_the_passive_region())
        if self._contract.level >= 2:
            findings.append(self._journaled())
        return findings

    def _routed(self) -> Iterator[Finding]:
        for region in self._regions:
            yield self._health(region)
        for table in self._contract.tables:
            yield self._global(table)
        for function in self._contract.functions:
            for region in self._regions:
                yield self._ping(function, region)
        for path in self._contract.warm_paths:
            for region in self._regions:
                yield self._warm_path(path, region)
        for phase, hook in self._contract.hooks.items():
            yield self._hook(phase, hook)
        yield self._data_arrives()

    def _health(self, region: str) -> Finding:
        path, host = self._contract.health, self._host(region)
        status, body = self._requests.get(region, host, path)
        named = body.get("region") if isinstance(body, dict) else None
        remedy = ""
        if status in (401, 403):
            remedy = "Checkers sign nothing: leave this path without an authorizer."
        elif status != 200:
            remedy = f"Let GET {path} answer 200 without credentials, in both Regions."
        elif named != region:
            remedy = 'Let its JSON answer name the Region, as in {"region": "us-west-2"}.'
        if status in (403, 404):
            # API Gateway answers so where there is nothing, too.
            remedy += f" Is it a path of the API there, and {self._contract.api_stage!r} its stage?"
        detail = f"GET https://{host}{path} answered {status or 'nothing'}, region {named}"
        return Finding(0, f"health of {region}", not remedy, detail, remedy)

    def _global(self, table: str) -> Finding:
        replicas, remedy = dict[str, str](), ""
        declared = key_of(self._contract.tables[table])
        try:
            client = self._lab.client("dynamodb", self._config.secondary_region)
            described = client.describe_table(TableName=table)["Table"]
            replicas = {r["RegionName"]: r["ReplicaStatus"] for r in described.get("Replicas", [])}
            key = _key_of(described)
            if list(key.items()) != list(declared.items()):
                remedy = f"Its key is {_in_words(key)}: declare that, not {_in_words(declared)}. "
        except (BotoCoreError, ClientError) as error:
            remedy = f"There is no table {table} here: {type(error).__name__}. "
        held = set(replicas) | ({self._config.secondary_region} if replicas else set())
        if not set(self._regions) <= held:
            remedy += (
                "Make it a global table with a replica in each Region (docs/existing-tables.md)."
            )
        listed = ", ".join(f"{r} {s}" for r, s in sorted(replicas.items())) or "none"
        return Finding(0, f"table {table}", not remedy, f"replicas: {listed}", remedy.strip())

    def _ping(self, function: str, region: str) -> Finding:
        payload = json.dumps({"pilot_light": {"warm": {"hold_ms": 0}}}).encode()
        detail, environment = "no answer", None
        try:
            answer = self._lab.client("lambda", region).invoke(
                FunctionName=function, Payload=payload
            )
            body = json.loads(answer["Payload"].read() or b"null")
            environment = body.get("environment") if isinstance(body, dict) else None
            detail = "answered" if environment else f"answered {str(body)[:120]}"
        except (BotoCoreError, ClientError, ValueError) as error:
            detail = f"{type(error).__name__}: {error}"
        remedy = (
            "Answer warm pings with the client. Or take it off the list, and name a path that it "
            "serves in warm_paths."
        )
        remedy = "" if environment else remedy
        return Finding(0, f"{function} in {region}", not remedy, detail, remedy)

    def _warm_path(self, path: str, region: str) -> Finding:
        host = self._host(region)
        status, _ = self._requests.get(region, host, path)
        remedy = (
            "A request that is refused starts no function. Let it be answered without credentials."
        )
        if 200 <= status < 400:
            remedy = ""
        detail = f"GET https://{host}{path} answered {status or 'nothing'}"
        return Finding(0, f"warm path {path} in {region}", not remedy, detail, remedy)

    def _hook(self, phase: str, hook: Mapping[str, Any]) -> Finding:
        """Call a hook as a rehearsal does, or look whether it is there if none calls it."""
        function, region = hook["function"], self._config.secondary_region
        seconds = hook.get("timeout", HOOK_SECONDS)
        rehearsed = phase != "before_failback" and "rehearsal" in hook.get("modes", ["rehearsal"])
        client, begun, remedy = self._lab.client("lambda", region), time.monotonic(), ""
        try:
            if not rehearsed:
                client.get_function_configuration(FunctionName=function)
                detail = "is there; no rehearsal calls it, so it was not tried"
            else:
                answer = client.invoke(FunctionName=function, Payload=self._rehearsal_of(phase))
                body = json.loads(answer["Payload"].read() or b"null")
                detail = f"answered {str(body)[:120]}"
                if answer.get("FunctionError"):
                    remedy = "Let it end without an error in a rehearsal, which moves nothing."
                elif phase == "ready" and not (
                    isinstance(body, dict) and body.get("ready") is True
                ):
                    remedy = 'Let it answer {"ready": true} where the application can serve.'
        except (BotoCoreError, ClientError, ValueError) as error:
            detail = f"{type(error).__name__}: {error}"
            remedy = f"Deploy it with its alias to {region}, before it is declared."
        if (took := time.monotonic() - begun) > seconds:
            detail = f"it took {took:.1f} s, and its timeout is {seconds} s"
            remedy = "Let it end in time, or raise its timeout (at most 10 s): users wait for it."
        return Finding(0, f"hook {phase}, {function} in {region}", not remedy, detail, remedy)

    def _rehearsal_of(self, phase: str) -> bytes:
        regions = {"from": self._config.primary_region, "to": self._config.secondary_region}
        run = {"execution": f"conform-{uuid.uuid4().hex[:8]}", "reason": "conformance"}
        event = {"phase": phase, "mode": "rehearsal", **run, "regions": regions}
        return json.dumps(event).encode()

    def _data_arrives(self) -> Finding:
        """Write in the Primary and read in the Secondary, at the Regions' own names."""
        item_id = self._new_id()
        written = self._requests.write(*self._at(self._config.primary_region), item_id)
        remedy = "" if written.good else "The write itself was refused. See [lab] write."
        if written.good and not self._arrives(item_id):
            remedy = "The item is not readable in the Secondary: is every table a global one?"
        detail = f"the write answered {written.status or 'nothing'}"
        return Finding(0, "data reaches the Secondary", not remedy, detail, remedy)

    def _arrives(self, item_id: str) -> bool:
        at = self._at(self._config.secondary_region)
        return within(ARRIVES_SECONDS, lambda: self._requests.read(*at, item_id).good)

    def _refused_in_the_passive_region(self) -> Finding:
        call = self._requests.write(*self._at(self._config.secondary_region), self._new_id())
        what = "forwarded it" if call.forwarded else f"answered {call.status or 'nothing'}"
        remedy = ""
        if not call.forwarded and call.status != 503:
            remedy = "That shows no fence: a write that it refuses is answered with 503."
        if call.good and not call.forwarded:
            remedy = (
                "The passive Region took a write. Ask the fence before every write "
                "(docs/adopt.md), or declare level 0."
            )
        detail = f"{self._config.secondary_region}, which is passive, {what}"
        return Finding(1, "writes are refused where they must be", not remedy, detail, remedy)

    def _journaled(self) -> Finding:
        before, item_id = self._entries(), self._new_id()
        written = self._requests.write(*self._at(self._config.primary_region), item_id)
        found = within(ARRIVES_SECONDS, lambda: self._entries() - before)
        remedy = "Write the item and its journal entry in one transaction, or declare level 1."
        detail = f"the write answered {written.status or 'nothing'}; " + (
            "its entry is in the journal" if found else "no entry of a declared table was added"
        )
        return Finding(2, "writes are in the journal", found, detail, "" if found else remedy)

    def _entries(self) -> set[str]:
        client = self._lab.client("dynamodb", self._config.primary_region)
        scan = client.get_paginator("scan")
        pages = scan.paginate(TableName=f"{self._config.app_name}-journal", ConsistentRead=True)
        rows = (row for page in pages for row in page["Items"])
        return {r["sk"]["S"] for r in rows if r.get("table", {}).get("S") in self._contract.tables}

    def _at(self, region: str) -> tuple[str, str]:
        return region, self._host(region)

    def _host(self, region: str) -> str:
        return f"{region}.{self._config.zone_name}"

    def _new_id(self) -> str:
        return f"conform-{uuid.uuid4().hex[:8]}"


def _key_of(described: Mapping[str, Any]) -> dict[str, str]:
    """Return the key of a table by its description: from an attribute's name to S, N or B."""
    kinds = {a["AttributeName"]: a["AttributeType"] for a in described["AttributeDefinitions"]}
    parts = sorted(described["KeySchema"], key=lambda part: part["KeyType"] != "HASH")
    return {part["AttributeName"]: kinds[part["AttributeName"]] for part in parts}


def _in_words(key: Mapping[str, str]) -> str:
    """Return a key as a contract writes it."""
    return "/".join(name if kind == "S" else f"{name}={kind}" for name, kind in key.items())


def settled(lab: Control, seconds: float, *names: str) -> bool:
    """Wait until Route 53's checks of these names are healthy, all of them if none is given.

    A check that is not there is not healthy.
    """

    def healthy() -> bool:
        checks = {c["name"]: bool(c["healthy"]) for c in lab.act("health")}
        return bool(checks) and all(checks.get(name, False) for name in names or checks)

    return within(seconds, healthy)
