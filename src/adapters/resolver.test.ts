import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { createResolver } from './resolver.ts';

const A = 1;
const AAAA = 28;
const NO_ERROR = 0;
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;
const HEADER_BYTES = 12;

/** How the name server of a test answers one kind of question; silence when null. */
interface Reply {
  code: number;
  records: readonly (readonly number[])[];
}

type Replies = (name: string, type: number) => Reply | null;

const none: Reply = { code: NO_ERROR, records: [] };
const failing = (code: number): Reply => ({ code, records: [] });
const records = (...addresses: (readonly number[])[]): Reply => ({ code: NO_ERROR, records: addresses });
const IPV6 = [0x26, 0x20, 0, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];

function readQuestion(query: Buffer): { name: string; type: number; endsAt: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), endsAt: at + 5 };
}

/** RFC 1035 §4.1: the header and question again, then each record with a pointer to the name of the question. */
function answerTo(query: Buffer, endsAt: number, type: number, reply: Reply): Buffer {
  const answer = Buffer.from(query.subarray(0, endsAt));
  answer.writeUInt16BE(0x8180 | reply.code, 2);
  answer.writeUInt16BE(reply.records.length, 6);
  answer.writeUInt32BE(0, 8);
  const sections = reply.records.map((data) =>
    Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data]),
  );
  return Buffer.concat([answer, ...sections]);
}

async function nameServer(t: TestContext, replies: Replies): Promise<{ address: string; asked: string[] }> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, from) => {
    const { name, type, endsAt } = readQuestion(query);
    asked.push(`${name} ${type}`);
    const reply = replies(name, type);
    if (reply) socket.send(answerTo(query, endsAt, type, reply), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, asked };
}

async function resolveWith(t: TestContext, replies: Replies, timeoutMs = 60_000) {
  const server = await nameServer(t, replies);
  return createResolver({ servers: [server.address] }).resolve('hooks.example.net', timeoutMs);
}

const byType =
  (ipv4: Reply | null, ipv6: Reply | null): Replies =>
  (_name, type) =>
    type === A ? ipv4 : ipv6;

test('A and AAAA records are both answers, IPv4 first', async (t) => {
  const resolved = await resolveWith(t, byType(records([9, 9, 9, 9], [8, 8, 4, 4]), records(IPV6)));
  assert.deepEqual(resolved, { kind: 'answers', addresses: ['9.9.9.9', '8.8.4.4', '2620:fe::9'] });
});

test('one family with records is enough when the other has none or fails', async (t) => {
  const ipv4Only = { kind: 'answers', addresses: ['9.9.9.9'] };
  for (const other of [none, failing(SERVER_FAILURE), failing(NAME_ERROR)]) {
    assert.deepEqual(await resolveWith(t, byType(records([9, 9, 9, 9]), other)), ipv4Only);
  }
});

test('a family that stays silent is not asked again once the other has answered', async (t) => {
  const server = await nameServer(t, byType(records([9, 9, 9, 9]), null));
  const resolved = await createResolver({ servers: [server.address], lagMs: 1 }).resolve('hooks.example.net', 60_000);
  assert.deepEqual(resolved, { kind: 'answers', addresses: ['9.9.9.9'] });
  assert.deepEqual(server.asked.toSorted(), [`hooks.example.net ${A}`, `hooks.example.net ${AAAA}`]);
});

test('a name that does not exist, or has neither kind of record, is not found', async (t) => {
  for (const reply of [failing(NAME_ERROR), none]) {
    assert.deepEqual(await resolveWith(t, byType(reply, reply)), { kind: 'failed', failure: 'not_found' });
  }
  const halfKnown = await resolveWith(t, byType(failing(NAME_ERROR), failing(SERVER_FAILURE)));
  assert.deepEqual(halfKnown, { kind: 'failed', failure: 'not_found' });
});

test('a broken or silent name server is a timeout, which may be tried again', async (t) => {
  const broken = failing(SERVER_FAILURE);
  for (const replies of [byType(broken, broken), byType(none, broken)]) {
    assert.deepEqual(await resolveWith(t, replies), { kind: 'failed', failure: 'timeout' });
  }
  assert.deepEqual(await resolveWith(t, byType(null, null), 20.5), {
    kind: 'failed',
    failure: 'timeout',
  });
});

test('the name is asked as it is: no search domains, no hosts file', async (t) => {
  const server = await nameServer(t, () => failing(NAME_ERROR));
  const resolved = await createResolver({ servers: [server.address] }).resolve('localhost', 60_000);
  assert.deepEqual(resolved, { kind: 'failed', failure: 'not_found' });
  assert.deepEqual(server.asked.toSorted(), [`localhost ${A}`, `localhost ${AAAA}`]);
});

test('giving up on one name cancels no other', async (t) => {
  const known = byType(records([9, 9, 9, 9]), none);
  const server = await nameServer(t, (name, type) => (name === 'dead.example.net' ? null : known(name, type)));
  const resolver = createResolver({ servers: [server.address] });
  const names = [resolver.resolve('dead.example.net', 1), resolver.resolve('live.example.net', 60_000)];
  assert.deepEqual(await Promise.all(names), [
    { kind: 'failed', failure: 'timeout' },
    { kind: 'answers', addresses: ['9.9.9.9'] },
  ]);
});
