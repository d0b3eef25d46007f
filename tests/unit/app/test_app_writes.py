"""What users write through the app: validated, made here, forwarded, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from pilot_light_client import http

from tests.handlers import context
from tests.unit.functions.fakes import CONTROL, PRIMARY, SECONDARY, aws_error, request_event

if TYPE_CHECKING:
    from tests.unit.app.conftest import App

ORIGINAL = {"text": "green"}


def assert_untouched(app: App) -> None:
    assert app.written() == []
    assert app.forwarded == []


# --- made here -----------------------------------------------------------------------------------
def test_a_created_item_is_a_201_with_its_write_id_and_epoch(app: App) -> None:
    answer = app.ask("POST", "/items", ORIGINAL)
    assert answer.status == 201
    assert (answer.body["text"], answer.body["version"]) == ("green", 1)
    assert answer.headers["X-Write-Id"] == answer.body["write_id"]
    assert answer.headers["X-Epoch"] == "2"
    assert answer.headers["X-Served-By"] == SECONDARY


def test_an_item_may_be_created_under_an_id(app: App) -> None:
    assert app.ask("POST", "/items", {"id": "tea", **ORIGINAL}).body["id"] == "tea"
    again = app.ask("POST", "/items", {"id": "tea", **ORIGINAL})
    assert (again.status, again.error) == (409, "ItemExists")


def test_a_retried_create_is_answered_with_the_item_of_the_first(app: App) -> None:
    first, again = (
        app.ask("POST", "/items", ORIGINAL, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )
    assert again.status == 201
    assert again.body == first.body


def test_an_item_is_replaced_under_the_id_of_its_path(app: App) -> None:
    app.ask("PUT", "/items/tea", ORIGINAL)
    answer = app.ask("PUT", "/items/tea", {"id": "coffee", "text": "black"})
    assert answer.status == 200
    assert (answer.body["id"], answer.body["version"]) == ("tea", 2)


def test_an_item_is_deleted_once(app: App) -> None:
    app.ask("PUT", "/items/tea", ORIGINAL)
    assert app.ask("DELETE", "/items/tea").status == 200
    again = app.ask("DELETE", "/items/tea")
    assert (again.status, again.error) == (404, "ItemMissing")


def test_a_delete_needs_no_body_and_reads_none(app: App) -> None:
    app.ask("PUT", "/items/tea", ORIGINAL)
    assert app.ask("DELETE", "/items/tea", "not JSON").status == 200


# --- refused for what it is ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [None, "", "text", "{", '{"text": }', "[" * 100_000],
    ids=["none", "empty", "word", "open", "gap", "deep"],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/items"), ("PUT", "/items/tea")])
def test_a_body_that_is_no_json_is_refused(app: App, method: str, path: str, body: Any) -> None:
    answer = app.ask(method, path, body)
    assert (answer.status, answer.error) == (400, "BadBody")
    assert_untouched(app)


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "[]",
        '"text"',
        "5",
        {},
        {"text": ""},
        {"text": None},
        {"text": 5},
        {"text": ["x"]},
        {"text": "x" * 2001},
        {"text": "x", "colour": "red"},
        {"text": "x", "version": 7},
    ],
    ids=lambda body: str(body)[:24],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/items"), ("PUT", "/items/tea")])
def test_an_item_of_another_shape_is_refused(app: App, method: str, path: str, body: Any) -> None:
    answer = app.ask(method, path, body)
    assert (answer.status, answer.error) == (400, "BadItem")
    assert_untouched(app)


@pytest.mark.parametrize("item_id", [None, "", 5, "a b", "a/b", "é", "x" * 65, "tea\n", "I#0"])
def test_an_id_that_no_item_can_have_is_refused(app: App, item_id: Any) -> None:
    answer = app.ask("POST", "/items", {"id": item_id, "text": "x"})
    assert (answer.status, answer.error) == (400, "BadItem")
    assert_untouched(app)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("item_id", ["a b", "a!", "x" * 65])
def test_a_path_with_such_an_id_is_refused_too(app: App, method: str, item_id: str) -> None:
    answer = app.ask(method, f"/items/{item_id}", ORIGINAL)
    assert (answer.status, answer.error) == (400, "BadItem")
    assert_untouched(app)


def test_a_refused_body_is_told_what_to_send(app: App) -> None:
    answer = app.ask("POST", "/items", {"text": ""})
    assert '{"text": "..."}' in answer.body["error"]["message"]


@pytest.mark.parametrize("text", ["x", "x" * 2000, "é", "\n", '"quoted"', "日本語"])
def test_any_text_of_up_to_2000_characters_is_an_item(app: App, text: str) -> None:
    assert app.ask("PUT", "/items/tea", {"text": text}).status == 200
    assert app.ask("GET", "/items/tea").body["text"] == text


@pytest.mark.parametrize("active", [PRIMARY, SECONDARY])
@pytest.mark.parametrize("key", ["x" * 65, "ключ", "a\r\nb", "tab\t"])
def test_an_idempotency_key_that_is_no_short_plain_text_is_refused_in_both_regions(
    app: App, active: str, key: str
) -> None:
    """A key goes into a header again when the write is forwarded, so that it must fit into one."""
    app.active(active)
    answer = app.ask("POST", "/items", ORIGINAL, headers={"Idempotency-Key": key})
    assert (answer.status, answer.error) == (400, "BadIdempotencyKey")
    assert_untouched(app)


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
def test_the_name_of_a_header_is_found_in_any_case(app: App, name: str) -> None:
    answers = [app.ask("POST", "/items", ORIGINAL, headers={name: "x" * 64}) for _ in range(2)]
    assert answers[0].body == answers[1].body


# --- refused for the moment ----------------------------------------------------------------------
WRITES = [("POST", "/items"), ("PUT", "/items/tea"), ("DELETE", "/items/tea")]


@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
@pytest.mark.parametrize(("state", "code"), [("draining", "Draining"), ("claimed", "Claimed")])
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_while_the_active_region_changes_writes_get_503_with_retry_after_in_both_regions(
    app: App, method: str, path: str, state: str, code: str, region: str
) -> None:
    app.active(region, state)
    answer = app.ask(method, path, ORIGINAL)
    assert (answer.status, answer.error) == (503, code)
    assert answer.headers["Retry-After"] == "1"
    assert_untouched(app)


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_missing_control_item_refuses_writes(app: App, method: str, path: str) -> None:
    app.dynamodb.tables[CONTROL].clear()
    answer = app.ask(method, path, ORIGINAL)
    assert (answer.status, answer.error) == (503, "ControlItemMissing")
    assert_untouched(app)


def test_a_table_under_a_surge_is_a_503_with_retry_after(app: App) -> None:
    reasons = [{"Code": "ThrottlingError"}, {"Code": "None"}]
    app.dynamodb.failing["transact_write_items"] = aws_error(
        "TransactionCanceledException", CancellationReasons=reasons
    )
    answer = app.ask("POST", "/items", ORIGINAL)
    assert (answer.status, answer.error) == (503, "WriteThrottled")
    assert answer.headers["Retry-After"] == "1"


def test_another_write_in_between_is_a_409(app: App) -> None:
    reasons = [{"Code": "ConditionalCheckFailed"}, {"Code": "None"}]
    app.dynamodb.failing["transact_write_items"] = aws_error(
        "TransactionCanceledException", CancellationReasons=reasons
    )
    answer = app.ask("POST", "/items", ORIGINAL)
    assert (answer.status, answer.error) == (409, "WriteConflict")
    assert "Retry-After" not in answer.headers


def test_the_time_at_which_api_gateway_took_a_request_counts_as_its_age(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen environment's clocks may all be old, and its read would look fresh."""
    asked: list[float | None] = []
    decide = app.module.ITEMS._fence.decide

    def spied(**given: Any) -> Any:
        asked.append(given["request"])
        return decide(**given)

    monkeypatch.setattr(app.module.ITEMS._fence, "decide", spied)
    event = request_event("POST", "/items", ORIGINAL)
    event["requestContext"]["timeEpoch"] = 1_800_000_000_500
    app.module.lambda_handler(event, context("app"))
    assert asked == [1_800_000_000.5]


