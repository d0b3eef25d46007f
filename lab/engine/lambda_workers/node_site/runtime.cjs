"use strict";
// Runs the invocations of one execution environment of a Node.js function: `node runtime.cjs FD`.
//
// Standard input has one JSON line for the function and then one for each invocation, FD takes one
// for each answer. What the function writes to standard output or error is its log. Between two
// invocations reading blocks, so that timers and sockets stand still, as in a frozen environment.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html

const { loadHandler } = require("./handler.cjs");
const { logLines } = require("./logs.cjs");
const { knowLabNames } = require("./names.cjs");
const { readLine, writeLine } = require("./lines.cjs");

const answers = Number(process.argv[2]);
const slower = Number(process.env.LAB_FIRST_INVOCATION_SLOWER ?? 0);
const CALLBACKS_ENDED_WITH = 24;
let first = true;
let current = null;

function describe(error) {
  if (error instanceof Error || typeof error?.stack === "string") {
    return { raised: error.name, error: error.message, trace: error.stack ?? "" };
  }
  return { raised: typeof error, error: String(error), trace: "" };
}

/** Answer once; `after` waits for something first. The environment ends after status `error`. */
function invocation(message) {
  const cpu = process.cpuUsage();
  let settled = false;
  async function answer(make) {
    if (settled) return;
    settled = true;
    if (first && slower) {
      const used = process.cpuUsage(cpu);
      await new Promise((done) => setTimeout(done, (slower * (used.user + used.system)) / 1000));
    }
    first = false;
    current = null;
    writeLine(answers, make());
    next();
  }
  return {
    requestId: message.ctx.request_id,
    whenEmpty: null,
    succeed: (result) => answer(() => succeeded(result)),
    fail: (error) => answer(() => ({ status: "ok", node: true, ...describe(error) })),
    // For errors after which Lambda ends the environment, and which may come while it exits.
    die(error) {
      if (settled) return;
      settled = true;
      writeLine(answers, { status: "error", node: true, ...describe(error) });
    },
  };
}

function succeeded(result) {
  try {
    return { status: "ok", result: JSON.parse(JSON.stringify(result ?? null)) };
  } catch {
    const error = new Error("Unable to stringify response body");
    return { status: "ok", node: true, ...describe(error) };
  }
}

function contextOf(ctx, here, settle) {
  const { env } = process;
  const ends = Date.now() + ctx.timeout_ms;
  const context = {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    invokedFunctionArn: ctx.invoked_function_arn,
    awsRequestId: ctx.request_id,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME ?? `/aws/lambda/${env.AWS_LAMBDA_FUNCTION_NAME}`,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    identity: undefined,
    clientContext: undefined,
    getRemainingTimeInMillis: () => Math.max(0, ends - Date.now()),
  };
  if (here.callbacks) {
    context.callbackWaitsForEmptyEventLoop = true;
    context.done = settle;
    context.succeed = (result) => settle(null, result);
    context.fail = (error) => settle(error ?? new Error("fail"));
  }
  return context;
}

function traced(ctx) {
  if (ctx.trace_id) process.env._X_AMZN_TRACE_ID = ctx.trace_id;
  else delete process.env._X_AMZN_TRACE_ID;
}

function invoke(here, message) {
  const running = invocation(message);
  current = running;
  if (here.failed) return running.die(here.failed);
  traced(message.ctx);
  const settle = (error, result) =>
    error === null || error === undefined ? running.succeed(result) : running.fail(error);
  const context = contextOf(message.ctx, here, settle);
  const callback = (error, result) => {
    if (context.callbackWaitsForEmptyEventLoop) running.whenEmpty ??= () => settle(error, result);
    else settle(error, result);
  };
  // What handlers without a promise return is no result: Lambda answers null once nothing is left.
  try {
    const result = here.callbacks
      ? here.handler(message.event, context, callback)
      : Promise.resolve(here.handler(message.event, context));
    if (typeof result?.then === "function") result.then(running.succeed, running.fail);
  } catch (error) {
    running.fail(error);
  }
  return undefined;
}

let here;
function next() {
  const line = readLine(0);
  if (line === null) process.exit(0);
  // A turn of the event loop, in which sockets that were closed meanwhile are noticed.
  setImmediate(() => invoke(here, JSON.parse(line)));
}

class UnhandledPromiseRejection extends Error {
  name = "Runtime.UnhandledPromiseRejection";
}
class ExitError extends Error {
  name = "Runtime.ExitError";
}

process.on("beforeExit", () => {
  if (current) (current.whenEmpty ?? (() => current.succeed(null)))();
});
process.on("uncaughtException", (error) => current?.die(error));
process.on("unhandledRejection", (reason) => {
  const error = new UnhandledPromiseRejection(String(reason));
  error.stack = reason?.stack ?? error.stack;
  current?.die(error);
});
process.on("exit", (code) => {
  const why = `RequestId: ${current?.requestId} Error: Runtime exited`;
  current?.die(new ExitError(code ? `${why} with error: exit status ${code}` : why));
});

async function main() {
  const init = JSON.parse(readLine(0));
  knowLabNames(process.env);
  logLines(() => current?.requestId);
  const version = Number(/\d+/.exec(process.env.AWS_EXECUTION_ENV ?? "")?.[0] ?? 0);
  for (const name of Object.keys(process.env)) if (name.startsWith("LAB_")) delete process.env[name];
  const callbacks = version < CALLBACKS_ENDED_WITH;
  here = { callbacks, ...(await loadHandler(init, callbacks)) };
  writeLine(answers, { status: "ready", cold: true });
  next();
}

main();
