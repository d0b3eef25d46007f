/** Journaled writes by the real AWS SDK: what is sent, by whose permit, and what its errors mean. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Fence, guard, journaled, KeyUnsupported, protect, WriteConflict, WriteOutsideRequest, WriteRefused, WriteThrottled, WriteTooLate, WriteUnknown,
} from "../src/index.js";
import { withPermits } from "../src/permits.js";
import { LEASE, Table } from "./table.js";

const WRITES = { action: "write", region: "us-west-2", epoch: 4, authority: "quorum" };
const REQUEST = 1767225600.25;
const Key = { pk: { S: "o-1" } };
const TEA = { TableName: "orders", Key, Item: { product: { S: "tea" } } };
const MARK = { version: { N: "6" }, write_id: { S: "01A" }, region: { S: "us-east-2" }, epoch: { N: "3" } };
const ROW = { ...Key, pilot_light: { M: { ...MARK, at: { S: "" }, deleted: { BOOL: false } } } };
const BROKEN = { status: 500, name: "InternalServerError" };

const cancelled = (...codes) => ({
  status: 400,
  name: "TransactionCanceledException",
  body: { CancellationReasons: codes.map((Code) => ({ Code })) },
});

/** A table whose answer to the read comes before these. */
function tableOf(...answers) {
  return new Table({}, ...answers);
}

function permitOf(table, ago = 0, decision = WRITES) {
  return table.permit(ago, LEASE, { decision, request: REQUEST });
}

/** Put an order while a permit's request is served. */
function put(table, { what = TEA, permit = permitOf(table) } = {}) {
  const journal = journaled(guard(table.client), { journalTable: "journal" });
  return withPermits(() => permit, () => journal.put(what));
}

test("A row is read strongly, and written with its entry in one transaction.", async () => {
  const table = new Table({ body: { Item: ROW } });
  const { id, version } = await put(table);
  const [read, { TransactItems: [item, entry], ClientRequestToken: token }] = table.sent;
  assert.deepEqual([read.ConsistentRead, read.Key, table.requests], [true, Key, 2]);
  assert.deepEqual([version, token], [7, id]);
  assert.deepEqual([item.Put.TableName, entry.Put.TableName], ["orders", "journal"]);
  assert.deepEqual(entry.Put.Item.previous, { M: MARK });
  assert.equal(entry.Put.Item.sk.S, id);
  assert.match(entry.Put.Item.pk.S, /^J#us-west-2#4#([0-9]|1[0-5])$/);
  assert.equal(Number(entry.Put.Item.keep_until.N), Math.floor(REQUEST) + 35 * 86_400);
  assert.ok(id.startsWith("01KDVDNA7T"), "its id has the time at which API Gateway took the request");
  assert.ok(Math.abs(Date.parse(entry.Put.Item.at.S) - Date.now()) < 10_000);
});

test("A row that the caller has read is not read again.", async () => {
  const table = new Table();
  assert.equal((await put(table, { what: { ...TEA, over: ROW } })).version, 7);
  assert.equal((await put(table, { what: { ...TEA, over: null } })).version, 1);
  assert.equal(table.requests, 2);
});

test("A deletion writes a tombstone.", async () => {
  const table = new Table();
  const permit = permitOf(table);
  await journaled(table.client, { journalTable: "journal" }).delete({ TableName: "orders", Key, over: ROW, permit });
  const [{ TransactItems: [item, entry] }] = table.sent;
  assert.ok(item.Put.Item.pilot_light.M.deleted.BOOL);
  assert.equal(entry.Put.Item.operation.S, "delete");
});

test("A put without an item deletes nothing.", async () => {
  const table = new Table();
  for (const Item of [null, undefined]) await assert.rejects(put(table, { what: { ...TEA, Item } }), TypeError);
  assert.equal(table.requests, 0);
});

test("A key that cannot be journaled reaches no table.", async () => {
  const table = new Table();
  await assert.rejects(put(table, { what: { ...TEA, Key: { pk: { BOOL: true } } } }), KeyUnsupported);
  assert.equal(table.requests, 0);
});

test("Outside a request, and where the fence refused, nothing is written.", async () => {
  const table = new Table();
  const journal = journaled(table.client, { journalTable: "journal" });
  await assert.rejects(journal.put(TEA), WriteOutsideRequest);
  const permit = permitOf(table, 0, { action: "refuse", code: "Draining", reason: "no" });
  await assert.rejects(journal.put({ ...TEA, permit }), WriteRefused);
  assert.equal(table.requests, 0);
});

test("It is not sent once its answer could come after the lease.", async () => {
  const table = tableOf();
  await assert.rejects(put(table, { permit: permitOf(table, 4.6) }), WriteTooLate);
  assert.equal(table.requests, 1, "it was read");
});

test("An answer after the lease is unknown.", async () => {
  await assert.rejects(put(tableOf({ after: 5.1 })), WriteUnknown);
});

for (const [codes, expected] of [
  [["ConditionalCheckFailed", "None"], WriteConflict],
  [["None", "ConditionalCheckFailed"], WriteConflict],
  [["TransactionConflict", "None"], WriteConflict],
  [["ThrottlingError", "None"], WriteThrottled],
  [["ProvisionedThroughputExceeded", "None"], WriteThrottled],
  [["NeverHeardOf", "None"], WriteUnknown],
]) {
  test(`A transaction that was cancelled by ${codes} is ${expected.name}.`, async () => {
    await assert.rejects(put(tableOf(cancelled(...codes))), expected);
  });
}

test("An invalid transaction is the SDK's own error: nothing was written.", async () => {
  await assert.rejects(put(tableOf(cancelled("ValidationError", "None"))), { name: "TransactionCanceledException" });
});

test("A conflict of a retry was judged: the token shows whether the first attempt was made.", async () => {
  await assert.rejects(put(tableOf(BROKEN, cancelled("ConditionalCheckFailed"))), WriteConflict);
});

test("A throttled retry says nothing of the first attempt.", async () => {
  await assert.rejects(put(tableOf(BROKEN, cancelled("ThrottlingError"))), WriteUnknown);
});

const POST = { requestContext: { http: { method: "POST" } } };

for (const [answers, status, code] of [
  [[cancelled("ConditionalCheckFailed")], 409, "WriteConflict"],
  [[cancelled("ThrottlingError")], 503, "WriteThrottled"],
  [[BROKEN, BROKEN], 503, "WriteUnknown"],
]) {
  test(`protect answers ${code} with ${status}.`, async () => {
    const table = tableOf(...answers);
    const fence = { decide: async () => ({ decision: WRITES, permit: permitOf(table) }) };
    const journal = journaled(guard(table.client), { journalTable: "journal" });
    const answer = await protect(() => journal.put(TEA), { fence })(POST);
    assert.deepEqual([answer.statusCode, JSON.parse(answer.body).error.code], [status, code]);
  });
}

test("The fence's decision is the permit's.", async () => {
  const read = async () => ({ revision: 1, active_region: "us-west-2", epoch: 4, state: "serving" });
  const { decision, permit } = await new Fence({ read, region: "us-west-2" }).decide({ request: REQUEST });
  assert.deepEqual([permit.decision, permit.request], [decision, REQUEST]);
});
