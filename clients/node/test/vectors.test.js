/** The fence does what docs/fence-vectors.json says that every fence does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ControlUnread, Fence, WriteTooLate, WriteUnknown } from "../src/index.js";

const file = new URL("../../../docs/fence-vectors.json", import.meta.url);
const { cases, defaults } = JSON.parse(readFileSync(file, "utf-8"));

/** The clocks, the table and the last resort of one case. */
class Surroundings {
  at = { wall: 0, boot: 0 };
  answers = [];
  granted = null;
  reads = 0;
  ended = false;
  permits = [];

  constructor(given) {
    const { region, fence_seconds: fenceSeconds, without_quorum: withoutQuorum } = given;
    this.fence = new Fence({
      region,
      fenceSeconds,
      withoutQuorum,
      read: async () => this.read(),
      lastResort: async () => this.granted,
      endLastResort: async () => void (this.ended = true),
      clock: (request) => ({ ...this.at, request }),
      sleep: async (seconds) => this.wait(seconds),
    });
  }

  wait(seconds) {
    this.at = { wall: this.at.wall + seconds, boot: this.at.boot + seconds };
  }

  read() {
    this.reads += 1;
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    this.wait(answer.after);
    if (answer.error) throw new ControlUnread(answer.error, answer.error);
    return answer.item;
  }

  async ask({ at, table, forwarded, last_resort: granted }) {
    this.at = { wall: at.wall, boot: at.boot };
    Object.assign(this, { answers: [...table], reads: 0, ended: false, granted: granted ?? null });
    const { decision, permit } = await this.fence.decide({ forwarded, request: at.request });
    this.permits.push(permit);
    return { ...decision, reads: this.reads, ends_last_resort: this.ended };
  }

  check(name, { at }, of) {
    this.at = { wall: at.wall, boot: at.boot };
    const permit = this.permits.at(of === undefined ? -1 : of - 1);
    try {
      permit[name]();
    } catch (error) {
      if (error instanceof WriteTooLate || error instanceof WriteUnknown) return "too_late";
      throw error;
    }
    return "ok";
  }
}

for (const each of cases) {
  test(each.name, async () => {
    const there = new Surroundings({ ...defaults, ...each });
    for (const step of each.steps) {
      if (step.ask) {
        const expected = { ends_last_resort: false, ...step.expect };
        const found = await there.ask(step.ask);
        const told = Object.fromEntries(Object.keys(expected).map((k) => [k, found[k]]));
        assert.deepEqual(told, expected);
      }
      if (step.check_sending) {
        assert.equal(there.check("checkSending", step.check_sending, step.of), step.expect);
      }
      if (step.check_answer) {
        assert.equal(there.check("checkAnswer", step.check_answer, step.of), step.expect);
      }
    }
  });
}
