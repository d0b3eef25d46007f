/** A table that is made up, behind a client of the real AWS SDK, with its retries. */
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";

import { Permit } from "../src/index.js";

export const LEASE = 5;

/** It answers as it is told; the clock is moved by what it does. */
export class Table {
  at = 1000;
  requests = 0;
  attempts = 2;
  sent = [];

  constructor(...answers) {
    this.answers = answers;
    this.client = new DynamoDBClient({
      region: "us-west-2",
      endpoint: "http://table.invalid",
      maxAttempts: async () => this.attempts,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      requestHandler: { handle: (request, { abortSignal }) => this.handle(request, abortSignal) },
    });
  }

  async handle(request, signal) {
    this.requests += 1;
    this.sent.push(JSON.parse(request.body));
    const { after = 0, status = 200, name, silent, body: more } = this.answers.shift() ?? {};
    if (silent) await new Promise((_, fail) => signal.addEventListener("abort", () => fail(aborted())));
    this.at += after;
    const text = JSON.stringify({ ...(name && { __type: name, message: name }), ...more });
    const body = new Blob([text]).stream();
    return { response: { statusCode: status, headers: { "content-type": "application/x-amz-json-1.0" }, body } };
  }

  /** Return a permit of a read that was sent so many seconds ago. */
  permit(ago = 0, lease = LEASE, of = {}) {
    const stamp = (wall) => ({ wall, boot: wall, request: null });
    return new Permit(lease, stamp(this.at - ago), () => stamp(this.at), of);
  }

  send(permit = this.permit()) {
    return permit.send(this.client, new PutItemCommand({ TableName: "t", Item: { pk: { S: "a" } } }));
  }
}

function aborted() {
  return Object.assign(new Error("aborted"), { name: "AbortError" });
}
