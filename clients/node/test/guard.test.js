/** Writes of a guarded client of the real AWS SDK, within a protected handler and outside of one. */
import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";

import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import middy from "@middy/core";

import { createFence, Fence, fenced, guard, protect, warm, WriteOutsideRequest, WriteTooLate, WriteUnknown } from "../src/index.js";
import { withPermits } from "../src/permits.js";
import { Table } from "./table.js";

const HERE = "us-west-2";
const POST = { requestContext: { http: { method: "POST" } } };
const GET = { requestContext: { http: { method: "GET" } } };
const PUT_ITEM = new PutItemCommand({ TableName: "t", Item: { pk: { S: "a" } } });
const GET_ITEM = new GetItemCommand({ TableName: "t", Key: { pk: { S: "a" } } });
const BROKEN = { status: 500, name: "InternalServerError" };

/** Put an item by a guarded client while a permit's request is served. */
function put(table, permit = table.permit()) {
  return withPermits(() => permit, () => guard(table.client).send(PUT_ITEM));
}

function fence(time = { at: 1000 }, active = HERE) {
  const item = { revision: 1, active_region: active, epoch: 1, state: "serving" };
  return new Fence({ read: async () => item, region: HERE, clock: (request) => ({ wall: time.at, boot: time.at, request }) });
}

test("A write within the lease is sent, once.", async () => {
  const table = new Table();
  await put(table);
  assert.equal(table.requests, 1);
});

test("A write is not sent once its answer could come after the lease.", async () => {
  const table = new Table();
  await assert.rejects(put(table, table.permit(4.6)), WriteTooLate);
  assert.equal(table.requests, 0);
});

test("A retry is checked too, and then the first attempt may have been made.", async () => {
  const table = new Table({ ...BROKEN, after: 4.6 });
  await assert.rejects(put(table), WriteUnknown);
  assert.equal(table.requests, 1);
});

test("An answer after the lease is unknown.", async () => {
  await assert.rejects(put(new Table({ after: 5.1 })), WriteUnknown);
});

test("The SDK's own errors stay what they are.", async () => {
  await assert.rejects(put(new Table(BROKEN, BROKEN)), { name: BROKEN.name });
  const condition = { status: 400, name: "ConditionalCheckFailedException" };
  await assert.rejects(put(new Table(condition)), { name: condition.name });
});

test("A write outside any request is not sent, and the error says what to do.", async () => {
  const table = new Table();
  await assert.rejects(guard(table.client).send(PUT_ITEM), (error) => {
    assert.ok(error instanceof WriteOutsideRequest);
    return /PutItemCommand was not sent.*protect\(\).*allowOutside/.test(error.message);
  });
  assert.equal(table.requests, 0);
});

test("A write outside any request is sent where that is allowed.", async () => {
  const table = new Table();
  await guard(table.client, { allowOutside: true }).send(PUT_ITEM);
  assert.equal(table.requests, 1);
});

test("Reads need no permit, and are not judged.", async () => {
  const table = new Table();
  const client = guard(table.client);
  await client.send(GET_ITEM);
  await withPermits(() => table.permit(100), () => client.send(new QueryCommand({ TableName: "t" })));
  assert.equal(table.requests, 2);
});

test("Which commands write may be told.", async () => {
  const client = guard(new Table().client, { isWrite: (name) => name === "GetItemCommand" });
  await client.send(PUT_ITEM);
  await assert.rejects(client.send(GET_ITEM), WriteOutsideRequest);
});

for (const [order, made] of Object.entries({
  before: (client) => DynamoDBDocumentClient.from(guard(client)),
  after: (client) => guard(DynamoDBDocumentClient.from(client)),
})) {
  test(`A document client is guarded as well, ${order} it was made.`, async () => {
    const table = new Table();
    const documents = made(table.client);
    await documents.send(new GetCommand({ TableName: "t", Key: { pk: "a" } }));
    const write = () => documents.send(new PutCommand({ TableName: "t", Item: { pk: "a" } }));
    await assert.rejects(write(), WriteOutsideRequest);
    await assert.rejects(withPermits(() => table.permit(4.6), write), WriteTooLate);
    await withPermits(() => table.permit(), write);
    assert.equal(table.requests, 2);
  });
}