def test_a_write_whose_fate_is_unknown_is_a_503_with_retry_after(app: App) -> None:
    error = ReadTimeoutError(endpoint_url="https://dynamodb")
    app.dynamodb.failing["transact_write_items"] = error
    answer = app.ask("POST", "/items", ORIGINAL)
    assert (answer.status, answer.error) == (503, "WriteUnknown")
    assert answer.headers["Retry-After"] == "1"


# --- forwarded -----------------------------------------------------------------------------------
def test_a_passive_region_hands_the_answer_of_the_active_one_through(app: App) -> None:
    app.active(PRIMARY)
    headers = {"X-Served-By": PRIMARY, "x-write-id": "01A", "X-Epoch": "2", "Server": "other"}
    app.other = http.Response(201, b'{"id": "tea"}', headers, 0.1)
    answer = app.ask("POST", "/items", ORIGINAL)
    assert (answer.status, answer.body) == (201, {"id": "tea"})
    assert answer.headers["X-Served-By"] == PRIMARY
    assert answer.headers["x-write-id"] == "01A"
    assert answer.headers["X-Forwarded-By-Region"] == SECONDARY
    assert "Server" not in answer.headers
    assert app.written() == []
    assert (app.heartbeat(), app.pulse()) == (None, 0), "it says nothing of this Region"


@pytest.mark.parametrize("status", [400, 404, 409, 503])
def test_a_refusal_of_the_active_region_is_handed_through_as_well(app: App, status: int) -> None:
    app.active(PRIMARY)
    app.other = http.Response(status, b'{"error": {}}', {"Retry-After": "1"}, 0.1)
    answer = app.ask("PUT", "/items/tea", ORIGINAL)
    assert (answer.status, answer.headers["Retry-After"]) == (status, "1")


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_is_forwarded_by_its_own_method_and_path(app: App, method: str, path: str) -> None:
    app.active(PRIMARY)
    app.ask(method, path, ORIGINAL)
    sent_method, url, more = app.forwarded[0]
    assert (sent_method, url) == (method, f"https://{PRIMARY}.pilotlight.example{path}")
    assert more["body"] == (b"" if method == "DELETE" else b'{"text": "green"}')


