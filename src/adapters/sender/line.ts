/**
 * One socket with an undici `Client` of its own, carrying one exchange at a time. A Pool would hide which address,
 * how old and how often used a socket is.
 *
 * Hot path. The handler and its closures are made once per socket, not per request: with 64 connections to a local sink
 * on one core this sent 58,000 requests of 1 KiB a second, 17 µs of processor time each, where a bare `client.dispatch`
 * sent 65,000 at 15 µs.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { CheckedTarget } from '../../core/address.ts';
import type { Clock, OutboundRequest } from '../../ports.ts';
import { type AnsweredVersion, watchVersion } from './answered-version.ts';
import type { Connected } from './dial.ts';
import { factsOfError, failureOfError, MAX_HEADER_BYTES } from './errors.ts';
import { type Carrier, COUNTED_BYTES, type Exchange, fail, respond, takeChunk } from './exchange.ts';

/** A socket waits this long for its next exchange. */
const IDLE_MS = 15_000;
/** A socket older than this takes no further exchange; with `IDLE_MS` no idle socket is older than a minute. */
export const MAX_AGE_MS = 45_000;

export interface Line extends Carrier {
  readonly client: Client;
  readonly socket: Socket;
  readonly address: string;
  readonly openedMs: number;
  readonly version: AnsweredVersion;
  /** What had come when its exchange began. */
  cameBefore: number;
  handler: Dispatcher.DispatchHandler;
  exchange: Exchange | null;
  used: boolean;
  /** What the socket itself broke on first. undici hands on the last error, which may only be the close that follows. */
  socketError: unknown;
}

/** What a line tells its owner. */
export interface LineEvents {
  /** Its exchange ended in order; the socket may or may not live on. */
  released(line: Line): void;
  /** The socket closed. Told once, also after `stop`. */
  closed(line: Line): void;
  /** A reused socket turned out to be closed before a byte of the answer came: the exchange is to be sent again. */
  lost(exchange: Exchange): void;
}

/** Puts an undici client on a socket that is already connected. */
export function openLine(connected: Connected, origin: string, clock: Clock, events: LineEvents): Line {
  const { socket, address } = connected;
  const line: Line = {
    client: clientOn(socket, origin),
    socket,
    address,
    openedMs: clock.monotonicMs(),
    version: watchVersion(socket),
    cameBefore: 0,
    handler: {},
    exchange: null,
    used: false,
    socketError: null,
    unsentBytes: () => socket.writableLength,
    cameBytes: () => socket.bytesRead - line.cameBefore,
    stop() {
      line.exchange = null;
      line.client.destroy(null, ignore);
      socket.destroy();
    },
  };
  line.handler = handlerOf(line, clock, events);
  socket.on('error', (error) => {
    line.socketError ??= error;
  });
  socket.once('close', () => {
    events.closed(line);
    // Only after undici's own listeners, which report to the exchange that was cut off.
    queueMicrotask(() => line.client.destroy(null, ignore));
  });
  return line;
}

function ignore(): void {}

function clientOn(socket: Socket, origin: string): Client {
  let given = false;
  return new Client(origin, {
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The sender's one deadline covers everything.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    connect(_, callback) {
      // undici would connect again by itself after the socket closed; here a socket is used up with its line.
      // Never within the call: undici only looks for requests to write after it returned.
      if (!given) queueMicrotask(() => callback(null, socket));
      else callback(Object.assign(new Error('the socket closed'), { code: 'ECONNRESET' }), null);
      given = true;
    },
  });
}

/** Sends an exchange over a line that carries none. */
export function carry(line: Line, exchange: Exchange, target: CheckedTarget): void {
  const { request } = exchange;
  line.exchange = exchange;
  exchange.stage = 'carried';
  exchange.carrier = line;
  exchange.address = line.address;
  exchange.reused = line.used;
  line.used = true;
  line.cameBefore = line.socket.bytesRead;
  line.version.begin();
  const headers = wireHeaders(request, target.hostHeader);
  line.client.dispatch({ path: target.path, method: request.method, headers, body: request.body }, line.handler);
}

