/** Middleware for Middy: https://middy.js.org/docs/writing-middlewares/intro */
import { createFence } from "./create.js";
import { forget, remember } from "./permits.js";
import { answerTo, isForwarded, isWriteRequest, receivedAt, unavailable } from "./requests.js";
import { settings } from "./settings.js";
import { answerWarmPing, isWarmPing } from "./warm.js";

/** Answer warm pings, and nothing else. */
export function warm() {
  return { before: async ({ event }) => (isWarmPing(event) ? answerWarmPing(event) : undefined) };
}

/**
 * Ask the fence before every request of API Gateway that may write, and again when its answer is
 * there. The handler finds `{decision, permit}` in `request.internal.pilotLight`, and in its context
 * as `pilotLight`; it sends its writes by `permit.send(client, command)`, or by a client with `guard`.
 *
 * `isWrite` tells which requests may write; the default is all but GET, HEAD and OPTIONS.
 */
export function fenced(fence = createFence(settings()), { isWrite = isWriteRequest } = {}) {
  return {
    async before(request) {
      forget();
      if (!isWrite(request.event)) return undefined;
      const asked = { request: receivedAt(request.event), forwarded: isForwarded(request.event) };
      const found = await (await fence).decide(asked);
      if (found.decision.action !== "write") return unavailable(found.decision.code, found.decision.reason);
      request.internal.pilotLight = found;
      request.context.pilotLight = found;
      remember(found.permit);
      return undefined;
    },
    after(request) {
      const permit = request.internal.pilotLight?.permit;
      if (!permit) return;
      forget(permit);
      try {
        permit.checkAnswer();
      } catch (error) {
        request.response = answerTo(error);
      }
    },
    onError(request) {
      const { error } = request;
      forget(request.internal.pilotLight?.permit);
      const answer = answerTo(error);
      if (answer) request.response = answer;
    },
  };
}
