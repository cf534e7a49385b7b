/** A receiver for tests: records what arrives and answers, or misbehaves, as told. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';

import { PATIENCE_MS } from './eventually.ts';
/** One request as it arrived. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Names and values in turn, as on the wire. */
  rawHeaders: readonly string[];
  rawBody: Buffer;
  /** Wall-clock milliseconds. */
  at: number;
  /** 1 for the first connection the receiver accepted, 2 for the next one, … */
  connection: number;
}

/** What the receiver does with a request. */
export type Reply =
  | {
      kind: 'status';
      status: number;
      headers?: Readonly<Record<string, string>>;
      body?: string | Uint8Array;
      afterMs?: number;
      /** Answers only when this has resolved. */
      until?: Promise<unknown>;
    }
  /** Never answers. */
  | { kind: 'hang' }
  /** Never answers and does not read the body. */
  | { kind: 'stop_reading' }
  | { kind: 'reset'; when: 'before_answer' | 'in_headers' | 'in_body' }
  /** Closes properly without an answer. */
  | { kind: 'close' }
  | { kind: 'header_drip'; everyMs: number }
  | { kind: 'body_drip'; everyMs: number; status?: number }
  /** A chunked body as fast as it is read, without an end. */
  | { kind: 'endless_body'; status?: number }
  /** Exactly these bytes, valid HTTP or not. */
  | { kind: 'raw'; bytes: string | Uint8Array; thenClose?: boolean };

/** One reply for all, replies in turn (the last one repeats), or a function of the request and its number from 0. */
export type Script = Reply | readonly Reply[] | ((received: Received, index: number) => Reply);

export interface Receiver {
  /** `http://127.0.0.1:<port>` without a slash at the end; `https:` with `tls`. */
  url: string;
  port: number;
  /** In order of arrival. */
  requests: readonly Received[];
  /** Connections accepted so far, also those that never sent a request. */
  connections(): number;
  /** Whether each TLS connection so far went on with the session of another one. */
  resumed(): readonly boolean[];
  respond(script: Script): void;
  /**
   * Waits until the requests satisfy `predicate`; rejects when none has arrived for `timeoutMs` (a minute unless told), however
   * long all of them take.
   */
  waitFor(predicate: (requests: readonly Received[]) => boolean, timeoutMs?: number): Promise<void>;
  /** Breaks all connections and stops listening. */
  close(): Promise<void>;
}

export interface ReceiverOptions {
  /** PEM texts; with them the receiver speaks TLS, or nothing newer than TLS 1.1 when it is `old`. */
  tls?: { key: string; certificate: string; old?: boolean };
  /** Listening address; 127.0.0.1 unless told. */
  host?: string;
  /** A port that was free before; any free one unless told. */
  port?: number;
}

interface Waiter {
  /** A request has arrived. */
  look(): void;
}

const OK: Reply = { kind: 'status', status: 200, body: 'ok' };

/** Starts a receiver on a free port. It answers 200 `ok` until told otherwise. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const host = options.host ?? '127.0.0.1';
  const requests: Received[] = [];
  const waiters = new Set<Waiter>();
  const timers = new Set<NodeJS.Timeout>();
  let script: Script = OK;
  let heads = 0;
  const server = options.tls ? createTlsServer(contextOf(options.tls)) : createServer();
  const resumed: boolean[] = [];
  server.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
  const connections = numberConnections(server);

  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    const index = heads++;
    if (typeof script !== 'function' && replyAt(script, index).kind === 'stop_reading') return;
    const rawBody = await readBody(request).catch(ignore);
    if (rawBody === undefined) return;
    const received = receivedOf(request, rawBody, connections.numberOf(request.socket));
    requests.push(received);
    const reply = typeof script === 'function' ? script(received, index) : replyAt(script, index);
    act(reply, response, request.socket, timers);
    for (const waiter of waiters) waiter.look();
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, host, resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests,
    connections: connections.count,
    resumed: () => resumed,
    respond(next) {
      script = next;
      heads = 0;
    },
    waitFor: (predicate, timeoutMs = PATIENCE_MS) => waitUntil(waiters, () => predicate(requests), requests, timeoutMs),
    close() {
      for (const timer of timers) clearInterval(timer);
      connections.breakAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function contextOf({ key, certificate, old = false }: NonNullable<ReceiverOptions['tls']>): TlsOptions {
  const oldest: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  return { key, cert: certificate, ...(old ? oldest : {}) };
}

/** Numbers connections as they are accepted, before TLS; `numberOf` knows a TLS socket by the port it came from. */
function numberConnections(server: Server) {
  const open = new Map<string, Socket>();
  const numbers = new Map<string, number>();
  const from = (socket: Socket) => `${socket.remoteAddress}:${socket.remotePort}`;
  let accepted = 0;
  server.prependListener('connection', (socket: Socket) => {
    const key = from(socket);
    open.set(key, socket);
    numbers.set(key, ++accepted);
    socket.on('error', ignore);
    socket.on('close', () => open.delete(key));
  });
  return {
    count: () => accepted,
    numberOf: (socket: Socket) => numbers.get(from(socket)) ?? 0,
    breakAll() {
      for (const socket of open.values()) socket.destroy();
    },
  };
}

