import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHookyard } from '../support/hookyard.ts';
import { allDeliveries, deliveriesOf, openJourney, subscribe } from '../support/journey.ts';
import { assertProblem } from '../support/problems.ts';
import type { Received } from '../support/receiver.ts';

const BATCH = '/api/v1/events/batch';
const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;

interface Result {
  index: number;
  id?: string;
  deliveries?: number;
  duplicate?: true;
  problem?: { status: number; code: string; errors: readonly { pointer: string }[] };
}

interface BatchShown {
  accepted: number;
  refused: number;
  results: readonly Result[];
}

async function typesStored(like: string): Promise<string[]> {
  const { data } = await hookyard.api<readonly { type: string }[]>('GET', '/api/v1/events?limit=200');
  return data.map(({ type }) => type).filter((type) => type.startsWith(like));
}

const dataOf = ({ rawBody }: Received): string => /,"data":([\s\S]*)}$/.exec(rawBody.toString())?.[1] ?? '';

test('a batch reaches its receiver byte for byte, each event once, and says what is wrong with the others', async () => {
  const receiver = await journey.receiver();
  await subscribe(hookyard, receiver.url, { events: ['exact.*'] });
  const texts = ['{"ratio": 1.0, "twice":1,"twice":2}', '12345678901234567890123', '"\\u00e9/é"', '[ ]', 'null'];
  const events = texts.map((text, at) => `{ "data" : ${text},\n"type":"exact.n${at}" }`);
  const wrong = '{"type":"not a type","data":1}';
  const body = `{"events":[${[events[0], wrong, ...events.slice(1)].join(' ,\t')}]}`;
  const { status, data } = await hookyard.api<BatchShown>('POST', BATCH, body);
  assert.deepEqual([status, data.accepted, data.refused], [202, texts.length, 1]);
  const [, refused] = data.results;
  assert.deepEqual(
    [refused?.index, refused?.problem?.status, refused?.problem?.errors.map(({ pointer }) => pointer)],
    [1, 400, ['/events/1/type']],
  );
  await receiver.waitFor((requests) => requests.length === texts.length);
  assert.deepEqual(receiver.requests.map(dataOf).sort(), [...texts].sort());
  const accepted = data.results.flatMap(({ id }) => id ?? []);
  assert.equal(new Set(accepted).size, texts.length);
});

test('an atomic batch with one wrong event stores nothing, and without it all at once', async () => {
  const receiver = await journey.receiver();
  const subscription = await subscribe(hookyard, receiver.url, { events: ['whole.*'] });
  const events = Array.from({ length: 20 }, (_, at) => ({ type: `whole.n${at}`, data: at }));
  const wrong = [...events, { type: 'whole.wrong', data: 1, colour: 'red' }];
  const refused = await hookyard.api<BatchShown>('POST', BATCH, { events: wrong, atomic: true });
  assert.equal(refused.status, 422);
  assertProblem(refused, 'batch_refused');
  assert.deepEqual(refused.problem.errors, [{ pointer: '/events/20/colour', message: 'Unknown field.' }]);
  assert.deepEqual(await typesStored('whole.'), []);
  const { status, data } = await hookyard.api<BatchShown>('POST', BATCH, { events, atomic: true });
  assert.deepEqual([status, data.accepted, data.refused], [202, 20, 0]);
  await receiver.waitFor((requests) => requests.length === 20);
  assert.equal((await deliveriesOf(hookyard, subscription)).length, 20);
});

for (const more of [{}, { atomic: true }]) {
  const which = 'atomic' in more ? 'an atomic batch' : 'a batch';
  test(`events of one ordering key in ${which} arrive in its order`, async () => {
    const receiver = await journey.receiver();
    const type = 'atomic' in more ? 'together.ordered' : 'each.ordered';
    await subscribe(hookyard, receiver.url, { events: [type], ordered: true });
    const events = Array.from({ length: 60 }, (_, n) => ({ type, data: n, orderingKey: `k${n % 3}` }));
    assert.equal((await hookyard.api('POST', BATCH, { events, ...more })).status, 202);
    await receiver.waitFor((requests) => requests.length === 60);
    const arrived = receiver.requests.map(dataOf).map(Number);
    for (const key of [0, 1, 2]) {
      const ofKey = arrived.filter((n) => n % 3 === key);
      assert.deepEqual(
        ofKey,
        ofKey.toSorted((a, b) => a - b),
      );
    }
  });
}

test('what is over the limits of a batch is refused before it is stored', async () => {
  const many = { events: Array.from({ length: 1001 }, () => ({ type: 'over.limit', data: 1 })) };
  const counted = await hookyard.api('POST', BATCH, many);
  assertProblem(counted, 'validation_failed');
  assert.deepEqual(counted.problem.errors, [{ pointer: '/events', message: 'At most 1000 items.' }]);
  const large = { events: Array.from({ length: 9 }, () => ({ type: 'over.limit', data: 'x'.repeat(1_000_000) })) };
  assertProblem(await hookyard.api('POST', BATCH, large), 'body_too_large');
  assert.deepEqual(await typesStored('over.'), []);
});

test('a batch that broke off when the process was killed counts once, event by event, when it is sent again', async (context) => {
  const broken = await openJourney();
  context.after(broken.close);
  const receiver = await broken.receiver();
  await subscribe(broken.hookyard, receiver.url, { maxConcurrency: 50 });
  const events = Array.from({ length: 600 }, (_, n) => ({ type: 'broken.off', data: n, orderingKey: `k${n % 10}` }));
  const key = { 'idempotency-key': 'batch-1' };
  const first = broken.hookyard.api('POST', BATCH, { events }, key).catch(() => null);
  await receiver.waitFor((requests) => requests.length > 0);
  await broken.hookyard.kill('SIGKILL');
  await first;
  const { dataDirectory } = broken.hookyard;
  const again = await startHookyard({ dataDirectory, flags: ['--allow-hosts', '127.0.0.1'] });
  context.after(() => again.kill('SIGKILL'));
  const repeat = () => again.api<BatchShown>('POST', BATCH, { events }, key);
  const [one, two] = await Promise.all([repeat(), repeat()]);
  assert.deepEqual([one.status, one.data.accepted], [202, events.length], one.text);
  assert.deepEqual(two.data, one.data);
  assert.equal((await allDeliveries(again)).length, events.length);
  const different = await again.api('POST', BATCH, { events: events.slice(1) }, key);
  assertProblem(different, 'idempotency_mismatch');
});
