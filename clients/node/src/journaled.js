/** Level 2: writes of items that are one transaction with their journal entries. */
import { meaningOf } from "./errors.js";
import { WriteRefused } from "./fence.js";
import { WriteOutsideRequest } from "./guard.js";
import { checkDays, checkKey, plan } from "./journal.js";
import { currentPermit } from "./permits.js";
import { journalDays, settings } from "./settings.js";
import { newUlid } from "./ulid.js";

/** Another write changed the item at the same moment. Nothing was written. */
export class WriteConflict extends Error {
  constructor(options) {
    super("Another write came first. Read the item again and retry.", options);
    this.name = "WriteConflict";
  }
}

/** The table takes no more writes at this moment. Nothing was written. */
export class WriteThrottled extends Error {
  constructor(options) {
    super("Too many writes. Try again in a second.", options);
    this.name = "WriteThrottled";
  }
}

const NAMED = { conflict: WriteConflict, throttled: WriteThrottled };

/**
 * Return `put` and `delete` of journaled items, by a DynamoDBClient (no document client). They send
 * by the permit of the request that protect, consumer or fenced serves, or by the `permit` that they
 * are given.
 *
 * Both take `{ TableName, Key }`, put also `Item`, with or without its key. `over` is the row that
 * the caller has read, or null if there must be none; without it they read the row themselves, and
 * so write over whatever is there. A deleted item stays as a tombstone: see isDeleted.
 *
 * `days` is for how many days entries are kept: the deployment's JournalDays, 0 for ever.
 *
 * They resolve to `{ id, version }`. Errors by name: WriteConflict, WriteThrottled and WriteTooLate
 * (nothing was written), WriteUnknown (it may have been), WriteRefused, WriteOutsideRequest,
 * KeyUnsupported, AttributeInvalid, and the SDK's own if the table refused it.
 */
export function journaled(client, { journalTable = settings().journalTable, days = journalDays(), sdk } = {}) {
  checkDays(days);
  async function write({ TableName, Key, Item, over, permit = currentPermit() }) {
    const permitted = await permit;
    if (!permitted) throw new WriteOutsideRequest("A journaled write");
    const { decision, request } = permitted;
    if (decision.action !== "write") throw new WriteRefused(decision);
    checkKey(TableName, Key);
    const aws = sdk ?? (await import("@aws-sdk/client-dynamodb"));
    const read = () => client.send(new aws.GetItemCommand({ TableName, Key, ConsistentRead: true }));
    const row = over === undefined ? (await read()).Item : over;
    const id = newUlid(request);
    const what = { table: TableName, journalTable, key: Key, item: Item, over: row ?? null, days };
    const { version, items } = plan({ ...what, ...decision, id, at: new Date().toISOString() });
    const transaction = { TransactItems: items, ClientRequestToken: id };
    try {
      await permitted.send(client, new aws.TransactWriteItemsCommand(transaction));
    } catch (error) {
      const Named = NAMED[meaningOf(error)];
      throw Named ? new Named({ cause: error }) : error;
    }
    return { id, version };
  }
  return {
    async put(what) {
      if (!what.Item) throw new TypeError("A put needs an Item. See delete.");
      return write(what);
    },
    delete: (what) => write({ ...what, Item: null }),
  };
}
