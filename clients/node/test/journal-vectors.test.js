/** A journaled write is what docs/journal-vectors.json says that every client makes of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { AttributeInvalid, isDeleted, KeyUnsupported, plan, shardOf } from "../src/journal.js";
import { ulidAt } from "../src/ulid.js";

const file = new URL("../../../docs/journal-vectors.json", import.meta.url);
const { cases, defaults, ids, shards } = JSON.parse(readFileSync(file, "utf-8"));

function planned(write) {
  const { journal_table: journalTable, ...more } = { ...defaults, ...write };
  return plan({ journalTable, ...more });
}

function errorOf(write) {
  try {
    planned(write);
  } catch (error) {
    if (error instanceof KeyUnsupported) return "key";
    if (error instanceof AttributeInvalid) return error.attribute;
    throw error;
  }
  return null;
}

for (const { name, write, expect } of cases) {
  test(name, () => {
    if (expect.error) return assert.equal(errorOf(write), expect.error);
    const { items, version } = planned(write);
    const { expression, names, values } = expect.condition;
    assert.deepEqual(items, [
      {
        Put: {
          TableName: write.table ?? defaults.table,
          Item: expect.item,
          ConditionExpression: expression,
          ExpressionAttributeNames: names,
          ...(values && { ExpressionAttributeValues: values }),
        },
      },
      { Put: { TableName: defaults.journal_table, Item: expect.entry, ConditionExpression: "attribute_not_exists(pk)" } },
    ]);
    assert.equal(String(version), expect.entry.version.N);
    assert.equal(isDeleted(items[0].Put.Item), write.item === null);
  });
}

test("Write ids are ULIDs.", () => {
  for (const { moment_ms, random, id } of ids) assert.equal(ulidAt(moment_ms, Buffer.from(random, "hex")), id);
});

test("A write id decides the shard of its entry.", () => {
  for (const { id, shard } of shards) assert.equal(shardOf(id), shard);
});
