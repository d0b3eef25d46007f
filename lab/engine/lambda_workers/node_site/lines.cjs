"use strict";
// Lines of JSON over pipes, read and written without the event loop.

const fs = require("node:fs");

const PAUSE_MILLISECONDS = 2;
const pause = new Int32Array(new SharedArrayBuffer(4));
let rest = Buffer.alloc(0);

/** Do something to a pipe; wait where the function's own code has made it one that does not block. */
function patiently(act) {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (error.code === "EOF") return 0;
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, PAUSE_MILLISECONDS);
    }
  }
}

/** Return the next line of a pipe, or null at its end. */
function readLine(fd) {
  const parts = [rest];
  let end = rest.indexOf(10);
  while (end < 0) {
    const part = Buffer.alloc(1 << 16);
    const count = patiently(() => fs.readSync(fd, part));
    if (!count) return null;
    parts.push(part.subarray(0, count));
    end = part.subarray(0, count).indexOf(10);
  }
  const all = Buffer.concat(parts);
  end = all.indexOf(10);
  rest = all.subarray(end + 1);
  return all.toString("utf8", 0, end);
}

/** Write an object as a line. */
function writeLine(fd, object) {
  const data = Buffer.from(`${JSON.stringify(object)}\n`);
  let written = 0;
  while (written < data.length) {
    written += patiently(() => fs.writeSync(fd, data, written));
  }
}

module.exports = { readLine, writeLine };
