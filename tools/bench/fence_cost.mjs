// `node fence_cost.mjs ROUNDS`: seconds of writes with the fence, with it and a read, and without it.
//
// A handler puts an item by the real AWS SDK, with protect and guard and without. DynamoDB answers
// from memory, as in fence_cost.py.
import { createRequire } from "node:module";

import { Fence, guard, now, protect } from "../../clients/node/src/index.js";
import { controlReader } from "../../clients/node/src/tables.js";

const sdk = createRequire(new URL("../../clients/node/package.json", import.meta.url))("@aws-sdk/client-dynamodb");
const WARM_UP = 100;
const region = "us-west-2";
const EVENT = { requestContext: { http: { method: "PUT" } } };
const CONTROL = { revision: { N: "1" }, active_region: { S: region }, epoch: { N: "1" }, state: { S: "serving" } };
const PUT = { TableName: "orders", Item: { pk: { S: "bench" }, text: { S: "What the fence adds" } } };

function client() {
  const handle = async ({ headers }) => {
    const answer = headers["x-amz-target"].endsWith(".GetItem") ? { Item: CONTROL } : {};
    const body = new Blob([JSON.stringify(answer)]).stream();
    return { response: { statusCode: 200, headers: { "content-type": "application/x-amz-json-1.0" }, body } };
  };
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return new sdk.DynamoDBClient({ region, credentials, requestHandler: { handle } });
}

function handlerOf(dynamodb) {
  return async () => {
    await dynamodb.send(new sdk.PutItemCommand(PUT));
    return { statusCode: 200 };
  };
}

function fence(clock) {
  return new Fence({ read: controlReader(client(), "control", sdk), region, clock });
}

// Its clocks go on by a second with each write, so that each write reads the control item.
let ahead = 0;
function late(request) {
  const { wall, boot } = now();
  return { wall: wall + ahead, boot: boot + ahead, request };
}

const unread = protect(handlerOf(guard(client())), { fence: fence(late) });
const ways = [
  protect(handlerOf(guard(client())), { fence: fence(now) }),
  async (event) => {
    ahead += 1;
    return unread(event);
  },
  handlerOf(client()),
];
// Each follows each other as often, so that none profits from the others' caches.
const ORDERS = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
const took = ways.map(() => []);
for (let i = 0; i < WARM_UP + Number(process.argv[2]); i += 1) {
  for (const way of ORDERS[i % ORDERS.length]) {
    const begun = performance.now();
    const { statusCode } = await ways[way](EVENT);
    took[way].push((performance.now() - begun) / 1000);
    if (statusCode !== 200) throw new Error(`The write was answered with ${statusCode}`);
  }
}
console.log(JSON.stringify(took.map((seconds) => seconds.slice(WARM_UP))));
