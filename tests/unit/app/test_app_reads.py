"""What users and checkers read from the app."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError
from items.item import item_key
from pilot_light_client.warm_ping import ENVIRONMENT, ping

from tests.handlers import context
from tests.unit.functions.fakes import CONTROL, ITEMS, PRIMARY, SECONDARY, aws_error

if TYPE_CHECKING:
    from tests.unit.app.conftest import App

CONTROL_KEY = {"pk": {"S": "control"}}


# --- health --------------------------------------------------------------------------------------
def test_a_well_region_says_so_and_who_is_active(app: App) -> None:
    answer = app.ask("GET", "/health")
    assert answer.status == 200
    assert answer.body == {
        "region": SECONDARY,
        "release": "test",
        "active_region": SECONDARY,
        "epoch": 2,
        "state": "serving",
        "status": "healthy",
    }


@pytest.mark.parametrize("state", ["serving", "claimed", "draining"])
@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
def test_health_does_not_depend_on_who_is_active(app: App, region: str, state: str) -> None:
    app.active(region, state)
    answer = app.ask("GET", "/health")
    assert (answer.status, answer.body["status"]) == (200, "healthy")


def test_a_region_without_a_control_item_serves_reads_and_so_is_healthy(app: App) -> None:
    app.dynamodb.delete_item(CONTROL, CONTROL_KEY)
    answer = app.ask("GET", "/health")
    assert (answer.status, answer.body["status"]) == (200, "healthy")
    assert "active_region" not in answer.body


def test_a_region_whose_items_do_not_answer_is_unhealthy(app: App) -> None:
    app.dynamodb.failing["get_item"] = aws_error("InternalServerError")
    answer = app.ask("GET", "/health")
    assert answer.status == 503
    assert (answer.body["status"], answer.body["failed"]) == ("unhealthy", "items_table")


def test_health_never_asks_the_quorum_and_costs_one_read_unit(app: App) -> None:
    """A control table that is silent may move nobody."""
    app.ask("GET", "/health")
    app.dynamodb.calls.clear()
    app.ask("GET", "/health")
    asked = app.dynamodb.asked("get_item")
    assert {one["TableName"] for one in asked} == {CONTROL, ITEMS}
    assert [one["ConsistentRead"] for one in asked] == [False, False], "half a unit each"
    assert len(app.dynamodb.calls) == 2


@pytest.mark.parametrize("state", ["serving", "claimed", "draining"])
def test_checks_keep_heartbeats_and_pulse_of_the_active_region(
    app: App, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    app.active(SECONDARY, state)
    app.ask("GET", "/health")
    beat = app.heartbeat()
    assert beat is not None
    assert beat.by.startswith("check ")
    assert app.pulse() == 1
    monkeypatch.setattr(app.module.SIGNS_OF_LIFE._pulse, "_clock", lambda: time.time() + 11)
    app.ask("GET", "/health")
    assert app.pulse() == 2


@pytest.mark.parametrize("active", [PRIMARY, None])
def test_checks_keep_nothing_in_a_region_that_is_not_known_to_be_active(
    app: App, active: str | None
) -> None:
    """A pulse that goes on would hide that the active Region has none."""
    if active:
        app.active(active)
    else:
        app.dynamodb.delete_item(CONTROL, CONTROL_KEY)
    app.ask("GET", "/health")
    assert (app.heartbeat(), app.pulse()) == (None, 0)


def failing_writes(app: App, *, made_between: bool = False) -> None:
    error = ReadTimeoutError(endpoint_url="https://dynamodb")
    for n in range(2):
        app.dynamodb.failing["transact_write_items"] = error
        assert app.ask("PUT", f"/items/tea{n}", {"text": "green"}).status == 503
        app.dynamodb.failing.clear()
        if made_between:
            assert app.ask("PUT", f"/items/coffee{n}", {"text": "black"}).status == 200


def test_a_region_all_of_whose_writes_of_late_failed_is_unhealthy_until_one_is_made(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_writes(app)
    app.dynamodb.table(CONTROL).pop(("pulse", ""), None)
    answer = app.ask("GET", "/health")
    assert (answer.status, answer.body["failed"]) == (503, "writes")
    assert app.pulse() == 0, "who cannot write keeps no pulse"
    now = time.monotonic()
    monkeypatch.setattr(app.module.WRITE_HEALTH, "_clock", lambda: now + 16)
    assert app.ask("GET", "/health").status == 200, "the table takes writes again"
    app.restart()
    failing_writes(app)
    app.ask("PUT", "/items/tea", {"text": "green"})
    assert app.ask("GET", "/health").status == 200


@pytest.mark.parametrize("active", [PRIMARY, SECONDARY])
def test_a_region_whose_table_takes_no_write_is_unhealthy_although_nobody_writes(
    app: App, active: str
) -> None:
    app.active(active)
    before = copy.deepcopy(app.dynamodb.table(ITEMS))
    app.dynamodb.failing["put_item"] = ReadTimeoutError(endpoint_url="https://dynamodb")
    answer = app.ask("GET", "/health")
    assert (answer.status, answer.body["failed"]) == (503, "writes")
    app.dynamodb.failing.clear()
    assert app.ask("GET", "/health").status == 200
    assert app.dynamodb.table(ITEMS) == before


def test_writes_that_are_made_between_failed_ones_keep_a_region_healthy(app: App) -> None:
    failing_writes(app, made_between=True)
    assert app.ask("GET", "/health").status == 200


def test_writes_that_are_refused_for_want_of_a_quorum_keep_a_region_healthy(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other Region would refuse them too. A silent quorum moves no user."""
    monkeypatch.setattr(app.module.ITEMS._fence, "_sleep", lambda _seconds: None)
    app.dynamodb.table(CONTROL).clear()
    for _ in range(3):
        assert app.ask("POST", "/items", {"text": "green"}).status == 503
    assert app.ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    ("region", "state", "status", "why"),
    [
        (SECONDARY, "serving", 200, None),
        (SECONDARY, "claimed", 503, "Claimed"),
        (SECONDARY, "draining", 503, "Draining"),
        (PRIMARY, "serving", 503, "NotActive"),
    ],
)
def test_the_check_of_the_public_name_finds_a_region_well_only_if_it_takes_writes(
    app: App, region: str, state: str, status: int, why: str | None
) -> None:
    app.active(region, state)
    answer = app.ask("GET", "/health", query={"for": "writes"})
    assert (answer.status, answer.body.get("failed")) == (status, why)
    assert app.ask("GET", "/health", query={"for": "reads"}).status == 200


