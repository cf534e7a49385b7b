/** All receivers of the cluster in one server: who was sent what, when, for how long, over which connection. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';
import type { Trouble } from './cluster-receivers.ts';
import type { Request } from './cluster-seen.ts';
import type { Roll } from './roll.ts';

/** A request as the sink alone knows it. */
export interface Arrival extends Omit<Request, 'life'> {
  /** The sender's, and when its connection was accepted. */
  port: number;
  connectedMs: number;
}

export interface ClusterSink {
  /** The URL that a receiver's subscription is made for. */
  urlOf(receiver: string): string;
  /** What it does from now on. */
  behave(receiver: string, trouble: Trouble, failure: number): void;
  /** Those that are over, in the order of their ends. */
  arrivals: readonly Arrival[];
  close(): Promise<void>;
}

const FASTEST_MS = 5;
const SLOWEST_MS = 300;
/** Every so manieth event is answered 500 the first time, so that retries are in play as well. */
const TROUBLED = 11;
/** Longer than any pause in the load: a connection that the sink closes is not what is tried here. */
const KEPT_MS = 600_000;

interface Behaviour {
  trouble: Trouble;
  failure: number;
}

/** Milliseconds on the clock of the harness. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Starts the sink on a free port. */
export async function startClusterSink(roll: Roll): Promise<ClusterSink> {
  const arrivals: Arrival[] = [];
  const behaviours = new Map<string, Behaviour>();
  const connectedMs = new WeakMap<object, number>();
  const server = createServer({ keepAliveTimeout: KEPT_MS }, async (request, response) => {
    const startMs = nowMs();
    const body = await read(request).catch(() => null);
    if (body === null) return;
    const receiver = decodeURIComponent(request.url ?? '').slice(1);
    const port = request.socket.remotePort ?? 0;
    const over = { startMs, port, connectedMs: connectedMs.get(request.socket) ?? startMs };
    const begun = { receiver, ...readOf(request, body), ...over };
    arrivals.push({ ...begun, ...(await answered(response, begun, behaviours.get(receiver), roll)) });
  });
  server.on('connection', (socket) => connectedMs.set(socket, nowMs()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (receiver) => `http://127.0.0.1:${port}/${encodeURIComponent(receiver)}`,
    behave: (receiver, trouble, failure) => behaviours.set(receiver, { trouble, failure }),
    arrivals,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function readOf({ headers }: IncomingMessage, body: Buffer) {
  const { data }: { data: Pick<Request, 'number' | 'key' | 'place'> } = JSON.parse(body.toString());
  return {
    deliveryId: String(headers['hookyard-delivery']),
    eventId: String(headers['webhook-id']),
    attempt: Number(headers['hookyard-attempt']),
    number: data.number,
    key: data.key,
    place: data.place,
    digest: createHash('sha256').update(body).digest('hex'),
  };
}

type Ended = Pick<Arrival, 'end' | 'endMs' | 'status'>;

/** Answers in its own time, or never; how it ended. */
async function answered(
  response: ServerResponse,
  { number, attempt }: Pick<Arrival, 'number' | 'attempt'>,
  behaviour: Behaviour | undefined,
  roll: Roll,
): Promise<Ended> {
  const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
  const cut = closed.then(() => ({ end: 'cut', endMs: nowMs(), status: 0 }) as const);
  if (behaviour?.trouble === 'hang') return cut;
  const isCut = await Promise.race([closed.then(() => true), later(FASTEST_MS + roll(SLOWEST_MS - FASTEST_MS), false)]);
  if (isCut) return cut;
  const troubled = number % TROUBLED === 0 && attempt === 1 ? 500 : 200;
  const status = behaviour?.trouble === 'fail' ? behaviour.failure : troubled;
  // Before the answer leaves: whatever its sender does next comes after it.
  const endMs = nowMs();
  response.writeHead(status);
  response.end();
  return { end: 'answered', endMs, status };
}
