import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, lastTicket, RECEIVER, stillOpen, subscribe, tryOnce } from '../../test/support/flows.ts';
import { answered, type FakePorts, fakePorts, fakeRandom, unanswered } from '../../test/support/ports.ts';
import { REDACTED } from '../core/header.ts';
import { DEFAULT_TENANT, idAt, shardOf } from '../core/ids.ts';
import type { SubscriptionInput } from '../core/subscription-input.ts';
import type { Ticket } from '../ports.ts';
import { changeSubscription } from './change-subscription.ts';
import { ageMs, closeWithoutTry } from './deliver.ts';
import { pastRequest } from './past-request.ts';

async function ready(input: Partial<SubscriptionInput> = {}): Promise<{ ports: FakePorts; ticket: Ticket }> {
  const ports = fakePorts();
  await subscribe(ports, input);
  await emit(ports);
  return { ports, ticket: lastTicket(ports) };
}

describe('a try', () => {
  test('sends what the subscription says, within its timeout', async () => {
    const { ports, ticket } = await ready({ method: 'PUT', timeout: 1234, headers: { 'X-Team': 'a' } });
    await tryOnce(ports, ticket);
    const [request] = ports.sent;
    assert.deepEqual([request?.url, request?.method, request?.timeoutMs], [RECEIVER, 'PUT', 1234]);
    assert.equal(request?.headers['x-team'], 'a');
    assert.equal(request?.headers['hookyard-attempt'], '1');
  });

  test('is followed by the next one within the jitter of its policy, where the dice say', async () => {
    const retryPolicy = { backoffType: 'fixed', backoffSeconds: 100, jitter: 0.5 } as const;
    const delayMs = async (roll: number) => {
      const ports = fakePorts({ random: { ...fakeRandom(), roll: () => roll } });
      await subscribe(ports, { retryPolicy });
      await emit(ports);
      ports.answers.push(answered(500));
      const { next } = (await tryOnce(ports, lastTicket(ports))).tried.settlement;
      return next.kind === 'retry' ? next.delayMs : next.kind;
    };
    assert.deepEqual([await delayMs(0), await delayMs(0.75)], [50_000, 125_000]);
  });

  test('keeps how long its answer was, and that it was cut', async () => {
    const { ports, ticket } = await ready();
    const whole = answered(200);
    assert.ok(whole.kind === 'response');
    ports.answers.push({ ...whole, truncated: true, length: 100_000 });
    const { detail } = (await tryOnce(ports, ticket)).tried.settlement.attempt;
    assert.deepEqual([detail.responseTruncated, detail.responseLength], [true, 100_000]);
  });

  test('tells that its answer was longer than is kept, whatever was hidden in it; not of one that broke off', async () => {
    const limitOf = async (bodyBytes: number, truncated: boolean) => {
      const { ports, ticket } = await ready({ headers: { 'X-Deploy': 'canary-of-the-header' } });
      const cut = answered(422, {}, 'canary-of-the-header'.padEnd(bodyBytes, '.'));
      assert.ok(cut.kind === 'response');
      ports.answers.push({ ...cut, truncated });
      const { detail } = (await tryOnce(ports, ticket)).tried.settlement.attempt;
      assert.equal(detail.responseBody?.length, bodyBytes - 10);
      return detail.facts.limit;
    };
    assert.equal(await limitOf(65_536, true), '64 KiB');
    assert.deepEqual([await limitOf(65_536, false), await limitOf(65_535, true)], [undefined, undefined]);
  });

  test('that is answered closes the delivery and leaves its record', async () => {
    const { ports, ticket } = await ready();
    ports.answers.push(answered(204, { 'x-secret': 's', date: 'today' }));
    const { settled } = await tryOnce(ports, ticket);
    assert.deepEqual(settled, { kind: 'settled', ticket: null });
    const [attempt] = await ports.store.attempts(DEFAULT_TENANT, ticket.deliveryId);
    assert.deepEqual([attempt?.n, attempt?.closes, attempt?.statusCode], [1, 'succeeded', 204]);
    assert.deepEqual([attempt?.responseTimeMs, attempt?.sent, attempt?.delivered], [12, true, true]);
    assert.deepEqual(attempt?.detail.responseHeaders, { 'x-secret': REDACTED, date: 'today' });
  });

  test('that fails is followed by the retries of the policy, and then by none', async () => {
    const { ports, ticket } = await ready({ retryPolicy: { maxRetries: 2, backoffType: 'fixed', backoffSeconds: 7 } });
    ports.answers.push(answered(500), unanswered('connect_refused'), answered(503));
    const delays: (number | null)[] = [];
    let open: Ticket | null = ticket;
    while (open !== null) {
      const { tried, settled } = await tryOnce(ports, open);
      delays.push(tried.judgement.next.kind === 'retry' ? tried.judgement.next.delayMs : null);
      open = settled.kind === 'settled' ? settled.ticket : null;
      ports.clock.advance(7000);
    }
    assert.deepEqual(delays, [7000, 7000, null]);
    const attempts = await ports.store.attempts(DEFAULT_TENANT, ticket.deliveryId);
    assert.deepEqual(
      attempts.map(({ n, failure, closes }) => [n, failure, closes]),
      [
        [1, 'http_5xx', null],
        [2, 'connect_refused', null],
        [3, 'http_5xx', 'failed_permanent'],
      ],
    );
  });

  test('that the address gate refuses was never sent', async () => {
    const { ports, ticket } = await ready();
    ports.answers.push(unanswered('ssrf_blocked', { host: 'api.example.com' }));
    const { tried } = await tryOnce(ports, ticket);
    const { sent, closes, detail } = tried.settlement.attempt;
    assert.deepEqual([sent, closes, detail.facts], [false, 'failed_permanent', { host: 'api.example.com' }]);
  });

  test('keeps why it ended its delivery, for its words; a test would have had no other try', async () => {
    for (const [input, answer, facts] of [
      [{ profile: 'standard' }, answered(500, { 'webhook-delivery': 'abort-message' }), { wish: 'abort-message' }],
      [{ retryPolicy: { maxAgeSeconds: 1 } }, unanswered('dns_timeout', { ms: '1' }), { ms: '1', maxAgeSeconds: '1' }],
      [{}, answered(429), { unlisted: '429' }],
    ] as const) {
      const { ports, ticket } = await ready(input);
      ports.answers.push(answer, answer);
      const [test, first] = [await tryOnce(ports, { ...ticket, kind: 'test' }), await tryOnce(ports, ticket)];
      assert.deepEqual(first.tried.settlement.attempt.detail.facts, facts);
      assert.deepEqual(test.tried.settlement.attempt.detail.facts, answer.kind === 'failure' ? answer.facts : {});
    }
  });

  test('switches a standard subscription off when its receiver has gone, and never as a test', async () => {
    for (const answer of [answered(410), answered(500, { 'webhook-delivery': 'disable' })]) {
      const { ports, ticket } = await ready({ profile: 'standard' });
      ports.answers.push(answer, answer);
      const { tried } = await tryOnce(ports, { ...ticket, kind: 'test' });
      assert.deepEqual([tried.judgement.disable, tried.settlement.next.kind], [false, 'close']);
      assert.equal((await tryOnce(ports, ticket)).tried.judgement.disable, true);
    }
  });

  test('keeps no credential, under whatever name it travels', async () => {
    const canary = 'c4n4ry';
    const identities: Partial<SubscriptionInput>[] = [
      { authType: 'bearer', bearerToken: canary },
      { authType: 'header', authHeader: { name: 'X-Request-Id', value: canary } },
      { headers: { 'X-GitHub-Token': canary } },
    ];
    for (const identity of identities) {
      const { ports, ticket } = await ready(identity);
      const { tried } = await tryOnce(ports, ticket);
      assert.ok(JSON.stringify(ports.sent[0]?.headers).includes(canary));
      assert.ok(!JSON.stringify(tried.settlement).includes(canary));
    }
  });
});

