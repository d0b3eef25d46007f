/** Makes the fence of an execution environment, with a client of the AWS SDK v3. */
import { Fence } from "./fence.js";
import { TIME_LIMITS } from "./limits.js";
import { controlReader, lastResort } from "./tables.js";

// One short attempt: the fence repeats by itself.
const QUICK = { maxAttempts: 1, requestHandler: TIME_LIMITS };

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
  maxWriteSeconds = 2,
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
    maxWriteSeconds,
    withoutQuorum,
    ...(granted && { lastResort: granted.read, endLastResort: granted.end }),
  });
}
