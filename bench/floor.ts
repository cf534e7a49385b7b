/**
 * The floor: the least a Node process must do to accept an event durably and deliver it signed, and nothing else. No
 * keys, no filters, no retries, no addresses to check. With `--record` it also keeps one row per delivery; with
 * `--database` it keeps everything in that PostgreSQL, otherwise in a SQLite of its own. With `--verify` it delivers
 * nothing: it checks the signature of what it is sent with that secret, and keeps it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, type Dispatcher } from 'undici';
import { openPostgresFloor, openSqliteFloor, type Turn } from './floor-store.ts';

interface Accepted {
  id: number;
  body: Buffer;
  response: ServerResponse;
}

/** A connection to the receiver with what it carries now. */
interface Lane {
  client: Client;
  handler: Dispatcher.DispatchHandler;
  id: number;
  status: number;
}

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '.' },
    receiver: { type: 'string', default: '' },
    connections: { type: 'string', default: '64' },
    database: { type: 'string' },
    record: { type: 'boolean', default: false },
    verify: { type: 'string' },
  },
});
const receiver = new URL(values.receiver);
const { verify: secret } = values;
const key = randomBytes(32);
const store = await (values.database === undefined
  ? openSqliteFloor(join(values.data, 'floor.db'))
  : openPostgresFloor(values.database));

let ids = store.largestId;
let delivered = 0;
let recorded = 0;
let accepting: Accepted[] = [];
let outcomes: number[] = [];
let writing = 0;
let scheduled = false;
const sending: Accepted[] = [];
let sendingFrom = 0;
const idle: Lane[] = Array.from({ length: Number(values.connections) }, openLane);

/** Everything that arrived in this turn of the event loop, or while the store was busy, is one commit. */
function schedule(): void {
  if (scheduled || writing === store.maxInFlight) return;
  scheduled = true;
  setImmediate(write);
}

function write(): void {
  scheduled = false;
  if (writing === store.maxInFlight || (accepting.length === 0 && outcomes.length === 0)) return;
  writing += 1;
  void commit(accepting, outcomes);
  accepting = [];
  outcomes = [];
}

async function commit(batch: readonly Accepted[], results: readonly number[]): Promise<void> {
  await store.commit({ firstId: batch[0]?.id ?? 0, ...pack(batch), outcomes: results });
  writing -= 1;
  recorded += results.length / 2;
  for (const { id, response } of batch) {
    const answer = `{"id":"${id}"}`;
    const headers = { 'content-type': 'application/json', 'content-length': answer.length };
    response.writeHead(202, headers).end(answer);
  }
  if (secret === undefined) sending.push(...batch);
  write();
  send();
}

/** All bodies of a turn in one buffer, which can be handed over without copying again. */
function pack(batch: readonly Accepted[]): Pick<Turn, 'bodies' | 'lengths'> {
  const lengths = batch.map(({ body }) => body.length);
  const bodies = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const { body } of batch) {
    bodies.set(body, at);
    at += body.length;
  }
  return { bodies: bodies.buffer, lengths };
}

function send(): void {
  while (idle.length > 0 && sendingFrom < sending.length) {
    const lane = idle.pop();
    const accepted = sending[sendingFrom++];
    if (lane !== undefined && accepted !== undefined) dispatch(lane, accepted);
  }
  if (sendingFrom < sending.length) return;
  sending.length = 0;
  sendingFrom = 0;
}

function dispatch(lane: Lane, { id, body }: Accepted): void {
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  lane.id = id;
  const headers = ['content-type', 'application/json', 'webhook-id', `${id}`, 'webhook-timestamp', `${timestamp}`];
  headers.push('webhook-signature', `v1,${signature}`);
  lane.client.dispatch({ path: receiver.pathname, method: 'POST', headers, body }, lane.handler);
}

function openLane(): Lane {
  const lane: Lane = { client: new Client(receiver.origin), handler: {}, id: 0, status: 0 };
  lane.handler = {
    onRequestStart() {},
    onResponseStart(_, status) {
      lane.status = status;
    },
    onResponseData() {},
    onResponseEnd() {
      answered(lane);
    },
    onResponseError() {
      lane.status = 0;
      answered(lane);
    },
  };
  return lane;
}

function answered(lane: Lane): void {
  if (lane.status === 200) delivered += 1;
  if (values.record) {
    outcomes.push(lane.id, lane.status);
    schedule();
  }
  idle.push(lane);
  send();
}

function isProved({ headers }: IncomingMessage, body: Buffer): boolean {
  if (secret === undefined) return true;
  const wanted = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(`${headers['x-hub-signature-256']}`);
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET') {
    response.end(`${values.record ? recorded : delivered}`);
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [first] = chunks;
    const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    const event = JSON.parse(body.toString()) as { type?: unknown; image?: unknown };
    if (typeof (event.type ?? event.image) !== 'string' || !isProved(request, body)) {
      response.writeHead(400).end();
      return;
    }
    ids += 1;
    accepting.push({ id: ids, body, response });
    schedule();
  });
}

const server = createServer(receive);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`floor listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});

process.on('SIGTERM', () => process.exit());