/** A delivery waiting in the lane of `key`, made without the flow that chooses lanes. */
async function inLane(key: string): Promise<{ ports: FakePorts; ticket: Ticket }> {
  const ports = fakePorts();
  const { id } = await subscribe(ports, { retryPolicy: { backoffType: 'fixed', backoffSeconds: 600 } });
  await emit(ports);
  const { eventId, deliveryId: of } = lastTicket(ports);
  const made = await ports.store.redeliver({
    tenant: DEFAULT_TENANT,
    delivery: {
      deliveryId: idAt(ports.clock.nowMs(), ports.random.bytes(16)),
      subscriptionId: id,
      subscriptionVersion: 1,
      delayMs: 0,
      hold: { reason: 'ordered', key },
    },
    eventId,
    of,
    kind: 'redelivery',
    by: null,
    claims: [],
  });
  assert.equal(made.kind, 'appended');
  const lane = { subscriptionId: id, shard: shardOf(id, ports.store.shards), key };
  const [ticket] = (await ports.store.laneRun(lane, -1, { tickets: 9, bytes: 1e6 })).tickets;
  return { ports, ticket: ticket ?? assert.fail() };
}

describe('the sequence of a delivery', () => {
  test('travels with every try of an ordered one, is kept and shown with each', async () => {
    const { ports, ticket } = await inLane('order-7');
    assert.ok(ticket.place.kind === 'lane');
    ports.answers.push(answered(500));
    const { settled } = await tryOnce(ports, ticket);
    await tryOnce(ports, stillOpen(settled));
    const stored = await ports.store.event(DEFAULT_TENANT, ticket.eventId);
    for (const [at, attempt] of (await ports.store.attempts(DEFAULT_TENANT, ticket.deliveryId)).entries()) {
      assert.equal(ports.sent[at]?.headers['hookyard-sequence'], `${ticket.place.pos}`);
      assert.equal(attempt.detail.sequence, ticket.place.pos);
      const past = await pastRequest(ports, attempt, stored?.event ?? assert.fail(), 'first');
      assert.equal(past?.headers['hookyard-sequence'], `${ticket.place.pos}`);
    }
    assert.equal(ports.sent.length, 2);
  });

  test('is none outside a lane or in one without a key', async () => {
    for (const { ports, ticket } of [await ready(), await inLane('')]) {
      const { tried } = await tryOnce(ports, ticket);
      assert.ok(!('hookyard-sequence' in (ports.sent[0]?.headers ?? {})));
      assert.equal(tried.settlement.attempt.detail.sequence, null);
    }
  });

  test('stands in the record of one that is closed without a try', async () => {
    const { ports, ticket } = await inLane('order-7');
    const stored = await ports.store.event(DEFAULT_TENANT, ticket.eventId);
    const why = { closes: 'expired', failure: 'expired', atMs: 5 } as const;
    const { attempt } = closeWithoutTry(ticket, stored?.event ?? assert.fail(), 1, why);
    assert.equal(attempt?.detail.sequence, ticket.place.kind === 'lane' ? ticket.place.pos : null);
  });
});