/** Names and values in turn. undici writes `content-length` from the body. */
function wireHeaders(request: OutboundRequest, host: string): string[] {
  const headers = ['host', host, 'accept-encoding', 'identity'];
  for (const name in request.headers) headers.push(name, request.headers[name] ?? '');
  return headers;
}

function handlerOf(line: Line, clock: Clock, events: LineEvents): Dispatcher.DispatchHandler {
  const release = () => events.released(line);
  return {
    onRequestStart() {
      if (line.exchange) line.exchange.markMs = clock.monotonicMs();
    },
    onRequestSent() {
      if (line.exchange) markSent(line.exchange, line.socket, clock);
    },
    onResponseStarted() {
      const { exchange } = line;
      if (exchange) exchange.firstByteMs ??= clock.monotonicMs() - exchange.markMs;
    },
    onResponseStart(_, status, headers) {
      const { exchange } = line;
      // Interim answers (1xx) announce the final one.
      if (!exchange || (status >= 100 && status < 200)) return;
      exchange.status = status;
      exchange.headers = joined(headers);
      exchange.httpVersion = line.version.read();
      if (status < 200 || status > 599) refuseStatus(line, exchange, clock);
    },
    onResponseData(_, chunk) {
      const { exchange } = line;
      if (!exchange) return;
      takeChunk(exchange, chunk);
      if (exchange.countedBytes <= COUNTED_BYTES) return;
      line.stop();
      respond(exchange, false, clock.monotonicMs());
    },
    onResponseEnd() {
      const { exchange } = line;
      if (!exchange) return;
      line.exchange = null;
      // Before whoever awaits the answer sends again, after undici finished with this one.
      queueMicrotask(release);
      respond(exchange, true, clock.monotonicMs());
    },
    onResponseError(_, error) {
      const { exchange } = line;
      if (!exchange) return;
      line.stop();
      broken(line, exchange, error, clock, events);
    },
  };
}

function markSent(exchange: Exchange, socket: Socket, clock: Clock): void {
  const sent = () => {
    const nowMs = clock.monotonicMs();
    exchange.sendMs = nowMs - exchange.markMs;
    exchange.request.onItsWay?.();
    exchange.markMs = nowMs;
  };
  if (socket.writableNeedDrain) socket.once('drain', sent);
  else sent();
}

function refuseStatus(line: Line, exchange: Exchange, clock: Clock): void {
  line.stop();
  fail(exchange, 'protocol_error', { detail: `status ${exchange.status}` }, clock.monotonicMs());
}

/** Repeated headers joined as RFC 9110 §5.3 says. The record is undici's own, made for this answer. */
function joined(headers: IncomingHttpHeaders): Record<string, string> {
  for (const name in headers) {
    const value = headers[name];
    if (Array.isArray(value)) Object.assign(headers, { [name]: value.join(', ') });
  }
  return headers as Record<string, string>;
}

function broken(line: Line, exchange: Exchange, error: unknown, clock: Clock, events: LineEvents): void {
  const reset = failureOfError(error, 'exchanging') === 'connection_reset';
  const silent = exchange.firstByteMs === null;
  if (exchange.status > 0) respond(exchange, false, clock.monotonicMs());
  else if (reset && silent && exchange.reused && !exchange.repeated) events.lost(exchange);
  else failBroken(exchange, reset ? (line.socketError ?? error) : error, clock.monotonicMs());
}

function failBroken(exchange: Exchange, error: unknown, nowMs: number): void {
  const code = failureOfError(error, 'exchanging');
  const silent = exchange.firstByteMs === null;
  const after = silent ? 'before it answered' : 'in the middle of its answer';
  const facts = { ip: exchange.address ?? '', port: `${exchange.target?.port ?? ''}`, ...factsOfError(error, code) };
  fail(exchange, code, code === 'connection_reset' ? { ...facts, after } : facts, nowMs);
}
