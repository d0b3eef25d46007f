/** What a function's environment says of Pilot Light; the same variables as for Python. */
import { LEAST_DAYS } from "./journal.js";

/**
 * Return the options of createFence and journaled by PILOT_LIGHT_NAME (the deployment's AppName) and, where they
 * are not the defaults, PILOT_LIGHT_FENCE_SECONDS, PILOT_LIGHT_MAX_WRITE_SECONDS,
 * PILOT_LIGHT_WITHOUT_QUORUM and PILOT_LIGHT_JOURNAL_DAYS. createFence and journaled judge their
 * values.
 */
export function settings(variables = process.env) {
  const name = variables.PILOT_LIGHT_NAME;
  if (!name) {
    throw new TypeError(
      "The environment variable PILOT_LIGHT_NAME is missing. Set it to the AppName of the Pilot Light stack.",
    );
  }
  return {
    controlTable: `${name}-control-quorum`,
    lastResortTable: `${name}-last-resort`,
    journalTable: `${name}-journal`,
    region: variables.AWS_REGION,
    fenceSeconds: Number(variables.PILOT_LIGHT_FENCE_SECONDS || 3),
    maxWriteSeconds: Number(variables.PILOT_LIGHT_MAX_WRITE_SECONDS || 2),
    withoutQuorum: variables.PILOT_LIGHT_WITHOUT_QUORUM || "refuse",
    journalDays: journalDays(variables),
  };
}

/** Return for how many days journal entries are kept, 0 for ever. */
export function journalDays(variables = process.env) {
  return Number(variables.PILOT_LIGHT_JOURNAL_DAYS || LEAST_DAYS);
}
