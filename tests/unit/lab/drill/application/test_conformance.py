"""Whether an application is what its contract says: each thing that is not has its remedy."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lab.drill import watching
from lab.drill.application import conformance
from lab.drill.application.conformance import Conformance, settled
from lab.drill.application.users import Call
from tests.unit.lab.drill.rows import entry
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything
from tools.reader.contract import Contract

if TYPE_CHECKING:
    from lab.drill.application.conformance import Finding

FUNCTION, HOOK = "orders-api:live", "orders-hook:live"
BOTH = (PRIMARY, SECONDARY)
OWN = {region: f"{region}.pilotlight.example" for region in BOTH}
ARRIVES, HEALTHS = "data reaches the Secondary", [f"health of {region}" for region in BOTH]
TABLE, PINGS = "table orders", [f"{FUNCTION} in {region}" for region in BOTH]
REFUSED, JOURNALED = "writes are refused where they must be", "writes are in the journal"


class World:
    """A lab with an application that conforms at level 2, and requests to it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.health: dict[str, tuple[int, Any]] = {r: (200, {"region": r}) for r in BOTH}
        self.paths: dict[tuple[str, str], int] = {}
        self.replicas: list[str] | None = [PRIMARY]
        self.pings: dict[str, Any] = {r: {"environment": "e1"} for r in BOTH}
        self.write = {PRIMARY: (201, False), SECONDARY: (503, False)}
        self.reads_arrive_after: float | None = 0.5
        self.journal_table: str | None = "orders"
        self.rows = [entry("older")]
        self.written: list[tuple[str, str]] = []
        self.asked_tables: list[tuple[str, str]] = []
        self.declared, self.key = "pk", [("pk", "S")]
        self.hooks: dict[str, Any] = {}
        self.hook_answer: Any = {"ready": True}
        self.hook_error, self.hook_seconds = "", 0.1
        self.hook_calls: list[Any] = []

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    # --- the requests ----------------------------------------------------------------------------
    def get(self, region: str, host: str, path: str) -> tuple[int, Any]:
        assert host == OWN[region]
        return self.health[region] if path == "/live" else (self.paths[path, region], None)

    def requested(self, region: str, host: str, item_id: str) -> Call:
        assert host == OWN[region]
        self.written.append((region, item_id))
        status, forwarded = self.write[region]
        if 200 <= status < 300 and self.journal_table:
            self.rows.append(entry(f"w{len(self.written)}"))
            self.rows[-1]["table"] = {"S": self.journal_table}
        self.written_at = self.now
        return Call("write", item_id, 0.0, 0.1, region, status, forwarded)

    def read(self, region: str, host: str, item_id: str) -> Call:
        assert (region, host) == (SECONDARY, OWN[SECONDARY])
        assert item_id in [i for r, i in self.written if r == PRIMARY]
        after = self.reads_arrive_after
        there = after is not None and self.now >= self.written_at + after
        return Call("read", item_id, 0.0, 0.1, region, 200 if there else 404)

    def call_hook(self, function: str, region: str, event: Any) -> dict[str, Any]:
        self.hook_calls.append((function, region, event))
        self.now += self.hook_seconds
        if isinstance(self.hook_answer, Exception):
            raise self.hook_answer
        error = {"FunctionError": self.hook_error} if self.hook_error else {}
        return {"Payload": io.BytesIO(json.dumps(self.hook_answer).encode()), **error}

    # --- the lab ---------------------------------------------------------------------------------
    def client(self, service: str, region: str) -> Any:
        def describe_table(TableName: str) -> dict[str, Any]:
            self.asked_tables.append((TableName, region))
            if self.replicas is None:
                missing = {"Code": "ResourceNotFoundException", "Message": "none"}
                raise ClientError({"Error": missing}, "DescribeTable")
            found = [{"RegionName": r, "ReplicaStatus": "ACTIVE"} for r in self.replicas]
            key = described_key(self.key)
            return {"Table": {**key, "Replicas": found} if found else key}

        def get_function_configuration(FunctionName: str) -> dict[str, Any]:
            return self.call_hook(FunctionName, region, None)

        def invoke(FunctionName: str, Payload: bytes) -> dict[str, Any]:
            if FunctionName == HOOK:
                return self.call_hook(FunctionName, region, json.loads(Payload))
            assert FunctionName == FUNCTION
            assert json.loads(Payload) == {"pilot_light": {"warm": {"hold_ms": 0}}}
            if isinstance(self.pings[region], Exception):
                raise self.pings[region]
            return {"Payload": io.BytesIO(json.dumps(self.pings[region]).encode())}

        def paginate(TableName: str, ConsistentRead: bool) -> list[dict[str, Any]]:
            assert (TableName, ConsistentRead, region) == ("pilot-light-journal", True, PRIMARY)
            return [{"Items": self.rows[:1]}, {"Items": self.rows[1:]}]

        if service == "lambda":
            return Anything(invoke=invoke, get_function_configuration=get_function_configuration)
        scan = Anything(paginate=paginate)
        return Anything(describe_table=describe_table, get_paginator=lambda _: scan)

    # --- what is found ---------------------------------------------------------------------------
    def findings(self, level: int) -> list[Finding]:
        contract = Contract(
            *(level, "orders*", "orders", "ApiId"),
            health="/live",
            functions=(FUNCTION,),
            warm_paths=tuple(dict.fromkeys(path for path, _ in self.paths)),
            tables={"orders": self.declared},
            hooks=self.hooks,
        )
        requests = Anything(get=self.get, write=self.requested, read=self.read)
        return Conformance(CONFIG, self, contract, requests).run()  # type: ignore[arg-type]

    def unmet(self, level: int = 2) -> dict[str, Finding]:
        """Return the findings that were not met; only those have a remedy."""
        found = self.findings(level)
        assert [f for f in found if f.remedy] == [f for f in found if not f.passed]
        assert all(f.detail for f in found)
        return {f.name: f for f in found if not f.passed}


