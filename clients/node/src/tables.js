/** The control item and the last resort, read by the AWS SDK v3. */
import { number } from "./attributes.js";
import { isRefused } from "./errors.js";
import { ControlUnread } from "./fence.js";

const CONTROL = { pk: { S: "control" } };
const LAST_RESORT = { pk: { S: "last-resort" } };
const LONGEST_SECONDS = 4 * 3600;
const LARGEST = 10 ** 15;
const STATES = ["serving", "claimed", "draining"];

/**
 * Return what reads a control item strongly, for a Fence.
 *
 * `client` is a DynamoDBClient with one short attempt; see createFence.
 */
export function controlReader(client, table, { GetItemCommand }) {
  return async () => {
    const item = await getItem(client, table, CONTROL, GetItemCommand);
    if (!item) throw new ControlUnread("missing", `There is no control item in ${table}.`);
    return controlItem(item);
  };
}

/** Return what reads and deletes the Region's last resort, for a Fence. */
export function lastResort(client, table, { GetItemCommand, DeleteItemCommand }, clock = Date.now) {
  return {
    async read() {
      const item = await getItem(client, table, LAST_RESORT, GetItemCommand).catch(() => null);
      const [until, epoch] = [number(item?.until), number(item?.epoch)];
      if (until === null || epoch === null || typeof item.by?.S !== "string") return null;
      const left = until - clock() / 1000;
      return left > 0 && left <= LONGEST_SECONDS ? { epoch } : null;
    },
    async end() {
      await client.send(new DeleteItemCommand({ TableName: table, Key: LAST_RESORT })).catch(() => null);
    },
  };
}

/** Read a control item as DynamoDB returns it. A missing value is not consent. */
export function controlItem(item) {
  const found = {
    revision: number(item.revision),
    active_region: item.active_region?.S,
    epoch: number(item.epoch),
    state: item.state?.S,
  };
  const numbers = [found.revision, found.epoch].every((n) => n !== null && n >= 1 && n < LARGEST);
  if (!numbers || !found.active_region || !STATES.includes(found.state)) {
    throw new ControlUnread("invalid", `The control item is not whole: ${JSON.stringify(found)}.`);
  }
  return found;
}

async function getItem(client, table, key, GetItemCommand) {
  try {
    const asked = { TableName: table, Key: key, ConsistentRead: true };
    return (await client.send(new GetItemCommand(asked))).Item;
  } catch (error) {
    const why = isRefused(error) ? "unavailable" : "no_quorum";
    throw new ControlUnread(why, `${error.name}: ${error.message}`);
  }
}
