/** The answer of a health path: probes believe it only if it names the Region that they asked. */

/**
 * Return an answer of API Gateway. `failed` names what keeps the Region from serving, if anything
 * does. It asks no quorum: a control table that is silent may move nobody.
 */
export function health({ region = process.env.AWS_REGION, failed = null, ...more } = {}) {
  const status = failed ? "unhealthy" : "healthy";
  return {
    statusCode: failed ? 503 : 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: JSON.stringify({ region, status, ...(failed && { failed }), ...more }),
  };
}
