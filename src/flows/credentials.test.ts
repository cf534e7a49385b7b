import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, lastTicket, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { hexSignature } from '../core/signature/sign.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import type { SubscriptionInput } from '../core/subscription-input.ts';
import { changeSubscription } from './change-subscription.ts';
import { findCredentials } from './credentials.ts';
import { deliver, type Tried } from './deliver.ts';
import { pastRequest } from './past-request.ts';
import { pauseSubscription } from './pause-subscription.ts';
import { sealSubscription } from './sealed-configuration.ts';

const TOKEN = 'env:HOOKYARD_SECRET_TOKEN';
const KEY = 'file:acme/key';

/** Values by reference; what is not there is missing. */
function holding(values: Record<string, string>): FakePorts {
  const read = async (reference: string) => {
    const value = values[reference];
    return value === undefined
      ? ({ kind: 'missing', reason: 'there is no such file' } as const)
      : ({ kind: 'value', value } as const);
  };
  return fakePorts({ secretReferences: { read } });
}

/** A try of a subscription with references. */
async function tried(ports: FakePorts, changes: Partial<SubscriptionConfig>, input: Partial<SubscriptionInput> = {}) {
  const subscription = await subscribe(ports, { profile: 'stella', ...input });
  await emit(ports);
  const event = ports.offered[0]?.event ?? assert.fail();
  const config = { ...(subscription.config ?? assert.fail()), ...changes };
  const ticket = lastTicket(ports);
  const result: Tried = await deliver(ports, { ticket, event, subscription, config, mayRepeat: false });
  const past = async () => {
    const sealed = sealSubscription(ports, DEFAULT_TENANT, subscription.id, config);
    const store = { ...ports.store, subscriptionVersion: async () => sealed };
    return (await pastRequest({ ...ports, store }, result.settlement.attempt, event, ticket.kind)) ?? assert.fail();
  };
  return { result, past, ticket };
}

const BEARER = { auth: { type: 'bearer', token: '' }, credentialRef: TOKEN } as const;
const SIGNED = { auth: { type: 'signature' }, secretRef: KEY, signatureSecrets: [] } as const;

describe('a configuration with what it refers to', () => {
  test('is one object until a value changes', async () => {
    const values = { [TOKEN]: 'hush', [KEY]: 'a key' };
    const ports = holding(values);
    const { config: stored } = await subscribe(ports, { profile: 'stella' });
    const config = { ...(stored ?? assert.fail()), ...BEARER, secretRef: KEY };
    const complete = async () => {
      const found = await findCredentials(ports, config);
      assert.ok(found.kind === 'ready');
      return found.config;
    };
    const first = await complete();
    assert.equal(await complete(), first);
    values[TOKEN] = 'hush now';
    const second = await complete();
    assert.deepEqual(second.auth, { type: 'bearer', token: 'hush now' });
    values[KEY] = 'another key';
    assert.deepEqual((await complete()).signatureSecrets, ['another key']);
    assert.deepEqual((await complete()).auth, second.auth);
  });
});

describe('a try whose credential stands elsewhere', () => {
  test('sends it, and its record only tells where it stood', async () => {
    const ports = holding({ [TOKEN]: 'hush' });
    const { past } = await tried(ports, BEARER);
    assert.equal(ports.sent[0]?.headers.authorization, 'Bearer hush');
    const { headers } = await past();
    assert.equal(headers.authorization, `[from ${TOKEN}]`);
    assert.match(headers['x-stella-delivery'] ?? '', /^[0-9a-f-]{36}$/);
  });

  test('sends nothing while it is missing, and says which and why', async () => {
    const ports = holding({});
    const { result, past } = await tried(ports, BEARER);
    assert.deepEqual(ports.sent, []);
    const { sent, delivered, failure, detail } = result.settlement.attempt;
    assert.deepEqual([sent, delivered, failure], [false, false, 'secret_unavailable']);
    assert.deepEqual(detail.facts, { reference: TOKEN, reason: 'there is no such file' });
    assert.deepEqual((await past()).headers, {});
  });

  test('sends nothing when no header can carry it', async () => {
    const ports = holding({ [TOKEN]: 'hush\nX-Other: 1' });
    const { result } = await tried(ports, BEARER);
    assert.deepEqual(ports.sent, []);
    assert.ok(!JSON.stringify(result).includes('hush'));
  });
});

