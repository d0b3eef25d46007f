/** What the tables answer, as the fence hears it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { createFence } from "../src/index.js";
import { controlReader, lastResort } from "../src/tables.js";

const HERE = "us-west-2";
const SERVING = { revision: { N: "9" }, active_region: { S: HERE }, epoch: { N: "4" }, state: { S: "serving" } };

/** An SDK whose tables hold these items, or fail with an error of this name. */
function sdk({ control, granted, error }) {
  const seen = { configs: [], deleted: [] };
  class DynamoDBClient {
    constructor(config) {
      seen.configs.push(config);
    }
    async send({ asked, deletes }) {
      const item = asked.TableName === "control" ? control : granted;
      if (asked.TableName === "control" && error) throw Object.assign(new Error(error), { name: error });
      assert.ok(deletes || asked.ConsistentRead);
      if (deletes) seen.deleted.push(asked.TableName);
      return { Item: item };
    }
  }
  class GetItemCommand {
    constructor(asked) {
      this.asked = asked;
    }
  }
  class DeleteItemCommand extends GetItemCommand {
    deletes = true;
  }
  return { seen, DynamoDBClient, GetItemCommand, DeleteItemCommand };
}

async function decision(held, options = {}) {
  const aws = sdk(held);
  const given = { controlTable: "control", lastResortTable: "last", region: HERE, sdk: aws, ...options };
  return { ...(await (await createFence(given)).decide()).decision, seen: aws.seen };
}

test("The active Region writes, by one short attempt at a strong read.", async () => {
  const found = await decision({ control: SERVING });
  assert.deepEqual([found.action, found.epoch, found.authority], ["write", 4, "quorum"]);
  assert.equal(found.seen.configs[0].maxAttempts, 1);
});

for (const [what, item] of Object.entries({
  "no item": undefined,
  "an item without a state": { ...SERVING, state: undefined },
  "an unknown state": { ...SERVING, state: { S: "idle" } },
  "an epoch that is text": { ...SERVING, epoch: { S: "4" } },
  "a revision that is no whole number": { ...SERVING, revision: { N: "9.5" } },
  "an epoch beyond what is exact": { ...SERVING, epoch: { N: "1000000000000000" } },
  "an empty Region": { ...SERVING, active_region: { S: "" } },
})) {
  test(`Nobody writes by ${what}.`, async () => {
    const found = await decision({ control: item });
    assert.equal(found.action, "refuse");
    assert.match(found.code, /^ControlItem(Missing|Invalid)$/);
  });
}

const inAnHour = String(Math.floor(Date.now() / 1000) + 3600);
const granted = { until: { N: inAnHour }, epoch: { N: "3" }, by: { S: "a person" } };

test("A last resort stands in for a table that does not answer.", async () => {
  const found = await decision({ error: "TimeoutError", granted });
  assert.deepEqual([found.authority, found.epoch], ["last_resort", 3]);
});

for (const [error, why] of Object.entries({
  InternalServerError: "no_quorum",
  TimeoutError: "no_quorum",
  NeverHeardOf: "no_quorum",
  AccessDeniedException: "unavailable",
  ThrottlingException: "unavailable",
})) {
  test(`A read that fails with ${error} is ${why}.`, async () => {
    const aws = sdk({ error });
    await assert.rejects(controlReader(new aws.DynamoDBClient({}), "control", aws)(), { why });
  });
}

for (const [what, changed] of Object.entries({
  "is past": { until: { N: "1000" } },
  "ends in five hours": { until: { N: String(Number(inAnHour) + 4 * 3600) } },
  "has no end": { until: undefined },
  "has no epoch": { epoch: undefined },
  "nobody signed": { by: undefined },
})) {
  test(`A last resort that ${what} grants nothing.`, async () => {
    const aws = sdk({ granted: { ...granted, ...changed } });
    assert.equal(await lastResort(new aws.DynamoDBClient({}), "last", aws).read(), null);
  });
}

test("Parameters that the deployment would refuse are refused.", async () => {
  for (const wrong of [{ fenceSeconds: 11 }, { fenceSeconds: 0.5 }, { withoutQuorum: "perhaps" }]) {
    await assert.rejects(decision({ control: SERVING }, wrong), RangeError);
  }
  await assert.rejects(decision({}, { controlTable: "" }), TypeError);
});
