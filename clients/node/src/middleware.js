/** Middleware for Middy: https://middy.js.org/docs/writing-middlewares/intro */
import { answerWarmPing, isWarmPing } from "./warm.js";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Answer warm pings, and nothing else. */
export function warm() {
  return { before: async ({ event }) => (isWarmPing(event) ? answerWarmPing(event) : undefined) };
}

/**
 * Ask the fence before every request of API Gateway that may write, and again when its answer is
 * there. The handler finds `{decision, permit}` in `request.internal.pilotLight`, and in its context
 * as `pilotLight`; it sends its writes by `permit.send(client, command)`.
 *
 * `isWrite` tells which requests may write; the default is all but GET, HEAD and OPTIONS.
 */
export function fenced(fence, { isWrite = (event) => !READS.has(methodOf(event)) } = {}) {
  return {
    async before(request) {
      if (!isWrite(request.event)) return undefined;
      const asked = { request: receivedAt(request.event), forwarded: isForwarded(request.event) };
      const found = await (await fence).decide(asked);
      if (found.decision.action !== "write") return unavailable(found.decision.code, found.decision.reason);
      request.internal.pilotLight = found;
      request.context.pilotLight = found;
      return undefined;
    },
    after(request) {
      const permit = request.internal.pilotLight?.permit;
      if (!permit) return;
      try {
        permit.checkAnswer();
      } catch (error) {
        request.response = unavailable(error.name, error.message);
      }
    },
    onError(request) {
      const { error } = request;
      if (["WriteUnknown", "WriteTooLate"].includes(error?.name)) {
        request.response = unavailable(error.name, error.message);
      }
    },
  };
}

/** Return when API Gateway took a request, in seconds since 1970, or null. */
export function receivedAt(event) {
  const context = event?.requestContext ?? {};
  const at = context.timeEpoch ?? context.requestTimeEpoch;
  return Number.isInteger(at) && at > 0 && at < 2 ** 48 ? at / 1000 : null;
}

function methodOf(event) {
  return event?.requestContext?.http?.method ?? event?.httpMethod ?? "";
}

function isForwarded(event) {
  return Object.keys(event?.headers ?? {}).some((k) => k.toLowerCase() === "x-forwarded-by-region");
}

function unavailable(code, message) {
  return {
    statusCode: 503,
    headers: { "Content-Type": "application/json", "Retry-After": "1", "Cache-Control": "no-store" },
    body: JSON.stringify({ error: { code, message } }),
  };
}