describe('a try whose signing secret stands elsewhere', () => {
  test('is signed with it, and its record only tells where it stood', async () => {
    const ports = holding({ [KEY]: 'hush' });
    const { past } = await tried(ports, SIGNED);
    const [request] = ports.sent;
    const body = request?.body ?? assert.fail();
    const signature = hexSignature(new TextEncoder().encode('hush'), body, ports.mac.hmac);
    assert.equal(request?.headers['x-stella-signature'], signature);
    const { headers } = await past();
    assert.equal(headers['x-stella-signature'], `[from ${KEY}]`);
    assert.equal(headers['webhook-signature'], `[from ${KEY}]`);
    assert.equal(headers['webhook-id'], request?.headers['webhook-id']);
  });

  test('sends nothing when it is no key', async () => {
    const ports = holding({ [KEY]: 'whsec_' });
    const { result } = await tried(ports, SIGNED);
    assert.deepEqual([ports.sent.length, result.settlement.attempt.failure], [0, 'secret_unavailable']);
  });
});

test('a signing secret that stands elsewhere and that no receiver loads signs nothing, or is warned of', async () => {
  const ports = holding({ [KEY]: 'whsec_not-base64!' });
  const input = { authType: 'signature', secretRef: KEY } as const;
  const { result } = await tried(ports, {}, { ...input, profile: 'standard' });
  assert.deepEqual([ports.sent.length, result.settlement.attempt.failure], [0, 'secret_unavailable']);
  const { cautions } = await subscribe(ports, { ...input, profile: 'stella' });
  assert.match(cautions?.join() ?? '', /webhook-\*/);
});

describe('the TLS policy of a try', () => {
  test('is that of its subscription, and the same object for the same configuration', async () => {
    const ports = holding({});
    const cases: [Partial<SubscriptionConfig>, object][] = [
      [{}, { verify: true, ca: null }],
      [{ sslVerification: false }, { verify: false, ca: null }],
      [{ customCa: 'pem' }, { verify: true, ca: 'pem' }],
    ];
    const subscription = await subscribe(ports);
    await emit(ports);
    const event = ports.offered[0]?.event ?? assert.fail();
    for (const [changes, tls] of cases) {
      const config = { ...(subscription.config ?? assert.fail()), ...changes };
      const work = { ticket: lastTicket(ports), event, subscription, config, mayRepeat: false };
      await deliver(ports, work);
      await deliver(ports, work);
      const [first, second] = ports.sent.splice(0);
      assert.deepEqual(first?.tls, tls);
      assert.equal(second?.tls, first?.tls);
    }
  });
});

test('a subscription that is saved says which of its references leads nowhere, as long as it does', async () => {
  const values: Record<string, string> = {};
  const ports = holding(values);
  const made = await subscribe(ports, { authType: 'bearer', credentialRef: TOKEN });
  const lack = { reference: TOKEN, reason: 'there is no such file' };
  assert.deepEqual(made.lacks, lack);
  const change = (name: string) =>
    changeSubscription(ports, { tenant: DEFAULT_TENANT, id: made.id, patch: { name }, ifVersion: null });
  for (const name of ['two', 'two']) {
    const renamed = await change(name);
    assert.ok(renamed.kind === 'changed');
    assert.deepEqual(renamed.subscription.lacks, lack);
  }
  for (const paused of [true, true, false]) {
    const outcome = await pauseSubscription(ports, { tenant: DEFAULT_TENANT, id: made.id, paused });
    assert.ok(outcome.kind === 'changed');
    assert.deepEqual(outcome.subscription.lacks, lack);
  }
  values[TOKEN] = 'there now';
  for (const name of ['two', 'three']) {
    const found = await change(name);
    assert.ok(found.kind === 'changed' && found.subscription.lacks === undefined, name);
  }
});
