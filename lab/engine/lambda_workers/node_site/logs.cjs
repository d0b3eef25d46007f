"use strict";
// The console of a function writes lines as Lambda does: time, request, level and text.

const util = require("node:util");

const LEVELS = { debug: "DEBUG", error: "ERROR", info: "INFO", log: "INFO", trace: "TRACE", warn: "WARN" };

/** Give the console its format. `requestId` returns that of the present invocation. */
function logLines(requestId) {
  for (const [method, level] of Object.entries(LEVELS)) {
    console[method] = (...parts) => {
      const line = [new Date().toISOString(), requestId(), level, util.format(...parts)];
      process.stdout.write(`${line.join("\t")}\n`);
    };
  }
}

module.exports = { logLines };
