/** Writes by the real AWS SDK, with its retries, to a table that is made up. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Permit, WriteTooLate, WriteUnknown } from "../src/index.js";
import { LEASE, Table } from "./table.js";

test("A write that is answered in time is a success, sent once.", async () => {
  const table = new Table({ after: 0.1 });
  assert.equal((await table.send()).$metadata.httpStatusCode, 200);
  assert.equal(table.requests, 1);
});

test("A write is not sent once its answer could come after the lease.", async () => {
  const table = new Table();
  await assert.rejects(table.send(table.permit(4.6)), WriteTooLate);
  assert.equal(table.requests, 0);
});

test("A retry is not sent then either, and the first attempt may have been made.", async () => {
  const table = new Table({ after: 4.6, status: 500, name: "InternalServerError" });
  await assert.rejects(table.send(), WriteUnknown);
  assert.equal(table.requests, 1);
});

test("A retry within the lease is a success.", async () => {
  const table = new Table({ status: 500, name: "InternalServerError" }, {});
  await table.send();
  assert.equal(table.requests, 2);
});

test("An answer after the lease is unknown, not success.", async () => {
  await assert.rejects(new Table({ after: 5.1 }).send(), WriteUnknown);
});

test("A table that is silent is not awaited beyond the lease.", async () => {
  const table = new Table({ silent: true });
  const began = performance.now();
  await assert.rejects(table.send(table.permit(0, 0.8)), WriteUnknown);
  assert.ok(performance.now() - began < 3000);
});

test("A refusal of the table is the SDK's own error.", async () => {
  const table = new Table({ status: 400, name: "ConditionalCheckFailedException" });
  await assert.rejects(table.send(), { name: "ConditionalCheckFailedException" });
});

const BROKEN = { status: 500, name: "InternalServerError" };

test("After a failure of the table a write may have been made.", async () => {
  const table = new Table(BROKEN, BROKEN);
  await assert.rejects(table.send(), (error) => error instanceof WriteUnknown && error.cause.name === BROKEN.name);
});

for (const name of ["AccessDeniedException", "ThrottlingException", "ValidationException"]) {
  const refused = { status: 400, name };

  test(`A write that was answered by ${name} once was not made.`, async () => {
    const table = new Table(refused);
    table.attempts = 1;
    await assert.rejects(table.send(), { name });
  });

  test(`A retry that was answered by ${name} says nothing of the first attempt.`, async () => {
    await assert.rejects(new Table(BROKEN, refused).send(), WriteUnknown);
  });
}

test("A condition that failed on a retry says nothing of the first attempt, which may have met it.", async () => {
  const failed = { status: 400, name: "ConditionalCheckFailedException" };
  await assert.rejects(new Table(BROKEN, failed).send(), (error) => error instanceof WriteUnknown && error.cause.name === failed.name);
});

test("A write without a quorum has no age.", async () => {
  const table = new Table({ after: 100 });
  const permit = new Permit(LEASE, null, () => assert.fail("nobody asks"));
  assert.equal((await table.send(permit)).$metadata.httpStatusCode, 200);
});