describe('a past attempt', () => {
  test('shows the headers and body it sent, also after the subscription has changed', async () => {
    const { ports, ticket } = await ready({ retryPolicy: { backoffType: 'fixed', backoffSeconds: 600 } });
    ports.answers.push(answered(500));
    const { settled } = await tryOnce(ports, ticket);
    const change = { id: ticket.subscriptionId, patch: { url: `${RECEIVER}/moved` }, ifVersion: null };
    await changeSubscription(ports, { tenant: DEFAULT_TENANT, ...change });
    ports.clock.advance(600_005);
    await tryOnce(ports, stillOpen(settled));
    const attempts = await ports.store.attempts(DEFAULT_TENANT, ticket.deliveryId);
    const stored = await ports.store.event(DEFAULT_TENANT, ticket.eventId);
    assert.ok(stored !== null);
    for (const [at, attempt] of attempts.entries()) {
      const past = await pastRequest(ports, attempt, stored.event, 'first');
      const { url, method, headers, body } = ports.sent[at] ?? assert.fail();
      const framing = {
        host: new URL(url).host,
        connection: 'keep-alive',
        'content-length': `${body.length}`,
        'accept-encoding': 'identity',
      };
      const settings = { profile: 'stella', maxAttempts: 4 };
      assert.deepEqual(past, { ...settings, url, method, headers: { ...framing, ...headers }, body });
    }
    assert.deepEqual(
      ports.sent.map(({ url }) => url),
      [RECEIVER, `${RECEIVER}/moved`],
    );
    assert.notDeepEqual(ports.sent[0]?.body, ports.sent[1]?.body, 'the later one carries its due time');
  });

  test('cannot be shown without the version it was made with', async () => {
    const { ports, ticket } = await ready();
    const { tried } = await tryOnce(ports, ticket);
    const stored = await ports.store.event(DEFAULT_TENANT, ticket.eventId);
    assert.ok(stored !== null);
    const attempt = { ...tried.settlement.attempt, subscriptionVersion: 9 };
    assert.equal(await pastRequest(ports, attempt, stored.event, 'first'), null);
    const blind = { ...ports, sealer: { ...ports.sealer, open: () => ({ kind: 'unavailable', keyId: 'x' }) as const } };
    assert.equal(await pastRequest(blind, tried.settlement.attempt, stored.event, 'first'), null);
  });
});

test('a delivery does not age while its subscription is paused', async () => {
  const { ports, ticket } = await ready();
  const configuration = await ports.configuration.of(DEFAULT_TENANT);
  const [subscription] = configuration.subscriptions.values();
  const stored = await ports.store.event(DEFAULT_TENANT, ticket.eventId);
  assert.ok(subscription !== undefined && stored !== null);
  const madeMs = stored.event.acceptedAtMs;
  const paused = { ...subscription, pauses: [{ fromMs: madeMs + 100, toMs: madeMs + 400 }] };
  assert.equal(ageMs({ ticket, event: stored.event, subscription: paused }, madeMs + 1000), 700);
});

test('a delivery closed without a try counts on from its tries and says that nothing was sent', async () => {
  const { ports, ticket } = await ready();
  const stored = await ports.store.event(DEFAULT_TENANT, ticket.eventId);
  assert.ok(stored !== null);
  const why = { closes: 'expired', failure: 'expired', atMs: 5 } as const;
  const { attempt, next } = closeWithoutTry({ ...ticket, n: 3 }, stored.event, 1, why);
  assert.deepEqual([attempt?.n, attempt?.sent, attempt?.closes, next.kind], [4, false, 'expired', 'close']);
});
