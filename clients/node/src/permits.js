/** The permit of the request that is being served, wherever in its code a write is sent. */
import { AsyncLocalStorage } from "node:async_hooks";

const requests = new AsyncLocalStorage();
// Middy's middleware does not call the handler, so it cannot run it in a context of its own. An
// environment serves one request at a time: the latest is the one that is served.
let latest = null;

/** Call `work`, whose writes get what `ask` returns: a permit, or a promise of one. */
export function withPermits(ask, work) {
  return requests.run({ ask }, work);
}

/** Return the current permit, or a promise of one, or null if no request may write now. */
export function currentPermit() {
  const request = requests.getStore();
  return request ? request.ask() : latest;
}

/** Remember the permit of a request that Middy serves. */
export function remember(permit) {
  latest = permit;
}

/** Forget a permit if it is the latest; without one, forget whatever there is. */
export function forget(permit = latest) {
  if (permit === latest) latest = null;
}
