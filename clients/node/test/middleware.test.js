/** Handlers with Middy: what a passive Region, a late answer and a warm ping get. */
import assert from "node:assert/strict";
import { test } from "node:test";

import middy from "@middy/core";

import { Fence, WriteUnknown, answersWarmPings, fenced, health, receivedAt, warm } from "../src/index.js";

const HERE = "us-west-2";
const POST = { requestContext: { http: { method: "POST" }, timeEpoch: 1_800_000_000_000 } };
const GET = { requestContext: { http: { method: "GET" } } };

/** A fence whose item names a Region, with a clock that a test moves. */
function fence(active = HERE, time = { at: 1000 }) {
  const item = { revision: 1, active_region: active, epoch: 1, state: "serving" };
  const clock = (request) => ({ wall: time.at, boot: time.at, request });
  return new Fence({ read: async () => item, region: HERE, clock });
}

function handler(fenceOf, act = async () => ({ statusCode: 201 })) {
  return middy().use(warm()).use(fenced(fenceOf)).handler(act);
}

const codeOf = (answer) => JSON.parse(answer.body).error.code;

test("The active Region's handler gets its permit.", async () => {
  let given;
  const answer = await handler(fence(), async (_, context) => {
    given = context.pilotLight;
    return { statusCode: 201 };
  })(POST, {});
  assert.equal(answer.statusCode, 201);
  assert.equal(given.decision.action, "write");
  given.permit.checkAnswer();
});

for (const [name, event] of Object.entries({
  "HTTP API": POST,
  "REST API": { httpMethod: "PUT", requestContext: {} },
  "unknown event": {},
})) {
  test(`A passive Region refuses a write of an ${name}, and its handler is not called.`, async () => {
    const answer = await handler(fence("us-east-2"), () => assert.fail("called"))(event, {});
    assert.deepEqual([answer.statusCode, answer.headers["Retry-After"]], [503, "1"]);
    assert.equal(codeOf(answer), "NotActive");
  });
}

test("A passive Region serves reads.", async () => {
  assert.equal((await handler(fence("us-east-2"))(GET, {})).statusCode, 201);
});

test("An answer after the lease is unknown, whatever the handler says.", async () => {
  const time = { at: 1000 };
  const answer = await handler(fence(HERE, time), async () => {
    time.at += 5.1;
    return { statusCode: 201 };
  })(POST, {});
  assert.deepEqual([answer.statusCode, codeOf(answer)], [503, "WriteUnknown"]);
});

test("A write that ends as unknown in the handler is answered so; other errors are the handler's.", async () => {
  const unknown = await handler(fence(), async () => {
    throw new WriteUnknown();
  })(POST, {});
  assert.equal(codeOf(unknown), "WriteUnknown");
  const broken = handler(fence(), async () => {
    throw new TypeError("broken");
  });
  await assert.rejects(broken(POST, {}), TypeError);
});

test("A warm ping reaches no handler, and holds its environment for a second at most.", async () => {
  const event = (hold_ms) => ({ pilot_light: { warm: { hold_ms } } });
  const wrapped = answersWarmPings(() => "handled");
  const [first, second] = [await handler(fence())(event(0), {}), await wrapped(event("soon"), {})];
  assert.equal(first.environment, second.environment);
  const began = performance.now();
  await wrapped(event(1e9), {});
  assert.ok(performance.now() - began < 1500);
  assert.equal(await wrapped({}, {}), "handled");
});

test("A health answer names its Region, and what failed.", () => {
  const [good, bad] = [health({ region: HERE }), health({ region: HERE, failed: "orders" })];
  assert.deepEqual([good.statusCode, JSON.parse(good.body)], [200, { region: HERE, status: "healthy" }]);
  assert.deepEqual([bad.statusCode, JSON.parse(bad.body).failed], [503, "orders"]);
});

test("The time of API Gateway is believed where it can be one.", () => {
  assert.equal(receivedAt(POST), 1_800_000_000);
  assert.equal(receivedAt({ requestContext: { requestTimeEpoch: 1000 } }), 1);
  for (const odd of [undefined, null, {}, { requestContext: { timeEpoch: "soon" } }, { requestContext: { timeEpoch: 2 ** 50 } }]) {
    assert.equal(receivedAt(odd), null);
  }
});
