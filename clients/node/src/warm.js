/** Warm pings: invocations that only make sure that an execution environment exists. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

const ENVIRONMENT = randomUUID();
const MAX_HOLD_MS = 1000;

/** Return whether an event is a warm ping. */
export function isWarmPing(event) {
  return event?.pilot_light?.warm != null;
}

/** Answer a warm ping: it holds its environment, so that pings beside it need others. */
export async function answerWarmPing(event) {
  const asked = Number(event.pilot_light.warm.hold_ms);
  await pause(Math.min(Math.max(Number.isFinite(asked) ? asked : 0, 0), MAX_HOLD_MS));
  return { environment: ENVIRONMENT };
}

/** Wrap a handler so that it answers pings before it does anything else. */
export function answersWarmPings(handler) {
  return async (event, context) =>
    isWarmPing(event) ? answerWarmPing(event) : handler(event, context);
}
