/** Level 1 for a consumer of an SQS queue: it works in the active Region only. */
import { createFence } from "./create.js";
import { WriteRefused } from "./fence.js";
import { withPermits } from "./permits.js";
import { settings } from "./settings.js";
import { answerWarmPing, isWarmPing } from "./warm.js";

/**
 * Return an async handler that works on no message in a Region that may not write. There every
 * message stays in the queue: the invocation fails with WriteRefused or, with `partialFailures` (the
 * event source has ReportBatchItemFailures), reports each message as failed. Either way the
 * messages are visible again after the queue's visibility timeout, and the receive counts once
 * towards maxReceiveCount.
 *
 * Each write of a client with `guard` asks the fence again, so a batch may take longer than the
 * lease.
 */
export function consumer(handler, { fence = createFence(settings()), partialFailures = false } = {}) {
  const ask = async () => {
    const { decision, permit } = await (await fence).decide();
    if (decision.action !== "write") throw new WriteRefused(decision);
    return permit;
  };
  return async (event, context) => {
    if (isWarmPing(event)) return answerWarmPing(event);
    try {
      await ask();
    } catch (error) {
      if (partialFailures && error instanceof WriteRefused) return allFailed(event);
      throw error;
    }
    return withPermits(ask, () => handler(event, context));
  };
}

function allFailed(event) {
  return { batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