def described_key(key: list[tuple[str, str]]) -> dict[str, Any]:
    """Return a key as DynamoDB describes it; its sort key may come first."""
    kinds = [{"AttributeName": name, "AttributeType": kind} for name, kind in key]
    parts = zip(key, ("HASH", "RANGE"), strict=False)
    schema = [{"AttributeName": name, "KeyType": role} for (name, _), role in parts]
    return {"KeySchema": schema[::-1], "AttributeDefinitions": kinds[::-1]}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    for module in (watching, conformance):
        monkeypatch.setattr(module, "time", made)
    return made


ROUTED = [*HEALTHS, TABLE, *PINGS, ARRIVES]


@pytest.mark.parametrize(
    ("level", "names"),
    [(0, ROUTED), (1, [*ROUTED, REFUSED]), (2, [*ROUTED, REFUSED, JOURNALED])],
)
def test_what_the_declared_level_asks_for_is_tried_and_no_more(
    world: World, level: int, names: list[str]
) -> None:
    found = world.findings(level)
    assert [f.name for f in found] == names
    assert all(f.passed for f in found)
    assert {f.level for f in found} == set(range(level + 1))
    writes = [region for region, _ in world.written]
    assert writes == [PRIMARY, SECONDARY, PRIMARY][: level + 1]
    assert len({item_id for _, item_id in world.written}) == level + 1, "each has its own id"


# --- Health ---------------------------------------------------------------------------------------
AUTHORIZER = "Checkers sign nothing: leave this path without an authorizer."
ANSWERS = "Let GET /live answer 200 without credentials, in both Regions."
WHERE = " Is it a path of the API there, and '$default' its stage?"
NAMES = 'Let its JSON answer name the Region, as in {"region": "us-west-2"}.'


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        ((401, {"message": "Unauthorized"}), AUTHORIZER),
        ((403, None), AUTHORIZER + WHERE),
        ((404, None), ANSWERS + WHERE),
        ((500, {"region": PRIMARY}), ANSWERS),
        ((0, None), ANSWERS),
        ((200, None), NAMES),
        ((200, {"status": "ok"}), NAMES),
        ((200, {"region": SECONDARY}), NAMES),
        ((200, PRIMARY), NAMES),
    ],
)
def test_health_that_serves_no_checker_is_named_with_its_remedy(
    world: World, answer: tuple[int, Any], remedy: str
) -> None:
    world.health[PRIMARY] = answer
    found = world.unmet()
    assert list(found) == [HEALTHS[0]]
    assert found[HEALTHS[0]].remedy == remedy
    assert f"GET https://{OWN[PRIMARY]}/live answered" in found[HEALTHS[0]].detail
    assert f"answered {answer[0] or 'nothing'}, region" in found[HEALTHS[0]].detail


