/** One moment by every clock, in seconds. */
export interface Stamp {
  wall: number;
  boot: number;
  request: number | null;
}

export interface WriteDecision {
  action: "write" | "forward" | "refuse";
  code: string;
  reason: string;
  region: string | null;
  epoch: number | null;
  authority: "quorum" | "last_resort" | "without_quorum";
}

export interface ControlItem {
  revision: number;
  active_region: string;
  epoch: number;
  state: "serving" | "claimed" | "draining";
}

export interface Decided {
  decision: WriteDecision;
  permit: Permit;
}

export interface Question {
  /** Whether another Region forwarded this write: it is not sent back. */
  forwarded?: boolean;
  /** When API Gateway took the request, in seconds since 1970. */
  request?: number | null;
}

export class Fence {
  constructor(options: {
    read: () => Promise<ControlItem>;
    region: string;
    fenceSeconds?: number;
    maxWriteSeconds?: number;
    withoutQuorum?: "refuse" | "continue";
    lastResort?: () => Promise<{ epoch: number } | null>;
    endLastResort?: () => Promise<void>;
    clock?: (request: number | null) => Stamp;
    sleep?: (seconds: number) => Promise<unknown>;
  });
  readonly fenceSeconds: number;
  readonly leaseSeconds: number;
  decide(question?: Question): Promise<Decided>;
}

export class Permit {
  constructor(
    leaseSeconds: number,
    sent: Stamp | null,
    clock: () => Stamp,
    of?: { decision?: WriteDecision | null; request?: number | null },
  );
  readonly leaseSeconds: number;
  readonly decision: WriteDecision | null;
  readonly request: number | null;
  /** @throws {WriteTooLate} */
  checkSending(): void;
  /** @throws {WriteUnknown} */
  checkAnswer(): void;
  /** Send a write by a client of the AWS SDK v3. Its type is the client's. */
  send<Client extends { send: (...given: any[]) => Promise<any> }>(
    client: Client,
    command: Parameters<Client["send"]>[0],
  ): Promise<any>;
}

export class ControlUnread extends Error {
  constructor(why: "missing" | "invalid" | "no_quorum" | "unavailable", message: string);
  readonly why: "missing" | "invalid" | "no_quorum" | "unavailable";
}
export class WriteTooLate extends Error {}
export class WriteUnknown extends Error {}

/** This Region may not write. */
export class WriteRefused extends Error {
  constructor(decision: { code: string; reason: string });
  readonly code: string;
}
/** A guarded client was about to write while no request that may write is served. */
export class WriteOutsideRequest extends Error {
  constructor(command: string);
}

export interface FenceOptions {
  controlTable: string;
  lastResortTable?: string;
  region?: string;
  /** As in the deployment, from 1 to 10; 3 if left out. */
  fenceSeconds?: number;
  /** The contract's MaxWriteSeconds, from 1 to 30; 2 if left out. */
  maxWriteSeconds?: number;
  withoutQuorum?: "refuse" | "continue";
}
export function createFence(options: FenceOptions & { sdk?: unknown }): Promise<Fence>;
/** The options by PILOT_LIGHT_NAME and the other variables of the environment. */
export function settings(
  variables?: Record<string, string | undefined>,
): FenceOptions & { journalTable: string; journalDays: number };

/** Without `fence`, it is made by the environment's variables. */
export interface Fencing {
  fence?: Fence | Promise<Fence>;
}
export function protect<Handler extends (event: any, context: any) => unknown>(
  handler: Handler,
  options?: Fencing & { isWrite?: (event: any) => boolean },
): (event: any, context: any) => Promise<any>;
export function consumer<Handler extends (event: any, context: any) => unknown>(
  handler: Handler,
  options?: Fencing & {
    /** Whether the event source reports partial failures (ReportBatchItemFailures). */
    partialFailures?: boolean;
  },
): (event: any, context: any) => Promise<any>;
export function guard<Client extends { middlewareStack: any; config: any }>(
  client: Client,
  options?: {
    /** Let writes pass that no request makes. */
    allowOutside?: boolean;
    /** Whether a command of this name ("PutItemCommand") writes. */
    isWrite?: (command: string) => boolean;
  },
): Client;

/** Attributes as DynamoDB's API has them, types included. */
export type Row = Record<string, any>;

export interface ItemOf {
  TableName: string;
  /** One or two attributes of text or number. */
  Key: Row;
  /** The row that was read, or null if there must be none. Left out, it is read. */
  over?: Row | null;
  /** Left out, it is that of the request that is served. */
  permit?: Permit;
}
export interface Journaled {
  id: string;
  version: number;
}
export function journaled(
  client: { send: (...given: any[]) => Promise<any> },
  options?: {
    journalTable?: string;
    /** The deployment's JournalDays: 0, for ever, or at least 35, which it is if left out. */
    days?: number;
    sdk?: unknown;
  },
): {
  put(what: ItemOf & { Item: Row }): Promise<Journaled>;
  delete(what: ItemOf): Promise<Journaled>;
};
/** Whether a row is a tombstone: its item was deleted. */
export function isDeleted(row: Row | null | undefined): boolean;

/** Another write changed the item at the same moment. Nothing was written. */
export class WriteConflict extends Error {}
/** The table takes no more writes at this moment. Nothing was written. */
export class WriteThrottled extends Error {}
export class KeyUnsupported extends TypeError {}
/** The row's mark is not as a client writes it. */
export class AttributeInvalid extends Error {
  readonly attribute: string;
}

export interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

export function health(options?: {
  region?: string;
  failed?: string | null;
  [more: string]: unknown;
}): Answer;

export interface Middleware {
  before?: (request: any) => unknown;
  after?: (request: any) => unknown;
  onError?: (request: any) => unknown;
}
export function fenced(
  fence?: Fence | Promise<Fence>,
  options?: { isWrite?: (event: any) => boolean },
): Middleware;
export function warm(): Middleware;
export function receivedAt(event: unknown): number | null;

export function isWarmPing(event: unknown): boolean;
export function answerWarmPing(event: any): Promise<{ environment: string }>;
export function answersWarmPings<Handler extends (event: any, context: any) => unknown>(
  handler: Handler,
): (event: any, context: any) => Promise<unknown>;

export function now(request?: number | null): Stamp;
export function age(since: Stamp, at: Stamp): number;
