import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, freshDirectory, type RunningHookyard, startHookyard } from '../support/hookyard.ts';
import { allDeliveries, type DeliveryShown, publish, subscribe } from '../support/journey.ts';
import { type Received, type Receiver, type Script, startReceiver } from '../support/receiver.ts';

const PUBLISHERS = 6;
/** Time for as many as that on a machine that is busy with other things. */
const BACKLOG_MS = 60_000;
/** More than publishers get accepted before a drain is over. */
const MAX_EVENTS = 4000;

interface Setting {
  dataDirectory: string;
  receiver: Receiver;
  start(): Promise<RunningHookyard>;
}

async function setting(t: TestContext, script: Script): Promise<Setting> {
  const dataDirectory = freshDirectory();
  const receiver = await startReceiver();
  receiver.respond(script);
  const running: RunningHookyard[] = [];
  t.after(async () => {
    for (const hookyard of running) await hookyard.kill('SIGKILL');
    await receiver.close();
    await rm(dataDirectory, { recursive: true, force: true });
  });
  return {
    dataDirectory,
    receiver,
    async start() {
      const hookyard = await startHookyard({ dataDirectory, flags: ['--allow-hosts', '127.0.0.1'] });
      running.push(hookyard);
      return hookyard;
    },
  };
}

/** Waits until a process that was asked to end takes nothing more. */
function closedDoor({ api }: RunningHookyard): Promise<true> {
  return eventually('the closed door', () =>
    api('GET', '/healthz').then(
      () => null,
      () => true,
    ),
  );
}

function timesById(requests: readonly Received[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { headers } of requests) {
    const id = String(headers['hookyard-delivery']);
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  return times;
}

test('SIGTERM lets what is on its way arrive, keeps the rest for the next start, and sends nothing twice', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { receiver, start } = await setting(t, { kind: 'status', status: 200, until: gate.promise });
  const first = await start();
  await subscribe(first, receiver.url, { maxConcurrency: 4 });
  for (let n = 0; n < 12; n++) await publish(first, 'release.created', { n });
  await receiver.waitFor((requests) => requests.length === 4);
  const stopping = first.stop();
  await closedDoor(first);
  gate.resolve();
  const { code, stderr } = await stopping;
  assert.equal(code, 0, stderr);
  const before = new Set(timesById(receiver.requests).keys());
  assert.equal(before.size, 4, 'no new delivery was begun after the signal');

  receiver.respond({ kind: 'status', status: 200 });
  const second = await start();
  await receiver.waitFor((requests) => timesById(requests).size === 12);
  const settled = await eventually('every delivery to be settled', async () => {
    const deliveries = await allDeliveries(second);
    return deliveries.every(({ closedAt }) => closedAt !== null) ? deliveries : null;
  });
  assert.ok(settled.every(({ status, attempts }) => status === 'succeeded' && attempts === 1));
  assert.deepEqual(new Set(timesById(receiver.requests).values()), new Set([1]), 'nothing was sent twice');
});

test('under load SIGTERM ends with 0, and every event that was accepted arrives exactly once', async (t) => {
  const { receiver, start } = await setting(t, { kind: 'status', status: 200, afterMs: 5 });
  const first = await start();
  await subscribe(first, receiver.url, { maxConcurrency: 4 });
  const accepted = new Set<string>();
  let refusedAs = new Set<number>();
  const publishing = Array.from({ length: PUBLISHERS }, async () => {
    while (accepted.size < MAX_EVENTS) {
      // A connection that is refused or cut is how a publisher sees the end.
      const answer = await first
        .api<{ id: string }>('POST', '/api/v1/events', { type: 'a.b', data: {} })
        .catch(() => null);
      if (answer === null) return;
      if (answer.status === 202) accepted.add(answer.data.id);
      else refusedAs = refusedAs.add(answer.status);
    }
  });
  await receiver.waitFor((requests) => requests.length > 40);
  const { code, stderr } = await first.stop();
  assert.equal(code, 0, stderr);
  await Promise.all(publishing);
  assert.deepEqual(
    [...refusedAs].filter((status) => status !== 503),
    [],
  );
  assert.ok(accepted.size < MAX_EVENTS, 'publishers that never pause do not hold the process');
  t.diagnostic(`${accepted.size} accepted, ${receiver.requests.length} delivered before the end`);

  await start();
  await eventually(
    'every accepted event to arrive',
    () => {
      const arrived = new Set(receiver.requests.map(({ headers }) => traceOf(headers.traceparent)));
      return [...accepted].every((id) => arrived.has(id.replaceAll('-', ''))) || null;
    },
    BACKLOG_MS,
  );
  assert.deepEqual(new Set(timesById(receiver.requests).values()), new Set([1]));
});