def test_what_is_wrong_is_refused_before_it_is_forwarded(app: App) -> None:
    app.active(PRIMARY)
    assert app.ask("POST", "/items", {}).status == 400
    assert app.forwarded == []


def test_a_write_that_was_forwarded_once_is_not_forwarded_again(app: App) -> None:
    app.active(PRIMARY)
    answer = app.ask("POST", "/items", ORIGINAL, headers={"X-Forwarded-By-Region": PRIMARY})
    assert (answer.status, answer.error) == (503, "NotActive")
    assert app.forwarded == []


# --- the same request again ----------------------------------------------------------------------
def test_a_key_that_was_used_for_another_request_is_a_422(app: App) -> None:
    key = {"Idempotency-Key": "k1"}
    app.ask("POST", "/items", ORIGINAL, headers=key)
    answer = app.ask("POST", "/items", {"text": "black"}, headers=key)
    assert (answer.status, answer.error) == (422, "KeyReused")


# --- what is odd ---------------------------------------------------------------------------------
def test_a_delete_ignores_its_body_whatever_it_is(app: App) -> None:
    app.ask("PUT", "/items/tea", ORIGINAL)
    event = request_event("DELETE", "/items/tea", "//8=")
    event["isBase64Encoded"] = True
    assert app.module.lambda_handler(event, context("app"))["statusCode"] == 200


@pytest.mark.parametrize("body", ["//8=", "no base64!"])
def test_a_body_that_is_no_text_is_refused(app: App, body: str) -> None:
    event = request_event("POST", "/items", body)
    event["isBase64Encoded"] = True
    assert app.module.lambda_handler(event, context("app"))["statusCode"] == 400


def test_an_error_does_not_send_a_large_request_back(app: App) -> None:
    answer = app.ask("POST", "/items", {"text": "green", "x" * 2_000_000: 1})
    assert (answer.status, answer.error) == (400, "BadItem")
    assert len(answer.text) < 1000


@pytest.mark.parametrize("at", [True, "now", -1, 2**48, 1e300, float("nan"), None, {}])
def test_an_odd_time_of_the_request_is_none(app: App, at: Any) -> None:
    event = request_event("PUT", "/items/tea", ORIGINAL)
    event["requestContext"]["timeEpoch"] = at
    assert app.module.lambda_handler(event, context("app"))["statusCode"] == 200


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ThrottlingException", 503, "WriteThrottled"),
        ("InternalServerError", 503, "WriteUnknown"),
        ("TransactionInProgressException", 503, "WriteUnknown"),
        ("NobodyKnows", 503, "WriteUnknown"),
        ("AccessDeniedException", 503, "TableUnavailable"),
        ("TransactionConflictException", 409, "WriteConflict"),
    ],
)
def test_whatever_the_table_answers_to_a_write_users_get_an_answer(
    app: App, code: str, status: int, error: str
) -> None:
    app.dynamodb.failing["transact_write_items"] = aws_error(code)
    answer = app.ask("PUT", "/items/tea", ORIGINAL)
    assert (answer.status, answer.error) == (status, error)
    assert (answer.headers.get("Retry-After") == "1") is (status == 503)


@pytest.mark.parametrize("code", ["AccessDeniedException", "NobodyKnows", "ThrottlingException"])
def test_a_region_all_of_whose_writes_fail_is_unhealthy_whatever_the_error(
    app: App, code: str
) -> None:
    app.dynamodb.failing["transact_write_items"] = aws_error(code)
    for _ in range(2):
        app.ask("PUT", "/items/tea", ORIGINAL)
    assert app.ask("GET", "/health").body["failed"] == "writes"


def test_writes_that_the_other_region_did_not_answer_do_not_make_this_one_unhealthy(
    app: App,
) -> None:
    app.active(PRIMARY)
    app.other = http.Response(504, b"", {}, 0.1)
    for _ in range(3):
        answer = app.ask("PUT", "/items/tea", ORIGINAL)
        assert (answer.status, answer.error) == (503, "WriteUnknown")
        assert answer.headers["Retry-After"] == "1"
    assert app.ask("GET", "/health").status == 200


@pytest.mark.parametrize(("status", "counted"), [(504, []), (403, ["WritesRefused"])])
def test_a_write_that_may_have_been_made_is_not_counted_as_refused(
    app: App, monkeypatch: pytest.MonkeyPatch, status: int, counted: list[str]
) -> None:
    app.active(PRIMARY)
    app.other = http.Response(status, b"", {}, 0.1)
    names: list[str] = []
    monkeypatch.setattr(app.module.metrics, "add_metric", lambda name, **_: names.append(name))
    app.ask("PUT", "/items/tea", ORIGINAL)
    assert names == counted
