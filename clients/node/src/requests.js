/** Requests of API Gateway, in either event format, and the answers that refuse them. */

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Return whether a request may write: all but GET, HEAD and OPTIONS. */
export function isWriteRequest(event) {
  return !READS.has(methodOf(event));
}

/** Return whether an event is a request of HTTP, so that an answer of HTTP is understood. */
export function isHttp(event) {
  return methodOf(event) !== "";
}

/** Return when API Gateway took a request, in seconds since 1970, or null. */
export function receivedAt(event) {
  const context = event?.requestContext ?? {};
  const at = context.timeEpoch ?? context.requestTimeEpoch;
  return Number.isInteger(at) && at > 0 && at < 2 ** 48 ? at / 1000 : null;
}

/** Return the method of a request, or nothing if the event is none. */
function methodOf(event) {
  return event?.requestContext?.http?.method ?? event?.httpMethod ?? "";
}

/** Return whether another Region forwarded a request. */
export function isForwarded(event) {
  return Object.keys(event?.headers ?? {}).some((k) => k.toLowerCase() === "x-forwarded-by-region");
}

/** Return the answer that a request was not served now, and may be tried again. */
export function unavailable(code, message) {
  return {
    statusCode: 503,
    headers: { "Content-Type": "application/json", "Retry-After": "1", "Cache-Control": "no-store" },
    body: JSON.stringify({ error: { code, message } }),
  };
}

// Errors of a write, and the status that answers them.
const STATUS = { WriteConflict: 409, WriteThrottled: 503, WriteTooLate: 503, WriteUnknown: 503 };

/** Return the answer to an error of a write, or undefined if it is the handler's own. */
export function answerTo(error) {
  const statusCode = STATUS[error?.name];
  return statusCode && { ...unavailable(error.name, error.message), statusCode };
}

/** Return whether a read asks for a Region that takes writes, as a health check may. */
export function asksForWrites(event) {
  return event?.queryStringParameters?.for === "writes";
}
