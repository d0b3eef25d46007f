/** The public client of Pilot Light. */
export { age, now } from "./clocks.js";
export { consumer } from "./consumer.js";
export { createFence } from "./create.js";
export { ControlUnread, Fence, Permit, WriteRefused, WriteTooLate, WriteUnknown } from "./fence.js";
export { guard, WriteOutsideRequest } from "./guard.js";
export { health } from "./health.js";
export { AttributeInvalid, isDeleted, KeyUnsupported } from "./journal.js";
export { journaled, WriteConflict, WriteThrottled } from "./journaled.js";
export { fenced, warm } from "./middleware.js";
export { protect } from "./protect.js";
export { receivedAt } from "./requests.js";
export { settings } from "./settings.js";
export { answersWarmPings, answerWarmPing, isWarmPing } from "./warm.js";