test("A client that is guarded twice is checked once.", async () => {
  const table = new Table();
  guard(table.client);
  await put(table);
  assert.equal(table.requests, 1);
});

test("A protected handler's writes have its request's permit, however many are served at once.", async () => {
  const table = new Table();
  const client = guard(table.client);
  const time = { at: 1000 };
  const wait = {};
  const waiting = new Promise((go) => (wait.end = go));
  const handler = protect(
    async (event) => {
      if (event.slow) await waiting;
      await client.send(PUT_ITEM);
      return { statusCode: 201 };
    },
    { fence: fence(time) },
  );
  const slow = handler({ ...POST, slow: true });
  await new Promise((go) => setTimeout(go, 20));
  time.at += 4.8;
  assert.equal((await handler(POST)).statusCode, 201);
  wait.end();
  const answer = await slow;
  assert.deepEqual([answer.statusCode, JSON.parse(answer.body).error.code], [503, "WriteTooLate"]);
  assert.equal(table.requests, 1);
});

test("A protected handler may not write where its request does not ask the fence.", async () => {
  const client = guard(new Table().client);
  const handler = (options) => protect(() => client.send(PUT_ITEM), { fence: fence(), ...options });
  await assert.rejects(handler()(GET), WriteOutsideRequest);
  await handler({ isWrite: () => true })(GET);
});

test("Middy's handler has its permit for the time of its request.", async () => {
  const table = new Table();
  const client = guard(table.client);
  const handler = middy().use(warm()).use(fenced(fence())).handler(() => client.send(PUT_ITEM));
  await handler(POST, {});
  await assert.rejects(client.send(PUT_ITEM), WriteOutsideRequest);
  await assert.rejects(handler(GET, {}), WriteOutsideRequest);
  const failing = middy().use(fenced(fence())).handler(() => assert.fail("broken"));
  await assert.rejects(failing(POST, {}));
  await assert.rejects(client.send(PUT_ITEM), WriteOutsideRequest);
  assert.equal(table.requests, 1);
});

test("A request of Middy that another middleware answered leaves no permit to the next.", async () => {
  const client = guard(new Table().client);
  const answers = { before: async ({ event }) => (event === POST ? { statusCode: 401 } : undefined) };
  const handler = middy().use(fenced(fence())).use(answers).handler(() => client.send(PUT_ITEM));
  assert.equal((await handler(POST, {})).statusCode, 401);
  await assert.rejects(handler(GET, {}), WriteOutsideRequest);
});

/** Call `work` with the address of a server that takes connections and answers nothing. */
async function silently(work) {
  const sockets = [];
  const server = net.createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await new Promise((listens) => server.once("listening", listens));
  try {
    return await work(`http://127.0.0.1:${server.address().port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function client(endpoint, requestHandler) {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  return new DynamoDBClient({ region: HERE, endpoint, credentials, maxAttempts: 1, ...(requestHandler && { requestHandler }) });
}

/** Return how many milliseconds a failing promise took. */
async function patience(promise) {
  const began = performance.now();
  await assert.rejects(promise);
  return performance.now() - began;
}

test("A client without time limits gets short ones.", async () => {
  await silently(async (endpoint) => {
    const took = await patience(guard(client(endpoint)).send(GET_ITEM));
    assert.ok(took >= 400 && took < 1500, `it took ${took} ms`);
  });
});

test("A client keeps the time limits that it has.", async () => {
  await silently(async (endpoint) => {
    const own = { requestTimeout: 1200, throwOnRequestTimeout: true };
    const took = await patience(guard(client(endpoint, own)).send(GET_ITEM));
    assert.ok(took >= 1100 && took < 3000, `it took ${took} ms`);
    const { connectionTimeout } = await guard(client(endpoint, { connectionTimeout: 900 })).config.requestHandler.configProvider;
    assert.equal(connectionTimeout, 900);
  });
});

test("The fence does not wait for a control table that is silent.", async () => {
  await silently(async (endpoint) => {
    process.env.AWS_ENDPOINT_URL = endpoint;
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" });
    const began = performance.now();
    const { decision } = await (await createFence({ controlTable: "control", region: HERE })).decide();
    assert.equal(decision.code, "NoQuorum");
    assert.ok(performance.now() - began < 4500);
  });
});
