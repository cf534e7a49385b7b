import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf, RECEIVER, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, isId } from '../core/ids.ts';
import type { SubscriptionInput } from '../core/subscription-input.ts';
import type { Vetted } from '../ports.ts';
import { type CreateSubscription, createSubscription } from './create-subscription.ts';
import { claimOf, openAnswer } from './idempotency.ts';

function create(ports: FakePorts, input: Partial<SubscriptionInput> = {}, more: Partial<CreateSubscription> = {}) {
  const whole = { name: 'one', url: RECEIVER, ...input };
  return createSubscription(ports, { tenant: DEFAULT_TENANT, by: null, input: whole, enabled: true, ...more });
}

async function listed(ports: FakePorts): Promise<number> {
  return (await ports.store.configuration(DEFAULT_TENANT)).subscriptions.length;
}

describe('a new subscription', () => {
  test('is in the configuration of this node before its maker hears of it', async () => {
    const ports = fakePorts();
    const made = await subscribe(ports, { owner: 'org:7' });
    assert.ok(isId(made.id));
    const live = ports.configuration.peek(DEFAULT_TENANT)?.subscriptions.get(made.id);
    assert.deepEqual(live?.config, made.config);
    assert.deepEqual([live?.version, live?.state], [made.version, made.state]);
  });

  test('is sealed in the store', async () => {
    const ports = fakePorts();
    await subscribe(ports, { signatureSecret: 'c4n4ry' });
    const [row] = (await ports.store.configuration(DEFAULT_TENANT)).subscriptions;
    assert.ok(row !== undefined && !Buffer.from(row.config).toString('latin1').includes('c4n4ry'));
  });

  test('that asks for signatures and names no secret gets one that verifiers can load', async () => {
    const made = await create(fakePorts(), { authType: 'signature' });
    assert.ok(made.kind === 'created');
    assert.match(made.generatedSecret ?? '', /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(made.subscription.config?.signatureSecrets, [made.generatedSecret]);
  });

  test('can begin disabled', async () => {
    const ports = fakePorts();
    const made = await subscribe(ports, {}, false);
    const state = ports.configuration.peek(DEFAULT_TENANT)?.subscriptions.get(made.id)?.state;
    assert.deepEqual(state, { kind: 'disabled', sinceMs: ports.clock.nowMs(), reason: 'user' });
    assert.deepEqual(made.state, state);
  });

  test('with wrong fields is refused with all of them, and no name is looked up', async () => {
    const ports = fakePorts();
    const refused = problemOf(await create(ports, { owner: '', events: ['*x'] }), 'validation_failed');
    assert.deepEqual(
      refused.errors?.map(({ pointer }) => pointer),
      ['/events/0', '/owner'],
    );
    assert.deepEqual(ports.vetted.asked, []);
    assert.equal(await listed(ports), 0);
  });

  test('made twice under one key is made once', async () => {
    const ports = fakePorts();
    const claims: CreateSubscription['claims'] = ({ subscription }) => [
      claimOf(ports, DEFAULT_TENANT, 'create', 'k1', new Uint8Array(32), { id: subscription.id }),
    ];
    const first = await create(ports, {}, { claims });
    const second = await create(ports, {}, { claims });
    assert.ok(first.kind === 'created' && second.kind === 'repeated');
    assert.deepEqual(openAnswer(ports, DEFAULT_TENANT, second.answer), { id: first.subscription.id });
    assert.equal(openAnswer(ports, first.subscription.id, second.answer), null, 'not for another tenant');
    assert.equal(await listed(ports), 1);
  });
});

describe('a receiver that the address gate', () => {
  const host = 'api.example.com';
  const refusal = { rule: 'special_address', message: 'It is private.', remedy: 'Use a public one.' } as const;
  const verdicts: readonly [string, Vetted, string | null, RegExp][] = [
    ['refuses is refused with its reason', { kind: 'refused', refusal }, 'url_refused', /private\. Use a public/],
    [
      'cannot resolve is refused',
      { kind: 'unresolved', host, failure: 'not_found' },
      'url_unresolved',
      /does not resolve/,
    ],
    [
      'gets no answer for is to be tried again',
      { kind: 'unresolved', host, failure: 'timeout' },
      'url_unresolved_timeout',
      /did not answer/,
    ],
    [
      'cannot resolve but is told to allow is taken',
      { kind: 'unresolved', host, failure: 'timeout', allowListed: true },
      null,
      /./,
    ],
  ];
  for (const [name, verdict, code, message] of verdicts) {
    test(name, async () => {
      const ports = fakePorts();
      ports.vetted.of = () => verdict;
      const made = await create(ports);
      assert.deepEqual(ports.vetted.asked, [RECEIVER]);
      assert.equal(await listed(ports), code === null ? 1 : 0);
      if (made.kind !== 'problem') return assert.equal(code, null);
      assert.equal(made.code, code);
      assert.deepEqual(
        made.errors?.map(({ pointer }) => pointer),
        ['/url'],
      );
      assert.match(made.errors?.[0]?.message ?? '', message);
    });
  }
});