@pytest.mark.parametrize("status", [0, 401, 404, 503])
def test_a_warm_path_that_is_refused_is_named_with_its_remedy(world: World, status: int) -> None:
    world.paths = {("/orders", PRIMARY): 200, ("/orders", SECONDARY): status}
    (found,) = world.unmet().values()
    assert (found.level, found.name) == (0, f"warm path /orders in {SECONDARY}")
    assert found.detail == f"GET https://{OWN[SECONDARY]}/orders answered {status or 'nothing'}"
    assert "Let it be answered without credentials" in found.remedy
    world.paths = dict.fromkeys([("/orders", region) for region in BOTH], 200)
    assert world.unmet() == {}


def test_health_in_one_region_only_is_not_enough(world: World) -> None:
    world.health[SECONDARY] = (404, None)
    found = world.unmet()
    assert list(found) == [HEALTHS[1]]
    assert found[HEALTHS[1]].level == 0


def test_a_health_that_always_names_one_region_is_not_met_in_the_other(world: World) -> None:
    world.health[SECONDARY] = world.health[PRIMARY]
    assert list(world.unmet()) == [HEALTHS[1]]


# --- Tables and functions -------------------------------------------------------------------------
GLOBAL = "Make it a global table with a replica in each Region (docs/existing-tables.md)."


@pytest.mark.parametrize(
    ("replicas", "remedy", "detail"),
    [
        ([], GLOBAL, "replicas: none"),
        (["us-east-1"], GLOBAL, "replicas: us-east-1 ACTIVE"),
        ([SECONDARY], GLOBAL, "replicas: us-east-2 ACTIVE"),
        (
            None,
            f"There is no table orders here: ClientError. {GLOBAL}",
            "replicas: none",
        ),
    ],
)
def test_a_table_that_is_not_global_is_named_with_its_remedy(
    world: World, replicas: list[str] | None, remedy: str, detail: str
) -> None:
    world.replicas = replicas
    found = world.unmet()
    assert list(found) == [TABLE]
    assert (found[TABLE].remedy, found[TABLE].detail) == (remedy, detail)
    assert world.asked_tables == [("orders", SECONDARY)]


@pytest.mark.parametrize("replicas", [[PRIMARY], [PRIMARY, SECONDARY], [*BOTH, "us-east-1"]])
def test_a_table_with_a_replica_in_each_region_is_global(world: World, replicas: list[str]) -> None:
    world.replicas = replicas
    assert world.unmet() == {}


@pytest.mark.parametrize(
    ("declared", "there", "said"),
    [
        ("pk", [("pk", "N")], "Its key is pk=N: declare that, not pk."),
        ("pk", [("id", "S")], "Its key is id: declare that, not pk."),
        ("pk", [("pk", "S"), ("n", "N")], "Its key is pk/n=N: declare that, not pk."),
        ("pk/n=N", [("pk", "S")], "Its key is pk: declare that, not pk/n=N."),
        ("a/b", [("b", "S"), ("a", "S")], "Its key is b/a: declare that, not a/b."),
        ("pk", [("pk", "B")], "Its key is pk=B: declare that, not pk."),
    ],
)
def test_a_table_with_another_key_than_declared_is_named_with_its_own(
    world: World, declared: str, there: list[tuple[str, str]], said: str
) -> None:
    world.declared, world.key = declared, there
    found = world.unmet()
    assert list(found) == [TABLE]
    assert found[TABLE].remedy == said


