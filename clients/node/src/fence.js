/**
 * The fence: whether this Region may take a write now, judged by a strong read and three ages.
 *
 * docs/fence.md of Pilot Light is the specification, docs/fence-vectors.json its test.
 */
import { setTimeout as pause } from "node:timers/promises";

import { age, now } from "./clocks.js";
import { wasNotMade } from "./errors.js";

const REFRESH_SECONDS = 1;
const NEGATIVE_SECONDS = 0.2;
const RETRY_SECONDS = 0.5;
const PATIENCE_SECONDS = 2.5;
const PAUSE_SECONDS = 0.05;
const ANSWER_SECONDS = 0.5;
// Reasons of a failed read after which another read would not help.
const UNUSABLE = { missing: "ControlItemMissing", invalid: "ControlItemInvalid" };

/** The control item was not read. `why`: missing, invalid, no_quorum or unavailable. */
export class ControlUnread extends Error {
  constructor(why, message) {
    super(message);
    this.name = "ControlUnread";
    this.why = why;
  }
}

/** The write waited too long before it was sent. It was not made. */
export class WriteTooLate extends Error {
  constructor() {
    super("The write waited too long on its way. Try again in a second.");
    this.name = "WriteTooLate";
  }
}

/** No answer came that counts. The write may have been made; nobody may say that it was. */
export class WriteUnknown extends Error {
  constructor(options) {
    super("No answer came that counts; the write may have been made. Read the item, or try again.", options);
    this.name = "WriteUnknown";
  }
}

/** This Region may not write. `code` says why. */
export class WriteRefused extends Error {
  constructor({ code, reason }) {
    super(reason);
    this.name = "WriteRefused";
    this.code = code;
  }
}

/**
 * The second and the third check of a write's age.
 *
 * `decision` is the fence's, `request` when API Gateway took the request: an entry of the journal
 * names both.
 */
export class Permit {
  #sent;
  #clock;

  constructor(leaseSeconds, sent, clock, { decision = null, request = null } = {}) {
    this.leaseSeconds = leaseSeconds;
    this.decision = decision;
    this.request = request;
    this.#sent = sent;
    this.#clock = clock;
  }

