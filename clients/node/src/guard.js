/** Checks the writes of a client of the AWS SDK v3 by the permit of the current request. */
import { WriteTooLate, WriteUnknown } from "./fence.js";
import { limit } from "./limits.js";
import { currentPermit } from "./permits.js";

const READS = /^(BatchGet|Describe|Get|Head|List|Query|Scan|TransactGet)/;
// The SDK's retries are at the priority "high" of this step, so this runs for each attempt.
const EACH_ATTEMPT = { step: "finalizeRequest", priority: "low", name: "pilotLightAttempt", override: true };
const ONCE = { step: "initialize", priority: "high", name: "pilotLightGuard", override: true };
const CALL = Symbol("the call's permit, and whether it was sent");

/** A write was about to be sent while no request is served that asked the fence. It was not sent. */
export class WriteOutsideRequest extends Error {
  constructor(command) {
    super(
      `${command} was not sent: no request that may write is being served. Wrap the handler with protect() ` +
        "or consumer(), see their isWrite, or give this client guard(client, { allowOutside: true }).",
    );
    this.name = "WriteOutsideRequest";
  }
}

/**
 * Let a client check the current request's permit before each attempt of a write, and return the
 * client. It gets short time limits where it has none of its own.
 *
 * `allowOutside` lets writes pass unchecked that no request makes, such as at start-up. `isWrite`
 * tells by a command's name ("PutItemCommand") whether it writes; the default is all but
 * BatchGet…, Describe…, Get…, Head…, List…, Query…, Scan… and TransactGet….
 */
export function guard(client, { allowOutside = false, isWrite = (name) => !READS.test(name) } = {}) {
  let limited;
  const once = (next, context) => async (args) => {
    await (limited ??= limit(client.config.requestHandler));
    const command = context.commandName ?? "The command";
    if (!isWrite(command)) return next(args);
    const permit = await currentPermit();
    if (permit) return judged(permit, context, () => next(args));
    if (!allowOutside) throw new WriteOutsideRequest(command);
    return next(args);
  };
  const eachAttempt = (next, context) => (args) => {
    const call = context[CALL];
    if (call) {
      call.permit.checkSending();
      call.sent = true;
    }
    return next(args);
  };
  client.middlewareStack.add(once, ONCE);
  client.middlewareStack.add(eachAttempt, EACH_ATTEMPT);
  return client;
}

/** Make a call and judge its answer's age. Errors of the SDK are the caller's. */
async function judged(permit, context, call) {
  context[CALL] = { permit, sent: false };
  try {
    const answer = await call();
    permit.checkAnswer();
    return answer;
  } catch (error) {
    // The retry was not sent, but the attempt before it was.
    if (error instanceof WriteTooLate && context[CALL].sent) throw new WriteUnknown({ cause: error });
    throw error;
  }
}
