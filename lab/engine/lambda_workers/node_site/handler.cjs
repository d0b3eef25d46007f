"use strict";
// Finds the handler of a function, and why there is none.

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");
const { pathToFileURL } = require("node:url");

const ENDINGS = ["", ".js", ".mjs", ".cjs"];
const NEEDS_IMPORT = new Set(["ERR_REQUIRE_ESM", "ERR_REQUIRE_ASYNC_MODULE"]);
const NOT_FOUND = new Set(["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"]);
const SDK = /'(@(?:aws-sdk|smithy)\/[^'/]+)/;

function failure(type, message, stack) {
  const error = new Error(message);
  error.name = type;
  error.stack = stack ?? `${type}: ${message}`;
  return error;
}

/** Say what is missing where a handler streams its answer, by the object that Lambda has. */
globalThis.awslambda = {
  streamifyResponse() {
    throw failure("Runtime.NoStreaming", "The lab does not stream answers: return the whole one.");
  },
};

async function load(file) {
  try {
    return createRequire(file)(file);
  } catch (error) {
    if (!NEEDS_IMPORT.has(error.code)) throw error;
    return import(pathToFileURL(file).href);
  }
}

/** Name what to do where the SDK, which Lambda's runtime has, is not on this machine. */
function withRemedy(message) {
  const missing = SDK.exec(message);
  if (!missing) return message;
  return (
    `${message}\n${missing[1]}: Lambda's runtime has it; the lab has only what the application or ` +
    "clients/node has installed. Add it to the function's package.json, or run " +
    `\`npm install --no-save --prefix clients/node ${missing[1]}\` in Pilot Light's checkout.`
  );
}

function reasonOf(error) {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (NOT_FOUND.has(error?.code)) {
    return failure("Runtime.ImportModuleError", withRemedy(message), error.stack);
  }
  if (error instanceof SyntaxError) {
    return failure("Runtime.UserCodeSyntaxError", message, error.stack);
  }
  return error;
}

/** Return the handler's module file; its name has no dot but that before the handler's. */
function parts(init) {
  const whole = `${init.module}.${init.handler}`;
  const folder = path.dirname(whole);
  const [module, ...names] = path.basename(whole).split(".");
  const base = path.resolve(init.code_dir, folder, module);
  const file = ENDINGS.map((ending) => base + ending).find(
    (each) => fs.statSync(each, { throwIfNoEntry: false })?.isFile(),
  );
  return { whole, names, file, module: path.join(folder, module) };
}

/** Return `{ handler }`, or `{ failed }` with the error that every invocation ends with. */
async function loadHandler(init, callbacks) {
  const { whole, names, file, module } = parts(init);
  try {
    if (!file) {
      const error = new Error(`Cannot find module '${module}'`);
      throw Object.assign(error, { code: "MODULE_NOT_FOUND" });
    }
    const handler = names.reduce((object, name) => object?.[name], await load(file));
    if (typeof handler !== "function") {
      throw failure("Runtime.HandlerNotFound", `${whole} is undefined or not exported`);
    }
    if (!callbacks && handler.length > 2) {
      throw failure(
        "Runtime.CallbackHandlerDeprecated",
        `${whole} takes a callback, which Lambda supports up to Node.js 22.`,
      );
    }
    return { handler };
  } catch (error) {
    return { failed: reasonOf(error) };
  }
}

module.exports = { loadHandler };
