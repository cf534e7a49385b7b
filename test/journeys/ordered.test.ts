import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { ask, type DeliveryShown, deliveriesOf, deliveryOf, publish, subscribe } from '../support/journey.ts';
import type { Received, Reply } from '../support/receiver.ts';
import { openTimedJourney } from '../support/timed-journey.ts';

const journey = await openTimedJourney();
after(journey.close);

const fine = { kind: 'status', status: 200 } as const;
const down = { kind: 'status', status: 503 } as const;
const ORDERED = { ordered: true, retryPolicy: { maxRetries: 20, backoffType: 'fixed', backoffSeconds: 30 } };

interface Item {
  key: string;
  n: number;
}

function itemOf({ rawBody }: Received): Item {
  return JSON.parse(rawBody.toString()).data;
}

/** The numbers of one key, in order of arrival; a retry shows again. */
function arrived(requests: readonly Received[], key: string): number[] {
  return requests
    .map(itemOf)
    .filter((item) => item.key === key)
    .map(({ n }) => n);
}

function sequencesOf(requests: readonly Received[], key: string): number[] {
  const ofKey = requests.filter((request) => itemOf(request).key === key);
  return ofKey.map(({ headers }) => Number(headers['hookyard-sequence']));
}

/** A receiver's answers, by key and number. */
function answering(reply: (item: Item) => Reply): (request: Received) => Reply {
  return (request) => reply(itemOf(request));
}

async function publishInOrder(type: string, items: readonly Item[]): Promise<string[]> {
  const ids: string[] = [];
  for (const item of items) ids.push((await publish(journey, type, item, { orderingKey: item.key })).id);
  return ids;
}

function alternating(keys: readonly string[], count: number): Item[] {
  return Array.from({ length: count }, (_, n) => keys.map((key) => ({ key, n }))).flat();
}

function assertRising(numbers: readonly number[]): void {
  const rising = [...new Set(numbers)].sort((a, b) => a - b);
  assert.ok(numbers.length > 1 && rising.length === numbers.length, `each its own: ${numbers}`);
  assert.deepEqual(numbers, rising);
}

