import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { madeSource, standing } from '../../test/support/source-flows.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import type { SourceConfig } from '../core/source.ts';
import { rotateSourceSecret } from './rotate-source-secret.ts';
import { secretsToHide } from './source-secrets.ts';

const TWO_DAYS_MS = 2 * 86_400_000;

async function rotatedConfig(ports: FakePorts): Promise<SourceConfig> {
  const { id } = (await madeSource(ports, { type: 'native', secret: 'the old one' })).source;
  const secret = 'the new one';
  await rotateSourceSecret(ports, { tenant: DEFAULT_TENANT, id, ifVersion: null, claims: () => [], secret });
  const { config } = await standing(ports, id);
  assert.ok(config !== null);
  return config;
}

test('what is hidden of a source is one list for all its receipts, and an old secret stays in it when it has ended', async () => {
  const ports = fakePorts();
  const config = await rotatedConfig(ports);
  const hidden = (await secretsToHide(ports, config)) ?? assert.fail();
  assert.equal(await secretsToHide(ports, config), hidden);
  ports.clock.advance(TWO_DAYS_MS);
  assert.equal(await secretsToHide(ports, config), hidden);
  assert.deepEqual(hidden.slice(0, 2), ['the new one', 'the old one']);
});

test('a secret that stands elsewhere is hidden as it stands there now', async () => {
  let value = 'first';
  const ports = fakePorts({ secretReferences: { read: async () => ({ kind: 'value', value }) } });
  const { source } = await madeSource(ports, { type: 'native', secretRef: 'env:HOOKYARD_SECRET_A' });
  const first = (await secretsToHide(ports, source.config)) ?? assert.fail();
  assert.equal(await secretsToHide(ports, source.config), first);
  value = 'second';
  assert.equal((await secretsToHide(ports, source.config))?.[0], 'second');
  assert.equal(first[0], 'first');
});
