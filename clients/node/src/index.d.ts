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
  constructor(leaseSeconds: number, sent: Stamp | null, clock: () => Stamp);
  readonly leaseSeconds: number;
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

export function createFence(options: {
  controlTable: string;
  lastResortTable?: string;
  region?: string;
  fenceSeconds?: number;
  withoutQuorum?: "refuse" | "continue";
  sdk?: unknown;
}): Promise<Fence>;

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
  fence: Fence | Promise<Fence>,
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