function ignore(): void {}

function replyAt(script: Reply | readonly Reply[], index: number): Reply {
  if (!isList(script)) return script;
  return script[Math.min(index, script.length - 1)] ?? OK;
}

function isList(script: Reply | readonly Reply[]): script is readonly Reply[] {
  return Array.isArray(script);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function receivedOf(request: IncomingMessage, rawBody: Buffer, connection: number): Received {
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    rawBody,
    at: Date.now(),
    connection,
  };
}

function waitUntil(
  waiters: Set<Waiter>,
  satisfied: () => boolean,
  requests: readonly Received[],
  timeoutMs: number,
): Promise<void> {
  if (satisfied()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      waiters.delete(waiter);
      reject(new Error(`the receiver waited ${timeoutMs} ms in vain; ${requests.length} requests arrived`));
    };
    let timer = setTimeout(giveUp, timeoutMs);
    const waiter: Waiter = {
      look() {
        clearTimeout(timer);
        if (!satisfied()) {
          timer = setTimeout(giveUp, timeoutMs);
          return;
        }
        waiters.delete(waiter);
        resolve();
      },
    };
    waiters.add(waiter);
  });
}

function chunkedHead(status = 200): string {
  return `HTTP/1.1 ${status} Drip\r\ntransfer-encoding: chunked\r\n\r\n`;
}

function act(reply: Reply, response: ServerResponse, socket: Socket, timers: Set<NodeJS.Timeout>): void {
  switch (reply.kind) {
    case 'status':
      answer(reply, response, timers);
      break;
    case 'close':
      socket.end();
      break;
    case 'reset':
      reset(reply.when, socket);
      break;
    case 'header_drip':
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(socket, 'x-drip: drop\r\n', reply.everyMs, timers);
      break;
    case 'body_drip':
      socket.write(chunkedHead(reply.status));
      drip(socket, '1\r\nx\r\n', reply.everyMs, timers);
      break;
    case 'endless_body':
      socket.write(chunkedHead(reply.status));
      flood(socket);
      break;
    case 'raw':
      socket.write(reply.bytes);
      if (reply.thenClose) socket.end();
      break;
    case 'hang':
    case 'stop_reading':
  }
}

function answer(reply: Reply & { kind: 'status' }, response: ServerResponse, timers: Set<NodeJS.Timeout>): void {
  const respond = () => {
    response.writeHead(reply.status, reply.headers ?? {});
    response.end(reply.body ?? '');
  };
  if (reply.until !== undefined) void reply.until.then(respond);
  else if (reply.afterMs === undefined) respond();
  else timers.add(setTimeout(respond, reply.afterMs));
}

function reset(when: 'before_answer' | 'in_headers' | 'in_body', socket: Socket): void {
  const sent = {
    before_answer: '',
    in_headers: 'HTTP/1.1 200 OK\r\nx-half: ',
    in_body: 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf',
  }[when];
  // A reset overtakes what the other side has not read yet, so the bytes get a moment to arrive first.
  if (sent === '') breakOff(socket);
  else socket.write(sent, () => setTimeout(() => breakOff(socket), 30));
}

/** TLS sockets cannot be reset by this call; closing one without ceremony comes close. */
function breakOff(socket: Socket): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

function drip(socket: Socket, drop: string, everyMs: number, timers: Set<NodeJS.Timeout>): void {
  const timer = setInterval(() => socket.write(drop), everyMs);
  timers.add(timer);
  socket.on('close', () => clearInterval(timer));
}

function flood(socket: Socket): void {
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  const pour = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', pour);
  pour();
}
