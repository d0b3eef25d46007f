/** A journaled write is what docs/journal-vectors.json says that every client makes of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { AttributeInvalid, isDeleted, KeyUnsupported, plan, shardOf } from "../src/journal.js";
import { journaled } from "../src/journaled.js";
import { momentOf, ulidAt } from "../src/ulid.js";

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
    if (error instanceof RangeError) return "days";
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

test("The entry of an id that is no ULID has no time, and is kept for ever.", () => {
  for (const { moment_ms, id } of ids) assert.equal(momentOf(id), moment_ms);
  for (const id of ["", "01A", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01KDVDNA0000000000000000IL"]) assert.equal(momentOf(id), null);
  const { items } = planned({ key: { pk: { S: "o-1" } }, item: {}, over: null, id: "01A" });
  assert.equal(items[1].Put.Item.keep_until, undefined);
});

test("A journal of fewer days than readers rely on is refused before the first write.", () => {
  for (const days of [1, 34, 35.5, -1, NaN]) assert.throws(() => journaled({}, { journalTable: "j", days }), /at least 35/);
  process.env.PILOT_LIGHT_JOURNAL_DAYS = "7";
  assert.throws(() => journaled({}, { journalTable: "j" }), /JournalDays is 7/);
  delete process.env.PILOT_LIGHT_JOURNAL_DAYS;
  for (const days of [0, 35, 3650]) journaled({}, { journalTable: "j", days });
});

test("A write id decides the shard of its entry.", () => {
  for (const { id, shard } of shards) assert.equal(shardOf(id), shard);
});
