/**
 * One request on its way, and the answer made of it. A plain record that changes in place: at ten thousand requests
 * a second its copies would be the largest cost of sending.
 */
import type { CheckedTarget } from '../../core/address.ts';
import { type Answer, type Connection, KEPT_ANSWER_BYTES, type Phases } from '../../core/attempt.ts';
import type { FailureCode } from '../../core/failure.ts';
import type { OutboundRequest } from '../../ports.ts';

/** Bytes of an answer's body that are counted before its connection is closed. */
export const COUNTED_BYTES = 1_048_576;
/** Bytes that may come before the status of an answer: interim answers, and words that its parser does not count. */
const MAX_BYTES_BEFORE_STATUS = 1_048_576;

/** What an exchange waits on. */
export interface Carrier {
  /** Gives the exchange up without reporting to it. */
  stop(): void;
  /** Bytes of the request that the network has not taken yet. */
  unsentBytes(): number;
  /** Bytes that came for the exchange so far, whatever they were. */
  cameBytes(): number;
}

export interface Exchange {
  readonly request: OutboundRequest;
  readonly resolve: (answer: Answer) => void;
  readonly startedMs: number;
  readonly deadlineMs: number;
  stage: 'vetting' | 'waiting' | 'dialing' | 'carried' | 'settled';
  target: CheckedTarget | null;
  carrier: Carrier | null;
  /** The address it was connected to, or tried to. */
  address: string | null;
  reused: boolean;
  /** True once it was sent again because a reused connection turned out to be closed. */
  repeated: boolean;
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  sendMs: number | null;
  firstByteMs: number | null;
  /** When writing began, then when it ended. */
  markMs: number;
  /** 0 until the head of the answer came in. */
  status: number;
  headers: Record<string, string>;
  /** Of the answer, as its status line says. */
  httpVersion: string | null;
  chunks: Uint8Array[];
  keptBytes: number;
  countedBytes: number;
}

/** A new exchange at its beginning. */
export function newExchange(request: OutboundRequest, resolve: (answer: Answer) => void, nowMs: number): Exchange {
  return {
    request,
    resolve,
    startedMs: nowMs,
    deadlineMs: nowMs + request.timeoutMs,
    stage: 'vetting',
    target: null,
    carrier: null,
    address: null,
    reused: false,
    repeated: false,
    dnsMs: null,
    connectMs: null,
    tlsMs: null,
    sendMs: null,
    firstByteMs: null,
    markMs: nowMs,
    status: 0,
    headers: {},
    httpVersion: null,
    chunks: [],
    keptBytes: 0,
    countedBytes: 0,
  };
}

/** Takes a piece of the answer's body. The piece is copied: it is a view into a far larger read buffer. */
export function takeChunk(exchange: Exchange, chunk: Uint8Array): void {
  exchange.countedBytes += chunk.length;
  const room = KEPT_ANSWER_BYTES - exchange.keptBytes;
  if (room <= 0) return;
  const kept = new Uint8Array(chunk.length > room ? chunk.subarray(0, room) : chunk);
  exchange.keptBytes += kept.length;
  exchange.chunks.push(kept);
}

/** Ends an exchange whose receiver talks on and on without an answer. */
export function failIfFlooded(exchange: Exchange, nowMs: number): void {
  const { carrier, status, firstByteMs } = exchange;
  if (carrier === null || status > 0 || firstByteMs === null) return;
  if (carrier.cameBytes() <= MAX_BYTES_BEFORE_STATUS) return;
  carrier.stop();
  fail(exchange, 'protocol_error', { detail: `more than ${MAX_BYTES_BEFORE_STATUS} bytes before an answer` }, nowMs);
}

/** Reports the answer that came in. `complete` says that the end of its body was seen. */
export function respond(exchange: Exchange, complete: boolean, nowMs: number): void {
  settle(exchange, {
    kind: 'response',
    status: exchange.status,
    headers: exchange.headers,
    body: bodyOf(exchange),
    truncated: !complete || exchange.countedBytes > exchange.keptBytes,
    length: complete ? exchange.countedBytes : null,
    phases: phasesOf(exchange, nowMs),
    connection: connectionOf(exchange),
  });
}

/** Reports that no answer came in. */
export function fail(
  exchange: Exchange,
  code: FailureCode,
  facts: Readonly<Record<string, string>>,
  nowMs: number,
): void {
  settle(exchange, {
    kind: 'failure',
    code,
    facts,
    phases: phasesOf(exchange, nowMs),
    connection: connectionOf(exchange),
  });
}

function settle(exchange: Exchange, answer: Answer): void {
  if (exchange.stage === 'settled') return;
  exchange.stage = 'settled';
  exchange.carrier = null;
  exchange.resolve(answer);
}

const NOTHING = new Uint8Array(0);

function bodyOf(exchange: Exchange): Uint8Array {
  const [first] = exchange.chunks;
  if (first === undefined) return NOTHING;
  if (exchange.chunks.length === 1) return first;
  const whole = new Uint8Array(exchange.keptBytes);
  let at = 0;
  for (const chunk of exchange.chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function tenths(ms: number): number;
function tenths(ms: number | null): number | null;
function tenths(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}

function phasesOf(exchange: Exchange, nowMs: number): Phases {
  return {
    dns: tenths(exchange.dnsMs),
    connect: tenths(exchange.connectMs),
    tls: tenths(exchange.tlsMs),
    send: tenths(exchange.sendMs),
    firstByte: tenths(exchange.firstByteMs),
    total: tenths(nowMs - exchange.startedMs),
  };
}

function connectionOf(exchange: Exchange): Connection {
  return {
    remoteAddress: exchange.address,
    reused: exchange.reused,
    httpVersion: exchange.httpVersion,
  };
}
