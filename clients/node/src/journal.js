/**
 * What a journaled write is made of: the item with its mark, and an immutable entry.
 *
 * docs/journal.md of Pilot Light is the specification, docs/journal-vectors.json its test. All
 * attributes are as DynamoDB has them, types included.
 */
import { createHash } from "node:crypto";

import { number } from "./attributes.js";
import { momentOf } from "./ulid.js";

const MARK = "pilot_light";
// Readers ask each of them, so that this is no option.
const SHARDS = 16;
/** An entry that expires is kept for so many days or more: readers rely on it. */
export const LEAST_DAYS = 35;
const DAY_SECONDS = 86_400;
// The longest Region or id. A longer value was not written by a client.
const LONGEST = 256;
// Bytes of a partition key.
const LONGEST_KEY = 2048;

/** An item's key is not one or two attributes of text or number. */
export class KeyUnsupported extends TypeError {
  constructor(table, key) {
    const shown = (JSON.stringify(key) ?? "nothing").slice(0, 200);
    super(
      `An item of the table ${table} cannot be journaled by this key: ${shown}. ` +
        'A key has one or two attributes, each {"S": "text"} or {"N": "number"}.',
    );
    this.name = "KeyUnsupported";
  }
}

/** The row's mark is not as a client writes it. */
export class AttributeInvalid extends Error {
  constructor(attribute) {
    super(`Nothing is written over this row: its ${attribute} is not as the journal writes it.`);
    this.name = "AttributeInvalid";
    this.attribute = attribute;
  }
}

/**
 * Plan a write over an item's row as it was read, tombstone included, or over nothing (null).
 *
 * `item` has the new attributes; the key and the mark may be among them, so that a changed row
 * serves. Null deletes. `days` is for how many days its entry is kept, 0 for ever. Returns the
 * version that the write makes, and its TransactItems. Throws KeyUnsupported, AttributeInvalid if the
 * row's mark cannot be read, and RangeError for days that no reader reckons with.
 */
export function plan({ table, journalTable, key, item, over, region, epoch, id, at, authority = "quorum", days = LEAST_DAYS }) {
  checkKey(table, key);
  const keepUntil = keptUntil(id, checkDays(days));
  const previous = versionOf(over);
  const version = previous ? number(previous.version) + 1 : 1;
  const made = { version: { N: String(version) }, write_id: { S: id }, region: { S: region }, epoch: { N: String(epoch) } };
  const deleted = item === null;
  const image = deleted ? {} : imageOf(key, item);
  const entry = {
    pk: { S: `J#${region}#${epoch}#${shardOf(id)}` },
    sk: { S: id },
    table: { S: table },
    key: { M: key },
    operation: { S: deleted ? "delete" : "put" },
    version: made.version,
    previous: previous ? { M: previous } : { NULL: true },
    image: { M: image },
    at: { S: at },
    authority: { S: authority },
    ...(keepUntil !== null && { keep_until: { N: String(keepUntil) } }),
  };
  const marked = { ...image, ...key, [MARK]: { M: { ...made, at: { S: at }, deleted: { BOOL: deleted } } } };
  const items = [
    { Put: { TableName: table, Item: marked, ...onlyOver(key, previous, over) } },
    { Put: { TableName: journalTable, Item: entry, ConditionExpression: "attribute_not_exists(pk)" } },
  ];
  return { version, items };
}

/** Throw KeyUnsupported unless DynamoDB and the journal take a key. */
export function checkKey(table, key) {
  const values = Object.values(key ?? {});
  if (values.length < 1 || values.length > 2 || !values.every(isOfKey)) throw new KeyUnsupported(table, key);
}

/** Return JournalDays, or throw RangeError for a number that no reader reckons with. */
export function checkDays(days) {
  if (Number.isInteger(days) && (days === 0 || days >= LEAST_DAYS)) return days;
  throw new RangeError(`JournalDays is ${days}; it must be 0, for ever, or at least ${LEAST_DAYS}.`);
}

/** Return whether an item's row is a tombstone. */
export function isDeleted(row) {
  return row?.[MARK]?.M?.deleted?.BOOL === true;
}

/** Return the shard of a write: the same in every Region and release. */
export function shardOf(id) {
  return createHash("sha256").update(id).digest()[0] % SHARDS;
}

/** Return when the entry of a write expires, in seconds since 1970, or null: never. */
function keptUntil(id, days) {
  const moment = momentOf(id);
  return days && moment !== null ? Math.floor(moment / 1000) + days * DAY_SECONDS : null;
}

function isOfKey(attribute) {
  const [[kind, value] = [], ...more] = Object.entries(attribute ?? {});
  if (more.length || !["S", "N"].includes(kind) || typeof value !== "string") return false;
  return value.length > 0 && Buffer.byteLength(value) <= LONGEST_KEY;
}

/** Return the version of a row, or null for nothing and for a row that is older than the journal. */
function versionOf(row) {
  if (!row || !Object.hasOwn(row, MARK)) return null;
  const mark = row[MARK]?.M;
  if (!mark) throw new AttributeInvalid(MARK);
  const { version, write_id, region, epoch } = mark;
  if (!(number(version) >= 1)) throw new AttributeInvalid("version");
  for (const [name, value] of Object.entries({ write_id, region })) {
    const length = typeof value?.S === "string" ? value.S.length : 0;
    if (length < 1 || length > LONGEST) throw new AttributeInvalid(name);
  }
  if (number(epoch) === null) throw new AttributeInvalid("epoch");
  return { version, write_id, region, epoch };
}

/** Return an item's attributes without its key and its mark. */
function imageOf(key, row) {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== MARK && !Object.hasOwn(key, name)));
}

/** Return the condition that the item is still the one over which the write was planned. */
function onlyOver(key, previous, over) {
  if (previous) {
    return {
      ConditionExpression: "#mark.#version = :version AND #mark.#id = :id",
      ExpressionAttributeNames: { "#mark": MARK, "#version": "version", "#id": "write_id" },
      ExpressionAttributeValues: { ":version": previous.version, ":id": previous.write_id },
    };
  }
  const there = { "#key": Object.keys(key).sort()[0] };
  if (!over) return { ConditionExpression: "attribute_not_exists(#key)", ExpressionAttributeNames: there };
  // It is older than the journal.
  return {
    ConditionExpression: "attribute_exists(#key) AND attribute_not_exists(#mark)",
    ExpressionAttributeNames: { ...there, "#mark": MARK },
  };
}
