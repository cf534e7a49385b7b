import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOf } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { changed, madeSource, standing } from '../../test/support/source-flows.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { type RotateSourceSecret, rotateSourceSecret } from './rotate-source-secret.ts';
import { findSourceSecrets } from './source-secrets.ts';

const DAY_MS = 86_400_000;

function rotate(ports: FakePorts, id: Id, more: Partial<RotateSourceSecret> = {}) {
  return rotateSourceSecret(ports, { tenant: DEFAULT_TENANT, id, ifVersion: null, claims: () => [], ...more });
}

async function secretsOf(ports: FakePorts, id: Id): Promise<readonly string[]> {
  const { config } = await standing(ports, id);
  assert.ok(config !== null);
  const found = await findSourceSecrets(ports, config, ports.clock.nowMs());
  assert.ok(found.kind === 'secrets', JSON.stringify(found));
  return found.secrets;
}

test('a rotated secret proves senders beside the new one for a day, and then no longer', async () => {
  const ports = fakePorts();
  const { id } = (await madeSource(ports, { type: 'native', secret: 'the old one' })).source;
  const outcome = await rotate(ports, id);
  assert.ok(outcome.kind === 'changed' && outcome.generatedSecret !== null);
  const fresh = outcome.generatedSecret;
  assert.deepEqual(await secretsOf(ports, id), [fresh, 'the old one']);
  ports.clock.advance(DAY_MS);
  assert.deepEqual(await secretsOf(ports, id), [fresh]);
});

test('a secret that is set by a change ends the old ones at once; other changes leave them their time', async () => {
  const ports = fakePorts();
  const { id } = (await madeSource(ports, { type: 'native', secret: 'one' })).source;
  await rotate(ports, id, { secret: 'two' });
  await changed(ports, id, { patch: { name: 'n' } });
  assert.deepEqual(await secretsOf(ports, id), ['two', 'one']);
  await changed(ports, id, { patch: { secret: 'two' } });
  assert.deepEqual(await secretsOf(ports, id), ['two']);
  const { source } = await changed(ports, id, { patch: { secret: 'two' } });
  assert.equal(source.version, 4, 'nothing was left to end');
  await rotate(ports, id, { secret: 'one' });
  await changed(ports, id, { patch: { secret: 'three' } });
  assert.deepEqual(await secretsOf(ports, id), ['three']);
});

test('a version that has passed is refused, and so is a secret that cannot be one', async () => {
  const ports = fakePorts();
  const { id } = (await madeSource(ports, { type: 'native', secret: 'one' })).source;
  problemOf(await rotate(ports, id, { ifVersion: 7 }), 'precondition_failed');
  problemOf(await rotate(ports, id, { secret: ' ' }), 'validation_failed');
  assert.deepEqual(await secretsOf(ports, id), ['one']);
});

test('a secret that stands elsewhere is read where it stands, at each use', async () => {
  let value = 'first';
  const read = async () => ({ kind: 'value', value }) as const;
  const ports = fakePorts({ secretReferences: { read } });
  const made = await madeSource(ports, { type: 'native', secretRef: 'env:HOOKYARD_SECRET_A' });
  assert.equal(made.generatedSecret, null);
  const { id } = made.source;
  assert.deepEqual(await secretsOf(ports, id), ['first']);
  value = 'second';
  assert.deepEqual(await secretsOf(ports, id), ['second']);
  problemOf(await rotate(ports, id), 'rotation_refused');
});

test('a reference that leads nowhere, or to an empty value, proves nobody', async () => {
  for (const read of [
    { kind: 'missing', reason: 'gone' },
    { kind: 'value', value: ' ' },
  ] as const) {
    const ports = fakePorts({ secretReferences: { read: async () => read } });
    const { source } = await madeSource(ports, { type: 'native', secretRef: 'file:a' });
    assert.ok(source.config !== null);
    const found = await findSourceSecrets(ports, source.config, 0);
    assert.deepEqual([found.kind, found.kind === 'missing' && found.reference], ['missing', 'file:a']);
  }
});
