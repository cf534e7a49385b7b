import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { createHookyard } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, apiOf, freshDirectory, type ProblemShown } from '../support/hookyard.ts';

const MEBIBYTE = 1024 * 1024;
const BUDGET = 8 * MEBIBYTE;
const EVENTS = '/api/v1/events';

const dataDirectory = freshDirectory();
const started = await createHookyard({
  dataDirectory,
  apiKey: ADMIN_KEY,
  logLevel: 'error',
  maxRequestBytes: BUDGET,
  maxConnections: 64,
});
assert.ok(started.kind === 'started', JSON.stringify(started));
const { hookyard } = started;
const { url } = await hookyard.listen({ host: '127.0.0.1', port: 0 });
const api = apiOf(url, ADMIN_KEY);
after(async () => {
  await hookyard.close();
  await rm(dataDirectory, { recursive: true });
});

interface Heard {
  status: number | undefined;
  retryAfter: string | undefined;
  text: string;
}

interface Sending {
  heard: Promise<Heard>;
  /** Sends what was held back. */
  finish(): void;
}

/** A request whose last byte is held back, so that its body is in memory until told otherwise. */
function sendMost(path: string, body: string): Sending {
  const outgoing = request(url + path, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      'content-type': 'application/json',
      'transfer-encoding': 'chunked',
    },
  });
  const heard = new Promise<Heard>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'], text });
        outgoing.destroy();
      });
    });
  });
  outgoing.write(body.slice(0, -1));
  return { heard, finish: () => outgoing.end(body.slice(-1)) };
}

/** A metric's value now. */
async function gauge(name: string): Promise<number> {
  const { text } = await api('GET', '/metrics');
  return Number(new RegExp(`^hookyard_${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

function assertOverloaded({ retryAfter, text }: Heard, status: number): void {
  const problem: ProblemShown = JSON.parse(text);
  assert.deepEqual([problem.status, problem.code, problem.success, retryAfter], [status, 'overloaded', false, '1']);
}

const bodyOf = (n: number) => JSON.stringify({ id: `large-${n}`, type: 'a.b', data: 'x'.repeat(900_000) });

test('bodies beyond the budget are told to come again; what was accepted is kept, and then all is as before', async () => {
  const sendings = Array.from({ length: 40 }, (_, n) => sendMost(EVENTS, bodyOf(n)));
  let refused = 0;
  for (const { heard } of sendings) heard.then(({ status }) => (refused += status === 429 ? 1 : 0));
  // 40 bodies of 0.9 MB wait for their last byte or were refused: more than the budget never stays.
  await eventually('refusals', async () => {
    const bytes = await gauge('request_bytes_in_flight');
    assert.ok(bytes <= BUDGET, `${bytes} bytes`);
    return refused >= 30 ? true : null;
  });
  for (const { finish } of sendings) finish();
  const answers = await Promise.all(sendings.map(({ heard }) => heard));
  for (const answer of answers) {
    if (answer.status !== 202) assertOverloaded(answer, 429);
  }
  const accepted = answers.flatMap(({ status }, n) => (status === 202 ? [n] : []));
  assert.ok(accepted.length > 0 && accepted.length < 40, `${accepted.length} accepted`);

  const { data } = await api<{ id: string }[]>('GET', `${EVENTS}?limit=200`);
  const stored = data.map(({ id }) => id).sort();
  assert.equal(stored.length, accepted.length);
  for (const name of ['request_bytes_in_flight', 'requests_in_flight']) {
    await eventually(`nothing in ${name}`, async () => (await gauge(name)) === 0 || null);
  }
  for (const [n, { status }] of answers.entries()) {
    if (status === 202) continue;
    const again = await api('POST', EVENTS, bodyOf(n));
    assert.equal(again.status, 202, again.text);
  }
  assert.equal((await api<unknown[]>('GET', `${EVENTS}?limit=200`)).data.length, 40);
});

test('bodies at the doors that fill their share leave the callers theirs', async () => {
  const sendings = Array.from({ length: 10 }, () => sendMost('/api/webhook/nonsense', 'x'.repeat(MEBIBYTE)));
  await eventually('a full share', async () => {
    return (await gauge('request_bytes_in_flight')) > BUDGET / 2 - MEBIBYTE ? true : null;
  });
  const accepted = await api('POST', EVENTS, bodyOf(100));
  assert.equal(accepted.status, 202, accepted.text);
  for (const { finish } of sendings) finish();
  for (const { heard } of sendings) {
    const answer = await heard;
    if (answer.status === 404) continue;
    assert.equal(answer.status, 429);
    assertOverloaded(answer, 429);
  }
});

test('connections beyond the limit hear 503, and callers are let in again when others have gone', async () => {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(
    Array.from({ length: 64 }, () => {
      const socket = connect(Number(port), hostname);
      return new Promise<typeof socket>((resolve, reject) =>
        socket.once('connect', () => resolve(socket)).on('error', reject),
      );
    }),
  );
  const late = sendMost(EVENTS, bodyOf(200));
  late.finish();
  const answer = await late.heard;
  assert.equal(answer.status, 503);
  assertOverloaded(answer, 503);
  for (const socket of sockets) socket.destroy();
  await eventually('a place', async () => {
    const { status } = await api('POST', EVENTS, bodyOf(200));
    return status === 202 ? true : null;
  });
});