def test_a_key_of_two_attributes_is_met(world: World) -> None:
    world.declared, world.key = "customer=S/n=N", [("customer", "S"), ("n", "N")]
    assert world.unmet() == {}


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (None, "answered None"),
        ({"statusCode": 200}, "answered {'statusCode': 200}"),
        ({"errorMessage": "'path'", "errorType": "KeyError"}, "answered {'errorMessage': "),
        (EndpointConnectionError(endpoint_url="https://x"), "EndpointConnectionError: "),
        (
            ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Invoke"),
            "ClientError: An error occurred (ResourceNotFoundException)",
        ),
    ],
)
def test_a_function_that_answers_no_ping_is_named_with_its_remedy(
    world: World, answer: Any, detail: str
) -> None:
    world.pings[SECONDARY] = answer
    found = world.unmet()
    assert list(found) == [PINGS[1]]
    assert found[PINGS[1]].remedy == (
        "Answer warm pings with the client. Or take it off the list, and name a path that it "
        "serves in warm_paths."
    )
    assert found[PINGS[1]].detail.startswith(detail)


# --- Hooks ----------------------------------------------------------------------------------------
READY = f"hook ready, {HOOK} in {SECONDARY}"


def test_a_hook_is_called_in_the_secondary_as_a_rehearsal_calls_it(world: World) -> None:
    world.hooks = {"ready": {"function": HOOK, "required": True}}
    assert world.unmet() == {}
    ((function, region, event),) = world.hook_calls
    assert (function, region) == (HOOK, SECONDARY)
    assert (event["phase"], event["mode"]) == ("ready", "rehearsal")
    assert event["regions"] == {"from": PRIMARY, "to": SECONDARY}
    assert {"execution", "reason"} < set(event)


@pytest.mark.parametrize(
    ("phase", "more"), [("before_claim", {"modes": ["failover"]}), ("before_failback", {})]
)
def test_a_hook_that_no_rehearsal_calls_only_has_to_be_there(
    world: World, phase: str, more: dict[str, Any]
) -> None:
    world.hooks = {phase: {"function": HOOK, **more}}
    assert world.unmet() == {}
    assert world.hook_calls == [(HOOK, SECONDARY, None)]


MISSING = ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Invoke")


@pytest.mark.parametrize("phase", ["ready", "after_claim", "before_failback"])
def test_a_hook_whose_function_or_alias_is_not_there_is_named_with_its_remedy(
    world: World, phase: str
) -> None:
    world.hooks = {phase: {"function": HOOK}}
    world.hook_answer = MISSING
    (found,) = world.unmet().values()
    assert found.name == f"hook {phase}, {HOOK} in {SECONDARY}"
    assert "ResourceNotFoundException" in found.detail
    assert found.remedy == f"Deploy it with its alias to {SECONDARY}, before it is declared."


@pytest.mark.parametrize(
    ("timeout", "seconds", "met"),
    [({}, 4.9, True), ({}, 5.5, False), ({"timeout": 2}, 2.4, False), ({"timeout": 10}, 9.0, True)],
)
def test_a_hook_that_hangs_is_named_with_its_remedy(
    world: World, timeout: dict[str, int], seconds: float, met: bool
) -> None:
    world.hooks = {"ready": {"function": HOOK, **timeout}}
    world.hook_seconds = seconds
    found = world.unmet()
    assert list(found) == ([] if met else [READY])
    if not met:
        limit = timeout.get("timeout", 5)
        assert found[READY].detail == f"it took {seconds:.1f} s, and its timeout is {limit} s"
        assert found[READY].remedy == (
            "Let it end in time, or raise its timeout (at most 10 s): users wait for it."
        )


@pytest.mark.parametrize("answer", [None, {"ready": "true"}, {"ready": False}, "ready"])
def test_a_hook_that_is_not_ready_is_named_and_others_may_answer_anything(
    world: World, answer: Any
) -> None:
    world.hooks = {"ready": {"function": HOOK}, "before_claim": {"function": HOOK}}
    world.hook_answer = answer
    found = world.unmet()
    assert list(found) == [READY]
    assert found[READY].remedy.startswith('Let it answer {"ready": true}')


def test_a_hook_that_ends_in_an_error_is_named(world: World) -> None:
    world.hooks = {"before_claim": {"function": HOOK}}
    world.hook_answer, world.hook_error = {"errorMessage": "no"}, "Unhandled"
    (found,) = world.unmet().values()
    assert found.detail == "answered {'errorMessage': 'no'}"
    assert found.remedy == "Let it end without an error in a rehearsal, which moves nothing."