def test_without_a_quorum_no_region_is_well_for_writes(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.module.FENCE, "_sleep", lambda _seconds: None)
    app.dynamodb.table(CONTROL).clear()
    answer = app.ask("GET", "/health", query={"for": "writes"})
    assert (answer.status, answer.body["failed"]) == (503, "ControlItemMissing")


def test_health_is_looked_at_anew_each_time(app: App) -> None:
    assert app.ask("GET", "/health").body["epoch"] == 2
    app.dynamodb.table(CONTROL)["control", ""]["epoch"] = {"N": "3"}
    assert app.ask("GET", "/health").body["epoch"] == 3


# --- items ---------------------------------------------------------------------------------------
def test_an_item_is_read_with_the_region_that_wrote_it(app: App) -> None:
    app.ask("PUT", "/items/tea", {"text": "green"})
    answer = app.ask("GET", "/items/tea")
    assert answer.status == 200
    assert (answer.body["text"], answer.body["region"]) == ("green", SECONDARY)


@pytest.mark.parametrize("item_id", ["coffee", "x" * 2000, "a b", "é"])
def test_an_item_that_is_not_there_is_a_404(app: App, item_id: str) -> None:
    answer = app.ask("GET", f"/items/{item_id}")
    assert (answer.status, answer.error) == (404, "ItemMissing")


def test_a_passive_region_reads_too(app: App) -> None:
    app.ask("PUT", "/items/tea", {"text": "green"})
    app.active(PRIMARY)
    assert app.ask("GET", "/items/tea").status == 200
    assert app.forwarded == []


def test_a_listing_is_a_page_and_the_way_to_the_next(app: App) -> None:
    for n in range(3):
        app.ask("PUT", f"/items/item-{n}", {"text": "x"})
    first = app.ask("GET", "/items", query={"limit": "2"}).body
    rest = app.ask("GET", "/items", query={"limit": "2", "next": first["next"]}).body
    assert sorted(i["id"] for i in first["items"] + rest["items"]) == [
        "item-0",
        "item-1",
        "item-2",
    ]
    assert rest["next"] is None
    assert first["region"] == SECONDARY


@pytest.mark.parametrize("limit", ["1", "200"])
def test_a_limit_may_be_from_1_to_200(app: App, limit: str) -> None:
    assert app.ask("GET", "/items", query={"limit": limit}).status == 200


@pytest.mark.parametrize(
    "limit",
    ["0", "201", "-1", "", "1.5", "many", " 5", "1e2", "²", "9" * 5000],
    ids=lambda s: s[:9],
)
def test_any_other_limit_is_refused(app: App, limit: str) -> None:
    answer = app.ask("GET", "/items", query={"limit": limit})
    assert (answer.status, answer.error) == (400, "BadLimit")


