import type { FailureCode } from './failure.ts';
import type { Id } from './ids.ts';

/** How long each part of one HTTP try took, in milliseconds; null where the try never got there. */
export interface Phases {
  dns: number | null;
  connect: number | null;
  tls: number | null;
  send: number | null;
  firstByte: number | null;
  total: number;
}

/** What is known of the connection a try used. */
export interface Connection {
  remoteAddress: string | null;
  reused: boolean;
  /** That of the answer; null where none came. */
  httpVersion: string | null;
}

/** So much of the body of an answer is kept. */
export const KEPT_ANSWER_BYTES = 65_536;

/** An HTTP answer: its status came in, whatever became of the body. */
export interface ResponseAnswer {
  kind: 'response';
  status: number;
  headers: Readonly<Record<string, string>>;
  /** The first `KEPT_ANSWER_BYTES` at most, never decompressed. */
  body: Uint8Array;
  /** True when `body` is not the whole body: cut by size, by the deadline or by a broken connection. */
  truncated: boolean;
  /** Bytes of the body; null when it was closed before its end was seen. */
  length: number | null;
  phases: Phases;
  connection: Connection;
}

/** No HTTP status came in: resolving, connecting, TLS, sending or waiting failed. */
export interface FailureAnswer {
  kind: 'failure';
  code: FailureCode;
  /** Facts for the sentence of the failure table, e.g. `{ip, port}`. Holds no secret and no URL. */
  facts: Readonly<Record<string, string>>;
  phases: Phases;
  connection: Connection;
}

/** What came of one HTTP try. */
export type Answer = ResponseAnswer | FailureAnswer;

/** How a delivery can end. */
export const CLOSINGS = ['succeeded', 'failed_permanent', 'cancelled', 'expired'] as const;

export type Closing = (typeof CLOSINGS)[number];

/** Statuses of deliveries as the API names them; derived, never stored. */
export const DELIVERY_STATUSES = ['pending', 'failed_retry', ...CLOSINGS] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/**
 * What one try leaves behind for ever. Everything the store must find by is a column; what only a reader looks at
 * is in `detail`. The request body is not kept: it is rendered again from the event and the subscription's version.
 */
export interface AttemptRecord {
  deliveryId: Id;
  /** 1 for the first try of the delivery. */
  n: number;
  eventId: Id;
  subscriptionId: Id;
  subscriptionVersion: number;
  tenant: Id;
  atMs: number;
  /** False for a row that only closes, and for a try that was given up before anything left this machine. */
  sent: boolean;
  delivered: boolean;
  /** HTTP status, null without an answer. */
  statusCode: number | null;
  failure: FailureCode | null;
  responseTimeMs: number | null;
  closes: Closing | null;
  detail: AttemptDetail;
}

/** Whether a row is no try: it only closes its delivery, which was cancelled, expired or isolated. */
export function onlyCloses({ detail }: Pick<AttemptRecord, 'detail'>): boolean {
  return detail.phases === null;
}

/**
 * The part of an attempt that nothing searches. URL, method, headers and body of the request are not in it: they are
 * rendered again from the event and the subscription's version, which is sealed.
 */
export interface AttemptDetail {
  /** The time the envelope carried, where the profile's envelope has one. */
  envelopeAtMs: number;
  /** Place in the order of its key, of an ordered delivery; null for others. */
  sequence: number | null;
  /** null where nothing was tried. */
  phases: Phases | null;
  connection: Connection | null;
  facts: Readonly<Record<string, string>>;
  responseHeaders: Readonly<Record<string, string>> | null;
  responseBody: Uint8Array | null;
  responseTruncated: boolean;
  responseLength: number | null;
  /** True when an earlier send of the same try may have reached the receiver before a crash. */
  mayRepeat: boolean;
}