# --- Data -----------------------------------------------------------------------------------------
def test_data_that_does_not_arrive_in_the_secondary_is_named_with_its_remedy(
    world: World,
) -> None:
    world.reads_arrive_after = None
    found = world.unmet()
    assert list(found) == [ARRIVES]
    assert found[ARRIVES].remedy == (
        "The item is not readable in the Secondary: is every table a global one?"
    )


def test_data_may_take_some_seconds(world: World) -> None:
    world.reads_arrive_after = 8.0
    assert world.unmet() == {}


@pytest.mark.parametrize(("status", "detail"), [(400, "answered 400"), (0, "answered nothing")])
def test_a_write_that_the_primary_refuses_is_named_with_its_remedy(
    world: World, status: int, detail: str
) -> None:
    world.write[PRIMARY] = (status, False)
    found = world.unmet(level=0)
    assert list(found) == [ARRIVES]
    assert found[ARRIVES].remedy == "The write itself was refused. See [lab] write."
    assert detail in found[ARRIVES].detail


# --- The fence and the journal --------------------------------------------------------------------
@pytest.mark.parametrize("level", [1, 2])
def test_a_passive_region_that_takes_a_write_fails_level_1_by_name(
    world: World, level: int
) -> None:
    world.write[SECONDARY] = (200, False)
    found = world.unmet(level)
    assert list(found) == [REFUSED]
    assert found[REFUSED].level == 1
    assert found[REFUSED].remedy == (
        "The passive Region took a write. Ask the fence before every write (docs/adopt.md), or "
        "declare level 0."
    )
    assert found[REFUSED].detail == "us-east-2, which is passive, answered 200"


def test_a_passive_region_that_takes_a_write_is_no_fault_at_level_0(world: World) -> None:
    world.write[SECONDARY] = (200, False)
    assert world.unmet(level=0) == {}


def test_a_write_that_the_passive_region_forwards_is_fine(world: World) -> None:
    world.write[SECONDARY] = (201, True)
    (finding,) = [f for f in world.findings(1) if f.name == REFUSED]
    assert (finding.passed, finding.remedy) == (True, "")
    assert finding.detail == "us-east-2, which is passive, forwarded it"


@pytest.mark.parametrize("status", [0, 400, 404, 502])
def test_a_passive_region_that_does_not_refuse_as_a_fence_does_shows_nothing(
    world: World, status: int
) -> None:
    world.write[SECONDARY] = (status, False)
    found = world.unmet(level=1)
    assert list(found) == [REFUSED]
    assert found[REFUSED].detail == f"us-east-2, which is passive, answered {status or 'nothing'}"
    assert found[REFUSED].remedy == (
        "That shows no fence: a write that it refuses is answered with 503."
    )


@pytest.mark.parametrize("table", [None, "carts"])
def test_a_write_without_a_journal_entry_of_a_declared_table_fails_level_2_by_name(
    world: World, table: str | None
) -> None:
    world.journal_table = table
    found = world.unmet()
    assert list(found) == [JOURNALED]
    assert found[JOURNALED].level == 2
    assert found[JOURNALED].remedy == (
        "Write the item and its journal entry in one transaction, or declare level 1."
    )
    assert "no entry of a declared table was added" in found[JOURNALED].detail
    assert world.unmet(level=1) == {}


def test_an_entry_that_was_there_before_is_not_that_of_the_write(world: World) -> None:
    world.rows[0]["table"] = {"S": "orders"}
    world.journal_table = None
    assert list(world.unmet()) == [JOURNALED]


# --- Health checks that settle --------------------------------------------------------------------
def checks(**healthy: bool) -> Any:
    found = [{"name": name, "healthy": value} for name, value in healthy.items()]
    return Anything(act=lambda action: {"health": found}[action])


def test_all_checks_settle_or_those_that_are_named(world: World) -> None:
    assert settled(checks(endpoint=True, alarm=True), 2.0)
    assert not settled(checks(endpoint=True, alarm=False), 2.0)
    assert world.now == pytest.approx(1002, abs=0.5)
    assert settled(checks(endpoint=True, alarm=False), 2.0, "endpoint")
    assert not settled(checks(endpoint=False, alarm=True), 2.0, "endpoint")


def test_a_check_that_is_not_there_has_not_settled(world: World) -> None:
    assert not settled(checks(), 2.0)
    assert not settled(checks(alarm=True), 2.0, "endpoint")