/** The trace of a delivery is its event. */
function traceOf(traceparent: unknown): string {
  return String(traceparent).split('-')[1] ?? '';
}

test('a delivery waiting for its retry is still due after a graceful stop', async (t) => {
  const { receiver, start } = await setting(t, [
    { kind: 'status', status: 503 },
    { kind: 'status', status: 200 },
  ]);
  const first = await start();
  await subscribe(first, receiver.url, { retryPolicy: { maxRetries: 2, backoffType: 'fixed', backoffSeconds: 1.5 } });
  const { id } = await publish(first, 'release.created');
  await receiver.waitFor((requests) => requests.length === 1);
  assert.equal((await first.stop()).code, 0);
  const second = await start();
  const [delivery] = await eventually('the retry', async () => {
    const { data } = await second.api<DeliveryShown[]>('GET', `/api/v1/deliveries?eventId=${id}`);
    return data.some(({ closedAt }) => closedAt !== null) ? data : null;
  });
  assert.deepEqual([delivery?.status, delivery?.attempts], ['succeeded', 2]);
  assert.deepEqual(
    receiver.requests.map(({ headers }) => headers['hookyard-attempt']),
    ['1', '2'],
  );
});

test('a second signal ends a drain that takes too long at once, and nothing is lost by it', async (t) => {
  const { receiver, start } = await setting(t, [{ kind: 'hang' }, { kind: 'status', status: 200 }]);
  const first = await start();
  await subscribe(first, receiver.url, { timeout: 60_000 });
  const { id } = await publish(first, 'release.created');
  await receiver.waitFor((requests) => requests.length === 1);
  void first.stop();
  await closedDoor(first);
  assert.equal((await first.kill('SIGTERM')).code, 1);
  const second = await start();
  await receiver.waitFor((requests) => requests.length === 2);
  const [once, again] = receiver.requests;
  assert.equal(again?.headers['hookyard-delivery'], once?.headers['hookyard-delivery']);
  assert.equal(again?.headers['hookyard-attempt'], '1', 'a try that was never settled keeps its number');
  assert.deepEqual(again?.rawBody, once?.rawBody);
  const [delivery] = await eventually('the delivery to be settled', async () => {
    const { data } = await second.api<DeliveryShown[]>('GET', `/api/v1/deliveries?eventId=${id}`);
    return data.some(({ closedAt }) => closedAt !== null) ? data : null;
  });
  assert.deepEqual([delivery?.status, delivery?.attempts], ['succeeded', 1]);
});

const OUTSTANDING = 4;
const MAX_ANSWERS_AFTER_SIGNAL = 2000;

test('a client that always has a request under way on its connection does not hold the process', async (t) => {
  const { start } = await setting(t, { kind: 'status', status: 200 });
  const hookyard = await start();
  const { hostname, port } = new URL(hookyard.url);
  const socket = connect(Number(port), hostname);
  const body = '{"type":"a.b","data":{}}';
  const head = `Host: ${hostname}\r\nAuthorization: Bearer ${ADMIN_KEY}\r\nContent-Type: application/json`;
  const ask = `POST /api/v1/events HTTP/1.1\r\n${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  let answers = 0;
  let answersAfterSignal = 0;
  let signalled = false;
  socket.setEncoding('latin1').on('data', (text: string) => {
    const arrived = text.split('HTTP/1.1 202').length - 1;
    answers += arrived;
    if (signalled) answersAfterSignal += arrived;
    if (answersAfterSignal > MAX_ANSWERS_AFTER_SIGNAL) socket.destroy();
    else if (socket.writable) socket.write(ask.repeat(arrived));
  });
  // The server hanging up while a request is on its way may also look like a reset.
  socket.on('error', () => undefined);
  socket.write(ask.repeat(OUTSTANDING));
  await eventually('a stream of answers', () => answers > 100 || null);
  signalled = true;
  const { code, stderr } = await hookyard.stop();
  assert.equal(code, 0, stderr);
  assert.ok(answersAfterSignal <= MAX_ANSWERS_AFTER_SIGNAL, `${answersAfterSignal} answers after the signal`);
});