@pytest.mark.parametrize("cursor", ["nonsense", "W10=", "%", "é"])
def test_a_cursor_of_ones_own_making_is_refused(app: App, cursor: str) -> None:
    answer = app.ask("GET", "/items", query={"next": cursor})
    assert (answer.status, answer.error) == (400, "BadCursor")


# --- the rest ------------------------------------------------------------------------------------
def test_the_page_is_served_under_a_strict_policy(app: App) -> None:
    answer = app.ask("GET", "/")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.text == app.module.PAGE
    assert app.dynamodb.asked("get_item") == [], "the page needs no table"


@pytest.mark.parametrize("path", ["/", "/health", "/items"])
def test_every_answer_says_which_region_gave_it_and_is_not_cached(app: App, path: str) -> None:
    headers = app.ask("GET", path).headers
    assert headers["X-Served-By"] == SECONDARY
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("POST", "/health"), ("DELETE", "/items"), ("PATCH", "/items/tea")],
)
def test_a_path_or_method_that_does_not_exist_is_a_404(app: App, method: str, path: str) -> None:
    answer = app.ask(method, path)
    assert (answer.status, answer.error) == (404, "NoSuchPath")


def test_a_warm_ping_is_answered_without_a_table(app: App) -> None:
    app.dynamodb.calls.clear()
    answer = app.module.lambda_handler(ping(0), context("app"))
    assert answer == {"environment": ENVIRONMENT}
    assert app.dynamodb.calls == []


# --- as HTTP clients expect ----------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/health", "/items", "/items/tea", "/items/coffee"])
def test_head_is_answered_as_get_is_without_the_body(app: App, path: str) -> None:
    app.ask("PUT", "/items/tea", {"text": "green"})
    whole, head = app.ask("GET", path), app.ask("HEAD", path)
    assert (head.status, head.headers) == (whole.status, whole.headers)
    assert (head.text, whole.text != "") == ("", True)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/items", "GET, HEAD, POST, OPTIONS"),
        ("/items/tea", "GET, HEAD, PUT, DELETE, OPTIONS"),
    ],
)
def test_options_names_the_methods_of_a_path(app: App, path: str, allowed: str) -> None:
    answer = app.ask("OPTIONS", path)
    assert (answer.status, answer.headers["Allow"], answer.text) == (204, allowed, "")


@pytest.mark.parametrize("item_id", [".", ".."])
def test_an_id_that_clients_resolve_within_a_path_is_none(app: App, item_id: str) -> None:
    assert app.ask("GET", f"/items/{item_id}").status == 404
    answer = app.ask("POST", "/items", {"id": item_id, "text": "green"})
    assert (answer.status, answer.error) == (400, "BadItem")
    assert app.ask("POST", "/items", {"id": "...", "text": "green"}).status == 201


# --- what DynamoDB may answer, and rows that are not as we wrote them ----------------------------
@pytest.mark.parametrize(
    "error",
    [
        *(aws_error("ThrottlingException"), aws_error("InternalServerError"), aws_error("")),
        *(aws_error("ExpiredTokenException"), ReadTimeoutError(endpoint_url="https://dynamodb")),
        aws_error("AccessDeniedException"),
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/items", "/items/tea"])
def test_a_read_that_the_table_does_not_answer_is_a_503_that_names_nothing_of_ours(
    app: App, path: str, error: Exception
) -> None:
    app.dynamodb.failing = dict.fromkeys(("get_item", "query"), error)
    answer = app.ask("GET", path)
    assert (answer.status, answer.error) == (503, "TableUnavailable")
    assert answer.headers["Retry-After"] == "1"
    assert "dynamodb" not in answer.text and "Exception" not in answer.text


def test_an_unreadable_item_is_named_and_the_others_are_listed(app: App) -> None:
    app.ask("PUT", "/items/tea", {"text": "green"})
    app.dynamodb.put_item(ITEMS, {"pk": item_key("bad")["pk"], "sk": {"S": "bad"}})
    listed = app.ask("GET", "/items").body
    assert ([i["id"] for i in listed["items"]], listed["unreadable"]) == (["tea"], ["bad"])
    for method in ("GET", "PUT", "DELETE"):
        answer = app.ask(method, "/items/bad", {"text": "green"})
        assert (answer.status, answer.error) == (409, "ItemUnreadable")
        assert "'bad'" in answer.body["error"]["message"]


def test_a_fault_of_the_application_is_a_500_that_says_so_and_no_more(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(app.module.ITEMS, "read", fault)
    answer = app.ask("GET", "/items/tea")
    assert (answer.status, answer.error, "secret" in answer.text) == (500, "InternalError", False)
