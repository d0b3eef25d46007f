/** The public client of Pilot Light. */
import { Fence } from "./fence.js";
import { controlReader, lastResort } from "./tables.js";

export { age, now } from "./clocks.js";
export { ControlUnread, Fence, Permit, WriteTooLate, WriteUnknown } from "./fence.js";
export { health } from "./health.js";
export { fenced, receivedAt, warm } from "./middleware.js";
export { answersWarmPings, answerWarmPing, isWarmPing } from "./warm.js";

// One short attempt: the fence repeats by itself.
const QUICK = { maxAttempts: 1, requestHandler: { connectionTimeout: 200, requestTimeout: 500 } };

/**
 * Make the fence of this execution environment, once, outside of the handler.
 *
 * Names and numbers are the deployment's parameters; the Region is the function's own.
 * `lastResortTable` may be left out: then no person can let this application write without a quorum.
 */
export async function createFence({
  controlTable,
  lastResortTable,
  region = process.env.AWS_REGION,
  fenceSeconds = 3,
  withoutQuorum = "refuse",
  sdk,
}) {
  if (!controlTable || !region) throw new TypeError("createFence needs controlTable and region.");
  const aws = sdk ?? (await import("@aws-sdk/client-dynamodb"));
  const client = new aws.DynamoDBClient({ region, ...QUICK });
  const granted = lastResortTable ? lastResort(client, lastResortTable, aws) : null;
  return new Fence({
    read: controlReader(client, controlTable, aws),
    region,
    fenceSeconds,
    withoutQuorum,
    ...(granted && { lastResort: granted.read, endLastResort: granted.end }),
  });
}
