/**
 * A receiver as cheap as one can be: a process that counts whole requests and answers each with the same bytes. The
 * first word of a request's path is its group; a group can be made to misbehave.
 */

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { answerParent } from './child.ts';
import { createFraming } from './framing.ts';
import { monotonicUs, stampOf } from './stamp.ts';
import type { Count } from './throughput.ts';

export type Behaviour =
  | { kind: 'answer' }
  | { kind: 'answer_after'; delayMs: number }
  | { kind: 'fail' }
  /** Never answers; the sender has to give up. */
  | { kind: 'hang' };

/** What arrived in one group while it was watched, in microseconds of the machine's monotonic clock. */
export interface Arrivals {
  count: number;
  lastUs: number;
  /** From sending to arriving whole, in order of arrival; of the requests that carry a stamp. */
  latenciesUs: number[];
}

export type Sink = {
  /** The port it listens on, of 127.0.0.1. */
  listen(): Promise<number>;
  received(): Count;
  /** Requests of each group since the last `reset`. */
  counts(): Record<string, number>;
  /** Gives groups a behaviour; the others keep theirs, which is to answer unless told. */
  behave(behaviours: Record<string, Behaviour>): void;
  /** Forgets counts and behaviours and hangs up on whoever waits for an answer. */
  reset(): void;
  watch(): void;
  /** What arrived since `watch`, by group; watches no more. */
  watched(): Record<string, Arrivals>;
};

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nok');
const FAILURE = Buffer.from('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
const SLASH = 0x2f;
const SPACE = 0x20;

let received = 0;
let counts = new Map<string, number>();
let behaviours = new Map<string, Behaviour>();
let hanging = new Set<Socket>();
let watching: Map<string, Arrivals> | null = null;

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  // A sender that is stopped resets its connections.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => hanging.delete(socket));
  socket.on(
    'data',
    createFraming((request) => {
      received += 1;
      const group = groupOf(request);
      counts.set(group, (counts.get(group) ?? 0) + 1);
      if (watching !== null) note(watching, group, request);
      answer(socket, behaviours.get(group));
    }),
  );
}

function groupOf(request: Buffer): string {
  const from = request.indexOf(SLASH) + 1;
  let to = from;
  while (request[to] !== SLASH && request[to] !== SPACE) to += 1;
  return request.toString('latin1', from, to);
}

function note(all: Map<string, Arrivals>, group: string, request: Buffer): void {
  const nowUs = monotonicUs();
  const arrivals = all.get(group) ?? { count: 0, lastUs: 0, latenciesUs: [] };
  all.set(group, arrivals);
  arrivals.count += 1;
  arrivals.lastUs = nowUs;
  const sentUs = stampOf(request);
  if (sentUs !== null) arrivals.latenciesUs.push(nowUs - sentUs);
}

function answer(socket: Socket, behaviour: Behaviour = { kind: 'answer' }): void {
  switch (behaviour.kind) {
    case 'answer':
      socket.write(ANSWER);
      return;
    case 'answer_after':
      setTimeout(() => socket.write(ANSWER), behaviour.delayMs);
      return;
    case 'fail':
      socket.write(FAILURE);
      return;
    case 'hang':
      hanging.add(socket);
  }
}

function reset(): void {
  counts = new Map();
  behaviours = new Map();
  for (const socket of hanging) socket.destroy();
  hanging = new Set();
}

answerParent({
  listen: () =>
    new Promise((resolve) => {
      const server = createServer(serve);
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
  received: () => ({ count: received, atMs: performance.now() }),
  counts: () => Object.fromEntries(counts),
  behave: (given: Record<string, Behaviour>) => {
    for (const [group, behaviour] of Object.entries(given)) behaviours.set(group, behaviour);
  },
  reset,
  watch: () => {
    watching = new Map();
  },
  watched: () => {
    const seen = Object.fromEntries(watching ?? []);
    watching = null;
    return seen;
  },
} satisfies Sink);
