import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { openApi } from '../../../test/support/api.ts';
import { behindSocket } from '../../../test/support/socket.ts';
import { DEFAULT_TENANT } from '../../core/ids.ts';
import { ALL_NODE_ROLES } from '../../core/node-role.ts';
import { LARGE_BODY_BYTES } from '../large-bodies.ts';
import type { ServerOptions } from '../options.ts';
import { inboundPath } from './inbound.ts';

const NO_DOOR = '{"success":false,"error":"Not found"}';

/** Like the path of a door, and none. */
const BESIDE_THE_DOORS = ['/api/webhook', '/api/v1/webhooks', '/api/%77ebhook/x', '/%61pi/v1/webhooks/registry/x'];

/** Begin like the path of a door, and lead elsewhere. */
const OUT_OF_THE_DOORS = [
  '/api/webhook/../../metrics',
  '/api/webhook/%2e%2E/.%2e/metrics',
  '/api/v1/webhooks/../../../metrics',
  '/api/webhook/..\\..\\metrics',
  '/api/%77ebhook/../../metrics',
  'http://hooks.example.com/api/webhook/../../metrics',
];

/** A body that tells whether anybody has begun to read it. */
function watched() {
  const seen = { isRead: false };
  const pull = (controller: ReadableStreamDefaultController) => {
    seen.isRead = true;
    controller.enqueue(new Uint8Array(LARGE_BODY_BYTES + 1));
    controller.close();
  };
  return { seen, body: new ReadableStream({ pull }, { highWaterMark: 0 }) };
}

/** An answer as it came over the wire, without the time. */
async function asked(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`);
  let heard = '';
  for await (const text of socket.setEncoding('utf8')) heard += text;
  return heard.replace(/^date:.*\r\n/im, '');
}

async function listening(context: TestContext, options: Partial<ServerOptions> = {}): Promise<number> {
  return Number(new URL(await behindSocket(context, await openApi(options))).port);
}

test('the body of what only looks like a door is never read', async () => {
  const { app } = await openApi();
  for (const path of BESIDE_THE_DOORS) {
    const { seen, body } = watched();
    const got = await app.fetch(new Request(`http://a${path}`, { method: 'POST', body, duplex: 'half' }));
    assert.deepEqual([got.status, await got.text(), seen.isRead], [404, NO_DOOR, false], path);
  }
});

test('a large body asks for room, by whichever way it comes to a door', async () => {
  const { app } = await openApi();
  const asked: number[] = [];
  const enter = async (bytes: number) => {
    asked.push(bytes);
    return () => undefined;
  };
  app.server.largeBodies = { of: () => ({ enter, parsed: () => undefined }) };
  for (const path of ['/api/webhook/x', '/api/v1/webhooks/registry/x']) {
    const { body } = watched();
    const got = await app.fetch(new Request(`http://a${path}`, { method: 'POST', body, duplex: 'half' }));
    assert.equal(got.status, 404);
  }
  assert.equal(asked.length, 2);
});

test('the memory of a large body is given back with its answer, and left alone where the store failed', async () => {
  const { app } = await openApi();
  const seen: Uint8Array[] = [];
  const receive = (fails: boolean) => async (request: { body: Uint8Array }) => {
    seen.push(request.body);
    if (fails) throw new Error('the store is away');
    return { kind: 'no_such_door' } as const;
  };
  const { settled } = app.server.receive;
  const chunks = () => ReadableStream.from([new Uint8Array(LARGE_BODY_BYTES), new Uint8Array(9)]);
  for (const fails of [false, true]) {
    app.server.receive = Object.assign(receive(fails), { settled });
    await app.fetch(new Request('http://a/api/webhook/x', { method: 'POST', body: chunks(), duplex: 'half' }));
  }
  // What came in a single chunk is whose it was before.
  app.server.receive = Object.assign(receive(false), { settled });
  const { body } = watched();
  await app.fetch(new Request('http://a/api/webhook/x', { method: 'POST', body, duplex: 'half' }));
  assert.deepEqual(
    seen.map(({ length }) => length),
    [0, LARGE_BODY_BYTES + 9, LARGE_BODY_BYTES + 1],
  );
});

test('large bodies are stored as they were sent, declared or not, one after the other', async (context) => {
  const api = await openApi();
  const made = await api.call('POST', '/api/v1/sources', { type: 'native', scheme: { type: 'url' } });
  const door = new URL(new URL(made.json.data.urls.secret).pathname, await behindSocket(context, api));
  for (const n of [1, 2, 3, 4]) {
    const sent = Buffer.from(JSON.stringify({ image: `a.example.com/b:${n}`, note: `${n}`.repeat(3e5) }));
    const body = n % 2 === 0 ? sent : ReadableStream.from([sent.subarray(0, 70_000), sent.subarray(70_000)]);
    const told = (await (await fetch(door, { method: 'POST', body, duplex: 'half' })).json()) as { receiptId: string };
    const kept = await api.ports.store.receipt(DEFAULT_TENANT, told.receiptId);
    assert.ok(kept !== null && sent.equals(kept.receipt.body), `${n}`);
  }
});

test('what looks like a door, or climbs out of one, is answered over a socket as any wrong key is', async (context) => {
  const port = await listening(context);
  const wrongKey = await asked(port, 'POST /api/webhook/nonsense');
  assert.match(wrongKey, /^HTTP\/1\.1 404 /);
  for (const target of [...BESIDE_THE_DOORS, ...OUT_OF_THE_DOORS]) {
    for (const method of ['GET', 'POST']) assert.equal(await asked(port, `${method} ${target}`), wrongKey, target);
  }
});

test('a process without doors lets nobody climb out of where they would be', async (context) => {
  const port = await listening(context, { roles: new Set([...ALL_NODE_ROLES].filter((role) => role !== 'ingest')) });
  for (const target of ['/api/webhook/x', ...OUT_OF_THE_DOORS]) {
    assert.match(await asked(port, `GET ${target}`), /^HTTP\/1\.1 421 /, target);
  }
  assert.match(await asked(port, 'GET /metrics'), /^HTTP\/1\.1 200 /);
});

test('a door is found however its dots are written, and nothing else is taken for one', () => {
  const door = { prefix: '/api/webhook/', path: '/api/webhook/key' };
  for (const target of ['/api/webhook/key', '/api/webhook/x/../key?a=%2e', 'http://a/api/webhook/%2e/key']) {
    assert.deepEqual(inboundPath(target), door, target);
  }
  for (const target of [
    '/api/v1/webhook-subscriptions',
    '/api/webhooks/x',
    '/metrics?from=/api/webhook/..',
    '/api/v1/events?cursor=%2Fapi%2Fwebhook%2F',
    '//api/webhook/../../metrics',
    '*',
  ]) {
    assert.equal(inboundPath(target), null, target);
  }
});
