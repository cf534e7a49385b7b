import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOf, subscribe } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import type { Store } from '../ports.ts';
import { changeSubscription } from './change-subscription.ts';
import { claimOf } from './idempotency.ts';
import { rotateSecret } from './rotate-secret.ts';

const tenant = DEFAULT_TENANT;
const signed = { profile: 'standard', signatureSecret: 'old' } as const;

test("a rotation and its caller's key are committed together, and the key gives its answer again", async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports, signed);
  const rotate = () =>
    rotateSecret(ports, {
      tenant,
      id,
      ifVersion: null,
      claims: ({ generatedSecret }) => [claimOf(ports, tenant, 'rotate', 'k', new Uint8Array(32), { generatedSecret })],
    });
  const first = await rotate();
  assert.ok(first.kind === 'rotated', JSON.stringify(first));
  const kept = await ports.store.recall(tenant, 'rotate', 'k');
  const again = await rotate();
  assert.deepEqual(again.kind === 'repeated' && again.answer, kept?.answer);
  const { subscriptions } = await ports.configuration.of(tenant);
  assert.deepEqual(subscriptions.get(id)?.config?.signatureSecrets, [first.generatedSecret]);
  assert.equal(subscriptions.get(id)?.version, 2);
});

test('a rotation that was overtaken by another change is made on what stands then', async () => {
  const { store } = fakePorts();
  let overtake = async () => {};
  const configure: Store['configure'] = async (request) => {
    await overtake();
    return store.configure(request);
  };
  const ports = fakePorts({ store: { ...store, configure } });
  const { id } = await subscribe(ports, signed);
  overtake = async () => {
    overtake = async () => {};
    await changeSubscription(ports, { tenant, id, patch: { name: 'another' }, ifVersion: null });
  };
  const rotation = { tenant, id, secret: 'new', claims: () => [] };
  const outcome = await rotateSecret(ports, { ...rotation, ifVersion: null });
  assert.ok(outcome.kind === 'rotated' && outcome.subscription.config !== null, JSON.stringify(outcome));
  assert.deepEqual([outcome.subscription.version, outcome.subscription.config.name], [3, 'another']);
  overtake = async () => {
    overtake = async () => {};
    await changeSubscription(ports, { tenant, id, patch: { name: 'a third' }, ifVersion: null });
  };
  problemOf(await rotateSecret(ports, { ...rotation, secret: 'newer', ifVersion: 3 }), 'precondition_failed');
});