  /** Check just before the write is sent. Throws WriteTooLate: nothing was sent. */
  checkSending() {
    if (this.#age() > this.leaseSeconds - ANSWER_SECONDS) throw new WriteTooLate();
  }

  /** Check when the answer has come. Throws WriteUnknown. */
  checkAnswer() {
    if (this.#age() > this.leaseSeconds) throw new WriteUnknown();
  }

  /**
   * Send a write by a client of the AWS SDK v3, and return its answer.
   *
   * Each attempt is checked before it is sent; none goes on after the lease. Throws WriteTooLate if
   * no attempt was sent, the SDK's error if the write was certainly not made, and WriteUnknown, with
   * the SDK's error as its cause, if it may have been.
   */
  async send(client, command) {
    let sent = false;
    const check = (next) => (args) => {
      this.checkSending();
      sent = true;
      return next(args);
    };
    // The SDK's retries are at the priority "high" of this step, so this runs for each attempt.
    const place = { step: "finalizeRequest", priority: "low", name: "pilotLightFence", override: true };
    command.middlewareStack.add(check, place);
    const left = this.leaseSeconds - this.#age();
    const abort = new AbortController();
    const timer = Number.isFinite(left) ? setTimeout(() => abort.abort(), Math.max(left, 0) * 1000) : null;
    try {
      const answer = await client.send(command, { abortSignal: abort.signal });
      this.checkAnswer();
      return answer;
    } catch (error) {
      if (!sent || error instanceof WriteUnknown || wasNotMade(error)) throw error;
      throw new WriteUnknown({ cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  // Without a read, as by a last resort, there is no age to judge.
  #age() {
    return this.#sent === null ? 0 : age(this.#sent, this.#clock());
  }
}

/** Decide about a write by a control item that is valid. A forwarded one is not sent back. */
function judge(control, region, forwarded) {
  const active = control.active_region;
  if (control.state === "draining") {
    return refuse("Draining", "The active Region is about to change. Try again.");
  }
  if (control.state === "claimed") {
    return refuse("Claimed", `${active} is taking over. Try again in a second.`);
  }
  if (active === region) return allow(active, control.epoch, "Active", "This Region is active.");
  if (forwarded) return refuse("NotActive", "The write was forwarded, and is not for here.");
  const reason = "The other Region is active.";
  return { action: "forward", code: "NotActive", reason, region: active, epoch: control.epoch, authority: "quorum" };
}

/** The fence of one execution environment. */
export class Fence {
  #readItem;
  #region;
  #withoutQuorum;
  #lastResort;
  #endLastResort;
  #clock;
  #pause;
  #read = null;
  #failed = null;
  #usesLastResort = false;

  /**
   * `read` reads the control item strongly, or throws ControlUnread. `lastResort` returns the
   * Region's last resort that is in force, or null; `endLastResort` deletes it. `maxWriteSeconds` is
   * the contract's: from the moment a write passes until its answer.
   */
  constructor({
    read,
    region,
    fenceSeconds = 3,
    maxWriteSeconds = 2,
    withoutQuorum = "refuse",
    lastResort = async () => null,
    endLastResort = async () => {},
    clock = now,
    sleep = (seconds) => pause(seconds * 1000),
  }) {
    if (!(fenceSeconds >= 1 && fenceSeconds <= 10)) {
      throw new RangeError(`FenceSeconds is ${fenceSeconds}; it must be from 1 to 10.`);
    }
    if (!(maxWriteSeconds >= 1 && maxWriteSeconds <= 30)) {
      throw new RangeError(`MaxWriteSeconds is ${maxWriteSeconds}; it must be from 1 to 30.`);
    }
    if (!["refuse", "continue"].includes(withoutQuorum)) {
      throw new RangeError(`WithoutQuorum is ${withoutQuorum}; it must be refuse or continue.`);
    }
    this.fenceSeconds = fenceSeconds;
    this.leaseSeconds = fenceSeconds + maxWriteSeconds;
    this.#readItem = read;
    this.#region = region;
    this.#withoutQuorum = withoutQuorum;
    this.#lastResort = lastResort;
    this.#endLastResort = endLastResort;
    this.#clock = clock;
    this.#pause = sleep;
  }

  /**
   * Decide about a write: `{decision, permit}`.
   *
   * `request` is when API Gateway took the request, in seconds since 1970, or null.
   */
  async decide({ forwarded = false, request = null } = {}) {
    const read = await this.#valid(request);
    const decision = read
      ? judge(read.item, this.#region, forwarded)
      : await this.#withoutRead(forwarded);
    const of = { decision, request };
    const permit = new Permit(this.leaseSeconds, read?.sent ?? null, () => this.#clock(request), of);
    return { decision, permit };
  }

  /** Return a read that is valid now, reading again if that is due, or null. */
  async #valid(request) {
    const begun = this.#clock(request);
    for (;;) {
      if (this.#read && this.#isRecent(this.#read, this.#clock(request))) return this.#read;
      const fresh = await this.#refresh(request);
      const read = this.#read;
      const at = this.#clock(request);
      if (read) {
        const allows = this.#allows(read);
        if (allows ? age(read.sent, at) <= this.fenceSeconds : fresh) return read;
      }
      if (this.#unusable || this.#goesOn || age(begun, at) >= PATIENCE_SECONDS) return null;
      await this.#pause(PAUSE_SECONDS);
    }
  }

  /** Return whether a read serves without another one. */
  #isRecent(read, at) {
    const old = age(read.sent, at);
    if (!this.#allows(read)) return old < NEGATIVE_SECONDS;
    const failed = this.#failed !== null && age(this.#failed.at, at) < RETRY_SECONDS;
    return old < REFRESH_SECONDS || (failed && old <= this.fenceSeconds);
  }

  #allows(read) {
    return read.item.active_region === this.#region && read.item.state === "serving";
  }

  get #unusable() {
    return this.#failed !== null && this.#failed.error.why in UNUSABLE;
  }

  /** Whether writes go on without a read, so that none is waited for. */
  get #goesOn() {
    const continues = this.#read && this.#allows(this.#read) && this.#withoutQuorum === "continue";
    return this.#failed !== null && Boolean(this.#usesLastResort || continues);
  }

  /** Read the item strongly, and return whether it was read. */
  async #refresh(request) {
    const sent = this.#clock(request);
    try {
      this.#read = { item: await this.#readItem(), sent };
    } catch (error) {
      if (!(error instanceof ControlUnread)) throw error;
      this.#failed = { at: this.#clock(request), error };
      if (this.#unusable) this.#read = null;
      return false;
    }
    this.#failed = null;
    if (this.#usesLastResort) {
      this.#usesLastResort = false;
      await this.#endLastResort();
    }
    return true;
  }

  /** Decide by a last resort or by the last answer, or refuse. */
  async #withoutRead(forwarded) {
    if (this.#failed === null) {
      return refuse("NoQuorum", "The control table's answers come too late to count. Try again in a second.");
    }
    const { error } = this.#failed;
    if (error.why in UNUSABLE) return refuse(UNUSABLE[error.why], `Nobody may write: ${error.message}`);
    const granted = await this.#lastResort();
    if (granted) {
      this.#usesLastResort = true;
      const reason = `A person let ${this.#region} write without a quorum.`;
      return allow(this.#region, granted.epoch, "LastResort", reason, "last_resort");
    }
    if (this.#read && this.#withoutQuorum === "continue") {
      const decision = judge(this.#read.item, this.#region, forwarded);
      if (decision.action === "write") {
        const reason = "The control table does not answer; WithoutQuorum=continue goes on.";
        return { ...decision, code: "WithoutQuorum", reason, authority: "without_quorum" };
      }
    }
    return refuse("NoQuorum", "The control table does not answer, so the active Region is unknown. Try again.");
  }
}

function allow(region, epoch, code, reason, authority = "quorum") {
  return { action: "write", code, reason, region, epoch, authority };
}

function refuse(code, reason) {
  return { action: "refuse", code, reason, region: null, epoch: null, authority: "quorum" };
}
