/** Handlers without Middy, consumers, and what the environment says of both. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { consumer, Fence, protect, settings, WriteRefused } from "../src/index.js";
import { currentPermit } from "../src/permits.js";

const [HERE, THERE] = ["us-west-2", "us-east-2"];
const PING = { pilot_light: { warm: { hold_ms: 0 } } };
const REQUESTS = {
  "HTTP API (2.0)": (method) => ({ version: "2.0", requestContext: { http: { method }, timeEpoch: 1_800_000_000_000 } }),
  "HTTP API (1.0)": (method) => ({ version: "1.0", httpMethod: method, requestContext: { requestTimeEpoch: 1_800_000_000_000 } }),
  "REST API": (method) => ({ httpMethod: method, resource: "/orders", requestContext: { requestTimeEpoch: 1_800_000_000_000 } }),
};
const POST = REQUESTS["REST API"]("POST");
const BATCH = { Records: [{ messageId: "a" }, { messageId: "b" }] };

/** A fence whose item names a Region; a test moves its clock, and may change the Region. */
function fence(control = { active: HERE }, time = { at: 1000 }) {
  const item = () => ({ revision: 1, active_region: control.active, epoch: 1, state: "serving" });
  const clock = (request) => ({ wall: time.at, boot: time.at, request });
  return new Fence({ read: async () => item(), region: HERE, clock });
}

const never = () => assert.fail("the handler was called");
const codeOf = (answer) => JSON.parse(answer.body).error.code;
const passive = () => ({ fence: fence({ active: THERE }) });

for (const [name, request] of Object.entries(REQUESTS)) {
  test(`The active Region takes the writes of a ${name}.`, async () => {
    const handler = protect(async (event, context) => ({ event, context }), { fence: fence() });
    const event = request("PUT");
    assert.deepEqual(await handler(event, "context"), { event, context: "context" });
  });

  test(`A passive Region refuses the writes of a ${name}, and serves its reads.`, async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const answer = await protect(never, passive())(request(method));
      assert.deepEqual([answer.statusCode, answer.headers["Retry-After"], codeOf(answer)], [503, "1", "NotActive"]);
    }
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      assert.equal(await protect(async () => "read", passive())(request(method)), "read");
    }
  });
}

test("A read for writes is served only where writes are taken.", async () => {
  const asked = { ...REQUESTS["REST API"]("GET"), queryStringParameters: { for: "writes" } };
  assert.equal((await protect(never, passive())(asked)).statusCode, 503);
  assert.equal(await protect(async () => "well", { fence: fence() })(asked), "well");
});

test("A request may be told to write by what it is.", async () => {
  const options = { ...passive(), isWrite: (event) => event.resource === "/orders" };
  assert.equal((await protect(never, options)(REQUESTS["REST API"]("GET"))).statusCode, 503);
});

test("A warm ping asks nobody and reaches no handler.", async () => {
  const asked = { fence: { decide: never } };
  assert.match((await protect(never, asked)(PING)).environment, /-/);
  assert.match((await consumer(never, asked)(PING)).environment, /-/);
});

test("An answer after the lease is unknown, and one within it counts.", async () => {
  for (const [after, status] of [[4.9, 201], [5.1, 503]]) {
    const time = { at: 1000 };
    const handler = protect(async () => ((time.at += after), { statusCode: 201 }), { fence: fence(undefined, time) });
    const answer = await handler(POST);
    assert.equal(answer.statusCode, status);
    if (status === 503) assert.equal(codeOf(answer), "WriteUnknown");
  }
});

test("A longer MaxWriteSeconds lengthens the lease.", async () => {
  const read = async () => ({ revision: 1, active_region: HERE, epoch: 1, state: "serving" });
  assert.equal(new Fence({ read, region: HERE, fenceSeconds: 3, maxWriteSeconds: 30 }).leaseSeconds, 33);
  for (const maxWriteSeconds of [0, 31, NaN]) assert.throws(() => new Fence({ read, region: HERE, maxWriteSeconds }), RangeError);
});

test("The handler's own errors are its own.", async () => {
  const broken = async () => {
    throw new TypeError("broken");
  };
  await assert.rejects(protect(broken, { fence: fence() })(POST), TypeError);
});

test("An event that is no request ends in an error where it may not write, not in an answer.", async () => {
  await assert.rejects(protect(never, passive())({ Records: [] }), { name: "WriteRefused", code: "NotActive" });
});

test("A consumer in a passive Region works on no message, and fails.", async () => {
  await assert.rejects(consumer(never, passive())(BATCH), WriteRefused);
});

test("A consumer that may report partial failures reports every message.", async () => {
  const answer = await consumer(never, { ...passive(), partialFailures: true })(BATCH);
  assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "b" }] });
});

test("A consumer in the active Region works on its messages.", async () => {
  const worked = consumer(async (event, context) => [event, context], { fence: fence() });
  assert.deepEqual(await worked(BATCH, "context"), [BATCH, "context"]);
});

test("Each write of a batch asks the fence: a long batch goes on, until the Region is no longer active.", async () => {
  const [control, time] = [{ active: HERE }, { at: 1000 }];
  const handler = async () => {
    time.at += 60;
    (await currentPermit()).checkSending();
    time.at += 60;
    control.active = THERE;
    await currentPermit();
  };
  await assert.rejects(consumer(handler, { fence: fence(control, time) })(BATCH), WriteRefused);
});

test("The environment names the tables, and how the fence is set.", () => {
  const defaults = { fenceSeconds: 3, maxWriteSeconds: 2, withoutQuorum: "refuse", journalDays: 35 };
  const tables = { controlTable: "pl-control-quorum", lastResortTable: "pl-last-resort", journalTable: "pl-journal" };
  const named = { PILOT_LIGHT_NAME: "pl", AWS_REGION: HERE };
  assert.deepEqual(settings(named), { ...tables, region: HERE, ...defaults });
  const set = { ...named, PILOT_LIGHT_FENCE_SECONDS: "5", PILOT_LIGHT_MAX_WRITE_SECONDS: "29", PILOT_LIGHT_WITHOUT_QUORUM: "continue", PILOT_LIGHT_JOURNAL_DAYS: "0" };
  const given = { fenceSeconds: 5, maxWriteSeconds: 29, withoutQuorum: "continue", journalDays: 0 };
  assert.deepEqual(settings(set), { ...tables, region: HERE, ...given });
});

test("A function whose template does not name the deployment fails when it starts.", () => {
  delete process.env.PILOT_LIGHT_NAME;
  assert.throws(() => protect(never), /PILOT_LIGHT_NAME/);
  assert.throws(() => consumer(never), /PILOT_LIGHT_NAME/);
});
