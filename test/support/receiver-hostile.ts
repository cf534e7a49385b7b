/** Receivers that answer with whatever bytes they like, whenever they like, over TCP or TLS. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { testOnlyKey } from './certificates.ts';

/** What a receiver does with a connection. */
export interface Behaviour {
  /** As soon as it is there; before TLS when there is any. */
  accept?(socket: Socket): void;
  /** As soon as the head of a request came in, its body unread. */
  head?(socket: Socket): void;
  /** Once a whole request came in; `n` counts those of the connection, from 0. */
  answer?(socket: Socket, n: number): void;
  /** PEM of certificate and chain; with it the receiver speaks TLS. */
  certificate?: string;
  tls?: TlsOptions;
}

export interface HostileReceiver {
  port: number;
  /** Requests that came in whole. */
  requests(): number;
  close(): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startHostile(behaviour: Behaviour): Promise<HostileReceiver> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = serverOf(behaviour);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', ignore).on('close', () => sockets.delete(socket)));
    behaviour.accept?.(socket);
  });
  server.on(behaviour.certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    const hears = behaviour.head !== undefined || behaviour.answer !== undefined;
    if (hears) hear(socket.on('error', ignore), behaviour, () => requests++);
  });
  server.on('tlsClientError', ignore);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function serverOf({ certificate, tls }: Behaviour): Server {
  if (certificate === undefined) return createServer({ allowHalfOpen: true });
  return createTlsServer({ key: testOnlyKey, cert: certificate, ...tls });
}

function ignore(): void {}

/** Reads requests that have a `content-length`, as ours do. */
function hear(socket: Socket, { head, answer = ignore }: Behaviour, whole: () => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  let n = 0;
  let told = false;
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    const headEnd = bytes.indexOf('\r\n\r\n') + 4;
    if (headEnd === 3) return;
    if (!told) head?.(socket);
    told = true;
    const [, length = '0'] = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, headEnd)) ?? [];
    if (bytes.length < headEnd + Number(length)) return;
    bytes = bytes.subarray(headEnd + Number(length));
    told = false;
    whole();
    answer(socket, n++);
  });
}

/** Sends these bytes, and then nothing. */
export const says =
  (...parts: readonly (string | Uint8Array)[]) =>
  (socket: Socket): void => {
    for (const part of parts) socket.write(part);
  };

/** Sends these bytes and closes in order. */
export const ends =
  (...parts: readonly (string | Uint8Array)[]) =>
  (socket: Socket): void => {
    says(...parts)(socket);
    socket.end();
  };

/** Sends these bytes and, when they have had time to arrive, breaks the connection. */
export const breaks =
  (bytes = '') =>
  (socket: Socket): void => {
    if (bytes === '') breakOff(socket);
    else socket.write(bytes, () => setTimeout(() => breakOff(socket), 50));
  };

/** TLS sockets cannot be reset by this call; closing one without ceremony comes close. */
function breakOff(socket: Socket): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

/** Sends a beginning, and then the same few bytes again and again. */
export const drips =
  (beginning: string, drop: string, everyMs: number) =>
  (socket: Socket): void => {
    socket.write(beginning);
    const timer = setInterval(() => socket.write(drop), everyMs);
    socket.on('close', () => clearInterval(timer));
  };

/** Sends a beginning, and then the same bytes as fast as they are taken. */
export const floods =
  (beginning: string, flood: string) =>
  (socket: Socket): void => {
    socket.write(beginning);
    const pour = () => {
      while (!socket.destroyed && socket.write(flood));
    };
    socket.on('drain', pour);
    pour();
  };

/** Waits for the other side to speak first. */
export const heard =
  (then: (socket: Socket) => void) =>
  (socket: Socket): void => {
    socket.once('data', () => then(socket));
  };

/** Accepts and never reads. */
export const stalls = (socket: Socket): void => {
  socket.pause();
};

const LISTENING = `require('node:net').createServer().listen(
  { port: 0, host: '127.0.0.1', backlog: Number(process.argv[1]) },
  function () { console.log(this.address().port); },
);`;
const SHORT_QUEUE = 1;
const LONG_QUEUE = 64;
/** More than a short queue takes. */
const FILLED = 4;

/**
 * A port whose process stands still: the system takes connections for it until the queue is full.
 * @param full whether the queue is full already, so that no connection comes about
 */
export async function startFrozen(full: boolean): Promise<HostileReceiver> {
  const child = spawn(process.execPath, ['-e', LISTENING, `${full ? SHORT_QUEUE : LONG_QUEUE}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers = full ? Array.from({ length: FILLED }, () => connect(port, '127.0.0.1').on('error', ignore)) : [];
  if (full) await Promise.race(fillers.map((socket) => once(socket, 'connect')));
  return {
    port,
    requests: () => 0,
    async close() {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
