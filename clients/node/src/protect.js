/** Level 1 for a handler of API Gateway without Middy. */
import { createFence } from "./create.js";
import { WriteRefused } from "./fence.js";
import { withPermits } from "./permits.js";
import { answerTo, asksForWrites, isForwarded, isHttp, isWriteRequest, receivedAt, unavailable } from "./requests.js";
import { settings } from "./settings.js";
import { answerWarmPing, isWarmPing } from "./warm.js";

/**
 * Return an async handler that answers warm pings, asks the fence before each request that may
 * write, and judges the age of its answer. Send the writes by clients with `guard`.
 *
 * A request that may not write, or whose answer came too late, gets 503; so does a read with
 * `?for=writes`, such as the health check of the public name, where writes are not taken. A
 * WriteConflict of the journal gets 409. Any other event than a request ends in an error, so that
 * Lambda does not take it for done. `isWrite` tells which events may write; the default is all but
 * GET, HEAD and OPTIONS.
 */
export function protect(handler, { fence = createFence(settings()), isWrite = isWriteRequest } = {}) {
  return async (event, context) => {
    if (isWarmPing(event)) return answerWarmPing(event);
    if (!isWrite(event) && !asksForWrites(event)) return handler(event, context);
    const asked = { request: receivedAt(event), forwarded: isForwarded(event) };
    const { decision, permit } = await (await fence).decide(asked);
    if (decision.action !== "write") return refused(event, new WriteRefused(decision));
    if (!isWrite(event)) return handler(event, context);
    try {
      const answer = await withPermits(() => permit, () => handler(event, context));
      permit.checkAnswer();
      return answer;
    } catch (error) {
      const answer = isHttp(event) && answerTo(error);
      if (!answer) throw error;
      return answer;
    }
  };
}

function refused(event, error) {
  if (!isHttp(event)) throw error;
  return unavailable(error.code, error.message);
}
