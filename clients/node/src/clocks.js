/**
 * Ages by every clock that an execution environment has, in seconds.
 *
 * The monotonic clock of process.hrtime() stands while Lambda freezes an environment. os.uptime()
 * is the boot-time clock, which goes on, to a hundredth of a second.
 */
import os from "node:os";

/** Return this moment. `request` is when API Gateway took the request, in seconds since 1970. */
export function now(request = null) {
  return { wall: Date.now() / 1000, boot: os.uptime(), request };
}

/** Return the largest number of seconds by any clock, infinite if one of them went back. */
export function age(since, at) {
  const ages = [at.wall - since.wall, at.boot - since.boot];
  if (since.request !== null && at.request !== null) ages.push(at.request - since.request);
  return Math.min(...ages) < 0 ? Infinity : Math.max(...ages);
}