test('a delivery that fails holds up its own key in its order, and no other', async () => {
  const type = 'ordered.keys';
  let failures = 2;
  const receiver = await journey.receiver(
    answering(({ key, n }) => (key === 'a' && n === 0 && failures-- > 0 ? down : fine)),
  );
  const subscription = await subscribe(journey, receiver.url, { events: [type], ...ORDERED });
  const [first = '', , second = ''] = await publishInOrder(type, alternating(['a', 'b'], 10));
  await receiver.waitFor((requests) => arrived(requests, 'b').length === 10);
  const head = await deliveryOf(journey, first, ({ attempts }) => attempts === 1);
  assert.deepEqual([head.status, head.heldReason], ['failed_retry', null]);
  assert.ok(head.nextRetryAt);
  const follower = await deliveryOf(journey, second, () => true);
  assert.deepEqual([follower.status, follower.heldReason, follower.attempts], ['pending', 'ordered', 0]);
  assert.deepEqual(arrived(receiver.requests, 'a'), [0]);
  await journey.pass(30_000);
  await receiver.waitFor((requests) => arrived(requests, 'a').length === 2);
  await deliveryOf(journey, first, ({ attempts }) => attempts === 2);
  assert.deepEqual(arrived(receiver.requests, 'a'), [0, 0]);
  await journey.pass(30_000);
  await receiver.waitFor((requests) => requests.length === 22);
  assert.deepEqual(arrived(receiver.requests, 'a'), [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(arrived(receiver.requests, 'b'), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const ofA = sequencesOf(receiver.requests, 'a');
  assert.equal(new Set(ofA.slice(0, 3)).size, 1, 'a retry keeps its place');
  assertRising(ofA.slice(2));
  assertRising(sequencesOf(receiver.requests, 'b'));
  await assertShownSequences(subscription, receiver.requests);
});

/** The API shows the sequence that travelled with each delivery, also when it is closed. */
async function assertShownSequences(subscription: string, requests: readonly Received[]): Promise<void> {
  const shown = await eventually('the end of all', async () => {
    const all = await deliveriesOf(journey, subscription);
    return all.every(({ status }) => status === 'succeeded') ? all : null;
  });
  const sent = new Map(
    requests.map(({ headers }) => [headers['hookyard-delivery'], Number(headers['hookyard-sequence'])]),
  );
  const expected = shown.map(({ id }) => sent.get(id));
  assert.deepEqual(
    shown.map(({ sequence }) => sequence),
    expected,
  );
}

test('a delivery that fails for good lets the next one of its key pass', async () => {
  const type = 'ordered.final';
  const receiver = await journey.receiver(answering(({ n }) => (n === 0 ? { kind: 'status', status: 404 } : fine)));
  const subscription = await subscribe(journey, receiver.url, { events: [type], ...ORDERED });
  await publishInOrder(type, alternating(['a'], 3));
  await receiver.waitFor((requests) => requests.length === 3);
  assert.deepEqual(arrived(receiver.requests, 'a'), [0, 1, 2]);
  await eventually('their end', async () => {
    const closed = (await deliveriesOf(journey, subscription)).filter(({ closedAt }) => closedAt !== null);
    return closed.length === 3 || null;
  });
});

test('events without a key do not wait for those with one', async () => {
  const type = 'ordered.keyless';
  const receiver = await journey.receiver(answering(({ key }) => (key === 'a' ? down : fine)));
  await subscribe(journey, receiver.url, { events: [type], ...ORDERED });
  await publishInOrder(type, alternating(['a'], 2));
  const { id } = await publish(journey, type, { key: 'none', n: 0 });
  const delivery = await deliveryOf(journey, id, ({ status }) => status === 'succeeded');
  assert.equal(delivery.sequence, null);
  const [request] = receiver.requests.filter((one) => itemOf(one).key === 'none');
  assert.equal(request?.headers['hookyard-sequence'], undefined);
  await receiver.waitFor((requests) => arrived(requests, 'a').length === 1);
  assert.deepEqual(arrived(receiver.requests, 'a'), [0]);
});

test('one at a time of each key, however many keys there are', async () => {
  const type = 'ordered.many';
  const keys = Array.from({ length: 20 }, (_, at) => `key-${at}`);
  const inside = new Set<string>();
  const meetings: string[] = [];
  const receiver = await journey.receiver((request) => {
    const { key, n } = itemOf(request);
    if (inside.has(key)) meetings.push(`${key} ${n}`);
    inside.add(key);
    const leave = () => inside.delete(key);
    return { ...fine, until: new Promise<void>((resolve) => setImmediate(resolve)).then(leave) };
  });
  await subscribe(journey, receiver.url, { events: [type], ordered: true, maxConcurrency: 16 });
  await publishInOrder(type, alternating(keys, 10));
  await receiver.waitFor((requests) => requests.length === 200);
  assert.deepEqual(meetings, []);
  for (const key of keys) {
    assert.deepEqual(arrived(receiver.requests, key), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assertRising(sequencesOf(receiver.requests, key));
  }
});

test('order is kept over a restart, by what failed, what waited and what is new', async () => {
  const type = 'ordered.restart';
  let isDown = true;
  const receiver = await journey.receiver(answering(({ key }) => (key === 'a' && isDown ? down : fine)));
  const subscription = await subscribe(journey, receiver.url, { events: [type], ...ORDERED });
  const [first = ''] = await publishInOrder(type, alternating(['a', 'b'], 5));
  await receiver.waitFor((requests) => arrived(requests, 'b').length === 5);
  await deliveryOf(journey, first, ({ attempts }) => attempts === 1);
  await journey.restart();
  isDown = false;
  const later = Array.from({ length: 5 }, (_, at) => at + 5);
  await publishInOrder(
    type,
    later.flatMap((n) => ['a', 'b'].map((key) => ({ key, n }))),
  );
  await receiver.waitFor((requests) => arrived(requests, 'b').length === 10);
  assert.deepEqual(arrived(receiver.requests, 'a'), [0], 'its retry is not due yet');
  await journey.pass(30_000);
  await receiver.waitFor((requests) => requests.length === 21);
  assert.deepEqual(arrived(receiver.requests, 'a'), [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(arrived(receiver.requests, 'b'), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertRising(sequencesOf(receiver.requests, 'a').slice(1));
  assertRising(sequencesOf(receiver.requests, 'b'));
  await assertShownSequences(subscription, receiver.requests);
});

test('a pause keeps the order, over a restart as well', async () => {
  const type = 'ordered.pause';
  const receiver = await journey.receiver();
  const subscription = await subscribe(journey, receiver.url, { events: [type], ...ORDERED });
  await publishInOrder(type, alternating(['a', 'b'], 3));
  await receiver.waitFor((requests) => requests.length === 6);
  await ask(journey, subscription, 'pause');
  const later = [3, 4, 5].flatMap((n) => ['a', 'b'].map((key) => ({ key, n })));
  await publishInOrder(type, later);
  await journey.restart();
  const held: readonly DeliveryShown[] = await deliveriesOf(journey, subscription, 'pending');
  assert.deepEqual(
    held.map(({ heldReason }) => heldReason),
    Array(6).fill('paused'),
  );
  await ask(journey, subscription, 'resume');
  await receiver.waitFor((requests) => requests.length === 12);
  for (const key of ['a', 'b']) {
    assert.deepEqual(arrived(receiver.requests, key), [0, 1, 2, 3, 4, 5]);
    assertRising(sequencesOf(receiver.requests, key));
  }
});
